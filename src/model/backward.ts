import { OnnxGraph } from "../formats/onnx";
import { differentiate } from "./autodiff";
import type { Gpt2Config } from "./config";
import { writeStream } from "./graph";
import { crossEntropy, crossEntropySlope } from "./head";

/** The sizes of a GPT-2 that the training graph depends on. */
export interface Gpt2Sizes {
	n_layers: number;
	n_heads: number;
	d_model: number;
	d_mlp: number;
	n_ctx: number;
	d_vocab: number;
	layer_norm_epsilon: number;
}

/** Every weight of a GPT-2 with a tied head: its Hugging Face name and its shape, in the order of the layers. */
export function weightShapes(sizes: Gpt2Sizes): Record<string, number[]> {
	const { n_layers, d_model: d, d_mlp, n_ctx, d_vocab } = sizes;
	const shapes: Record<string, number[]> = {
		"transformer.wte.weight": [d_vocab, d],
		"transformer.wpe.weight": [n_ctx, d],
	};
	const pair = (name: string, weight: number[], bias: number) => {
		shapes[`${name}.weight`] = weight;
		shapes[`${name}.bias`] = [bias];
	};
	for (let layer = 0; layer < n_layers; layer++) {
		const block = `transformer.h.${layer}`;
		pair(`${block}.ln_1`, [d], d);
		pair(`${block}.attn.c_attn`, [d, 3 * d], 3 * d);
		pair(`${block}.attn.c_proj`, [d, d], d);
		pair(`${block}.ln_2`, [d], d);
		pair(`${block}.mlp.c_fc`, [d, d_mlp], d_mlp);
		pair(`${block}.mlp.c_proj`, [d_mlp, d], d);
	}
	pair("transformer.ln_f", [d], d);
	return shapes;
}

/** The output that holds the gradient of a weight or of a hook. */
export function gradientOf(name: string): string {
	return `grad.${name}`;
}

/**
 * The training graph of a GPT-2: the forward graph with its weights as inputs, cross-entropy, and its gradient, as the
 * bytes of an ONNX model.
 *
 * Inputs: `ids` and `targets`, int32 [batch, seq], right padded (a target of -1 is not counted), `emphasis`, float32
 * [batch, seq], how much each target matters in the gradient (1 gives the gradient of the sum), and every weight of
 * `weightShapes` by its name. Outputs: `loss`, the sum in nats over the counted targets; `count`, how many there
 * were; and what `outputs` names, by default the gradient of the sum with respect to every weight
 * (`grad.transformer.h.0.attn.c_attn.weight`, …). The gradients of the hooks are there to ask for as well
 * (`grad.blocks.3.hook_resid_post`, …), as are the hooks themselves and `nats`, the loss of each target
 * [batch · seq, 1]. Where no gradient is asked for, none is computed.
 */
export function buildBackward(
	sizes: Gpt2Sizes,
	outputs = Object.keys(weightShapes(sizes)).map(gradientOf),
): Uint8Array {
	const g = new OnnxGraph();
	for (const [name, shape] of Object.entries(weightShapes(sizes)))
		g.input(name, "float32", shape);
	const weight = (name: string) => `transformer.${name}`;
	writeStream(g, configOf(sizes), weight, { hooks: [], spliced: {} });
	const seed = writeLoss(g, sizes);
	const prefix = gradientOf("");
	const names = outputs
		.filter((name) => name.startsWith(prefix))
		.map((name) => name.slice(prefix.length));
	if (names.length > 0) {
		const gradients = differentiate(g, {
			of: "logits",
			seed,
			with_respect_to: names,
		});
		for (const name of names)
			g.op("Identity", [gradients[name]], {}, gradientOf(name));
	}
	return g.build(["loss", "count", ...outputs]);
}

function configOf(sizes: Gpt2Sizes): Gpt2Config {
	const { n_layers, n_heads, d_model } = sizes;
	const d_head = d_model / n_heads;
	return {
		...sizes,
		d_head,
		name: "",
		folder: "",
		activation_function: "gelu_new",
		bos_token_id: null,
		eos_token_id: null,
		tie_word_embeddings: true,
		attention_scale: new Array<number>(n_layers).fill(1 / Math.sqrt(d_head)),
	};
}

/** The loss of every target, and their sum; returns what each weighs in the gradient, [batch · seq, 1]. */
function writeLoss(g: OnnxGraph, { d_model }: Gpt2Sizes): string {
	const column = (name: string) => g.op("Reshape", [name, g.int([-1, 1])]);
	const targets = column(g.input("targets", "int32", ["batch", "seq"]));
	const emphasis = column(g.input("emphasis", "float32", ["batch", "seq"]));
	const zero = g.op("Cast", [g.int(0)], { to: 6 });
	const counted = g.op("Cast", [g.op("GreaterOrEqual", [targets, zero])], {
		to: 1,
	});
	const rows = g.op("Reshape", ["ln_final.hook_out", g.int([-1, d_model])]);
	const logits = g.op(
		"Gemm",
		[rows, "transformer.wte.weight"],
		{ transB: 1 },
		"logits",
	);
	const token = g.op("Max", [targets, zero]);
	const { nats, probabilities } = crossEntropy(g, logits, token);
	g.op("Mul", [nats, counted], {}, "nats");
	g.op("ReduceSum", ["nats"], { keepdims: 0 }, "loss");
	g.op("ReduceSum", [counted], { keepdims: 0 }, "count");
	const by = g.op("Mul", [emphasis, counted]);
	return crossEntropySlope(g, probabilities, token, by);
}
