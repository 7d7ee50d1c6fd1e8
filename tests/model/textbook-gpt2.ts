import * as tf from "@tensorflow/tfjs";
import type { Gpt2Sizes } from "../../src/model/backward";

/** Tokens and targets, [batch, seq]; a target of -1 is not counted. */
export interface Texts {
	ids: Int32Array;
	targets: Int32Array;
	batch: number;
	seq: number;
}

/**
 * GPT-2 as the textbook has it, in TensorFlow.js: the sum of nats over the targets, for autodiff. `nudge` is added to
 * the values at hooks. The table is read by a product with one-hot rows: the wasm backend has no gradient of gather.
 */
export function textbookLoss(
	{ n_heads: h, d_model: d, n_layers, d_vocab }: Gpt2Sizes,
	w: Record<string, tf.Tensor>,
	{ ids, targets, batch, seq }: Texts,
	nudge: Record<string, tf.Tensor> = {},
): tf.Scalar {
	const hook = (name: string, x: tf.Tensor) =>
		nudge[name] ? x.add(nudge[name]) : x;
	const flat = (x: tf.Tensor) => x.reshape<tf.Tensor2D>([batch * seq, -1]);
	const norm = (x: tf.Tensor, name: string) => {
		const { mean, variance } = tf.moments(x, -1, true);
		return x
			.sub(mean)
			.div(variance.add(1e-5).sqrt())
			.mul(w[`${name}.weight`])
			.add(w[`${name}.bias`]);
	};
	const linear = (x: tf.Tensor, name: string) =>
		flat(x)
			.matMul(w[`${name}.weight`] as tf.Tensor2D)
			.add(w[`${name}.bias`])
			.reshape([batch, seq, -1]);
	const table = w["transformer.wte.weight"] as tf.Tensor2D;
	const onehot = (of: Int32Array) =>
		tf.oneHot(tf.tensor1d(of, "int32"), d_vocab).toFloat() as tf.Tensor2D; // -1 gives a row of zeros
	const past = tf.linalg.bandPart(tf.ones([seq, seq]), -1, 0);
	let x: tf.Tensor = hook(
		"hook_embed",
		onehot(ids).matMul(table).reshape([batch, seq, d]),
	).add(w["transformer.wpe.weight"].slice([0, 0], [seq, d]));
	for (let layer = 0; layer < n_layers; layer++) {
		const block = `transformer.h.${layer}`;
		const at = (name: string, x: tf.Tensor) =>
			hook(`blocks.${layer}.${name}`, x);
		const normed = at("ln1.hook_out", norm(x, `${block}.ln_1`));
		const [q, k, v] = tf
			.split(linear(normed, `${block}.attn.c_attn`), 3, -1)
			.map((part, i) => {
				const apart = part.reshape([batch, seq, h, d / h]);
				return at(`attn.hook_${"qkv"[i]}`, apart).transpose([0, 2, 1, 3]);
			});
		const scores = at(
			"attn.hook_attn_scores",
			q
				.matMul(k, false, true)
				.div(Math.sqrt(d / h))
				.add(past.sub(1).mul(1e9)),
		);
		const pattern = at("attn.hook_pattern", scores.softmax());
		const z = at("attn.hook_z", pattern.matMul(v).transpose([0, 2, 1, 3]));
		const attn = linear(z.reshape([batch, seq, d]), `${block}.attn.c_proj`);
		x = at("hook_resid_mid", x.add(at("hook_attn_out", attn)));
		const pre = at(
			"mlp.hook_pre",
			linear(norm(x, `${block}.ln_2`), `${block}.mlp.c_fc`),
		);
		const cubed = pre.mul(pre).mul(pre);
		const inner = pre.add(cubed.mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
		const post = at("mlp.hook_post", pre.mul(0.5).mul(inner.tanh().add(1)));
		const mlp = at("hook_mlp_out", linear(post, `${block}.mlp.c_proj`));
		x = at("hook_resid_post", x.add(mlp));
	}
	const last = hook("ln_final.hook_out", norm(x, "transformer.ln_f"));
	const logits = flat(last).matMul(table, false, true);
	return logits.logSoftmax().mul(onehot(targets)).sum().neg().asScalar();
}
