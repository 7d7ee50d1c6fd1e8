import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { loadModel, type Model, type Tensor } from "../../src/model";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
let model: Model;
let cache: Record<string, Tensor>;
let logits: Tensor | undefined;
const ids = Int32Array.of(256, 72, 101, 121);
before(async () => {
	model = await loadModel(
		writeRandomGpt2(folder, { tie_word_embeddings: false, head_bias: true }),
	);
	({ cache, logits } = await model.runWithCache(model.batch([ids])));
});
after(async () => {
	await model.dispose();
	remove();
});

/** Rows x [n, from] times a matrix [from, to] that begins somewhere in a tensor, plus a bias. */
function product(
	x: Float32Array,
	[w, at]: [Tensor, number],
	[from, to]: [number, number],
	bias: Float32Array,
): number[] {
	return Array.from({ length: (x.length / from) * to }, (_, i) => {
		const [row, column] = [Math.floor(i / to), i % to];
		let sum = bias[column];
		for (let k = 0; k < from; k++)
			sum += x[row * from + k] * w.data[at + k * to + column];
		return sum;
	});
}

function near(ours: ArrayLike<number>, theirs: ArrayLike<number>): void {
	assert.equal(ours.length, theirs.length);
	for (let i = 0; i < ours.length; i++)
		assert.ok(
			Math.abs(ours[i] - theirs[i]) < 2e-5,
			`${i}: ${ours[i]}, ${theirs[i]}`,
		);
}

test("the weights of every head give its queries, keys and values, and what it writes", () => {
	const { weights } = model;
	const { n_heads, d_head, d_model } = model.info;
	assert.deepEqual(weights.W_Q.dims, [3, 2, 16, 8]);
	assert.deepEqual(weights.W_O.dims, [3, 2, 8, 16]);
	assert.deepEqual(weights.b_V.dims, [3, 2, 8]);
	for (const layer of [0, 2])
		for (let head = 0; head < n_heads; head++) {
			const x = cache[`blocks.${layer}.ln1.hook_out`].data;
			const at = (layer * n_heads + head) * d_model * d_head;
			const of = (hook: string) =>
				cache[`blocks.${layer}.attn.hook_${hook}`].data.filter(
					(_, i) => Math.floor(i / d_head) % n_heads === head,
				);
			for (const part of ["Q", "K", "V"] as const) {
				const bias = weights[`b_${part}`].data.subarray(
					(layer * n_heads + head) * d_head,
				);
				const made = product(
					x,
					[weights[`W_${part}`], at],
					[d_model, d_head],
					bias,
				);
				near(made, of(part.toLowerCase()));
			}
			const result = product(
				of("z"),
				[weights.W_O, at],
				[d_head, d_model],
				new Float32Array(d_model),
			);
			const wanted = cache[`blocks.${layer}.attn.hook_result`].data.filter(
				(_, i) => Math.floor(i / d_model) % n_heads === head,
			);
			near(result, wanted);
		}
});

test("the weights of the MLP, the embeddings, the norms and the head are those of the forward pass", () => {
	const { weights } = model;
	const { d_mlp, d_model: d, d_vocab } = model.info;
	const layer = 1;
	const [pre, post, out, normed, normalized] = [
		"mlp.hook_pre",
		"mlp.hook_post",
		"hook_mlp_out",
		"ln2.hook_out",
		"ln2.hook_normalized",
	].map((hook) => cache[`blocks.${layer}.${hook}`].data);
	const row = ({ data, dims }: Tensor) =>
		data.subarray(layer * dims[1], (layer + 1) * dims[1]);
	const at = layer * d * d_mlp;
	near(product(normed, [weights.W_in, at], [d, d_mlp], row(weights.b_in)), pre);
	near(product(post, [weights.W_out, at], [d_mlp, d], row(weights.b_out)), out);
	const [w, b] = [row(weights.ln2_w), row(weights.ln2_b)];
	near(
		normalized.map((v, i) => v * w[i % d] + b[i % d]),
		normed,
	);
	const last = cache["ln_final.hook_normalized"].data.map(
		(v, i) =>
			v * weights.ln_final_w.data[i % d] + weights.ln_final_b.data[i % d],
	);
	near(last, cache["ln_final.hook_out"].data);
	const made = product(last, [weights.W_U, 0], [d, d_vocab], weights.b_U.data);
	near(made, logits?.data ?? []);
	assert.deepEqual(weights.W_U.dims, [d, d_vocab]);
	near(
		weights.W_E.data.subarray(72 * d, 73 * d),
		cache.hook_embed.data.subarray(d, 2 * d),
	);
	near(weights.W_pos.data.subarray(0, 4 * d), cache.hook_pos_embed.data);
	assert.ok(Object.keys(weights).length === 0, "nothing is read unasked");
});

test("a text's one token has an id, and a text of several says which", async () => {
	assert.equal(model.toSingleToken("e"), 101);
	assert.throws(
		() => model.toSingleToken("He"),
		/"He" is 2 tokens \("H", "e"\), where exactly one is needed\.$/,
	);
	assert.throws(
		() => model.toSingleToken(""),
		/"" is 0 tokens, where exactly one/,
	);
	const tiny = await loadModel("tiny-gpt2");
	const id = tiny.toSingleToken(" Paul");
	assert.deepEqual(tiny.toStrTokens(" Paul", { prepend_bos: false }), [
		" Paul",
	]);
	assert.equal(id, tiny.toTokens(" Paul", { prepend_bos: false }).ids[0]);
	assert.throws(
		() => tiny.toSingleToken(" Paul scares"),
		/2 tokens \(" Paul", " scares"\)/,
	);
	await tiny.dispose();
});
