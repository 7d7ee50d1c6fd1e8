import type { Gpt2Config } from "./config";
import type { Tensor } from "./types";
import { type Gpt2Weights, headName } from "./weights";

/**
 * The weights by TransformerLens's names and in its shapes, as they are in the file (nothing folded or centred), in
 * float32. They are read when they are asked for, and anew each time: keep what is used in a loop.
 */
export interface WeightTensors {
	/** [d_vocab, d_model]. */
	readonly W_E: Tensor;
	/** [n_ctx, d_model]. */
	readonly W_pos: Tensor;
	/** [layer, head, d_model, d_head]: q = x · W_Q + b_Q; scores are q · k / √d_head. */
	readonly W_Q: Tensor;
	readonly W_K: Tensor;
	readonly W_V: Tensor;
	/** [layer, head, d_head]. */
	readonly b_Q: Tensor;
	readonly b_K: Tensor;
	readonly b_V: Tensor;
	/** [layer, head, d_head, d_model]. */
	readonly W_O: Tensor;
	/** [layer, d_model]. */
	readonly b_O: Tensor;
	/** [layer, d_model, d_mlp]. */
	readonly W_in: Tensor;
	/** [layer, d_mlp]. */
	readonly b_in: Tensor;
	/** [layer, d_mlp, d_model]. */
	readonly W_out: Tensor;
	/** [layer, d_model]. */
	readonly b_out: Tensor;
	/** [d_model, d_vocab]; `unembedding()` has it the other way round. */
	readonly W_U: Tensor;
	/** [d_vocab]: 0 where the head has no bias. */
	readonly b_U: Tensor;
	/** The gains and shifts of the norms: [layer, d_model], */
	readonly ln1_w: Tensor;
	readonly ln1_b: Tensor;
	readonly ln2_w: Tensor;
	readonly ln2_b: Tensor;
	/** and of the last one, [d_model]. */
	readonly ln_final_w: Tensor;
	readonly ln_final_b: Tensor;
}

/** `weights` of a model. */
export function makeWeightTensors(
	config: Gpt2Config,
	weights: Gpt2Weights,
): WeightTensors {
	const { n_layers, n_heads, d_model, d_head, d_mlp, d_vocab, n_ctx } = config;
	const whole = (name: string, ...dims: number[]): Tensor => ({
		data: weights.read(name),
		dims,
	});
	const stacked = (
		name: string,
		dims: number[],
		change = (data: Float32Array) => data,
	): Tensor => {
		const size = dims.reduce((a, b) => a * b, 1);
		const data = new Float32Array(n_layers * size);
		for (let layer = 0; layer < n_layers; layer++)
			data.set(change(weights.read(`h.${layer}.${name}`)), layer * size);
		return { data, dims: [n_layers, ...dims] };
	};
	/** Columns `part` of three of c_attn [rows, 3 · d_model], by head: [head, rows, d_head]. */
	const heads = (part: number, rows: number) => (data: Float32Array) => {
		const out = new Float32Array(rows * d_model);
		for (let row = 0; row < rows; row++)
			for (let head = 0; head < n_heads; head++) {
				const from = row * 3 * d_model + part * d_model + head * d_head;
				out.set(
					data.subarray(from, from + d_head),
					(head * rows + row) * d_head,
				);
			}
		return out;
	};
	const W = (part: number) =>
		stacked(
			"attn.c_attn.weight",
			[n_heads, d_model, d_head],
			heads(part, d_model),
		);
	const b = (part: number) =>
		stacked("attn.c_attn.bias", [n_heads, d_head], heads(part, 1));
	const readers: Record<keyof WeightTensors, () => Tensor> = {
		W_E: () => whole("wte.weight", d_vocab, d_model),
		W_pos: () => whole("wpe.weight", n_ctx, d_model),
		W_Q: () => W(0),
		W_K: () => W(1),
		W_V: () => W(2),
		b_Q: () => b(0),
		b_K: () => b(1),
		b_V: () => b(2),
		W_O: () => stacked("attn.c_proj.weight", [n_heads, d_head, d_model]),
		b_O: () => stacked("attn.c_proj.bias", [d_model]),
		W_in: () => stacked("mlp.c_fc.weight", [d_model, d_mlp]),
		b_in: () => stacked("mlp.c_fc.bias", [d_mlp]),
		W_out: () => stacked("mlp.c_proj.weight", [d_mlp, d_model]),
		b_out: () => stacked("mlp.c_proj.bias", [d_model]),
		W_U: () => ({
			data: transposed(weights.read(headName(config)), d_vocab, d_model),
			dims: [d_model, d_vocab],
		}),
		b_U: () =>
			weights.has("lm_head.bias")
				? whole("lm_head.bias", d_vocab)
				: { data: new Float32Array(d_vocab), dims: [d_vocab] },
		ln1_w: () => stacked("ln_1.weight", [d_model]),
		ln1_b: () => stacked("ln_1.bias", [d_model]),
		ln2_w: () => stacked("ln_2.weight", [d_model]),
		ln2_b: () => stacked("ln_2.bias", [d_model]),
		ln_final_w: () => whole("ln_f.weight", d_model),
		ln_final_b: () => whole("ln_f.bias", d_model),
	};
	const tensors = {};
	for (const [name, get] of Object.entries(readers))
		Object.defineProperty(tensors, name, { get, configurable: true });
	return tensors as WeightTensors;
}

/** [rows, columns] as [columns, rows]. */
function transposed(data: Float32Array, rows: number, columns: number) {
	const out = new Float32Array(data.length);
	for (let row = 0; row < rows; row++)
		for (let column = 0; column < columns; column++)
			out[column * rows + row] = data[row * columns + column];
	return out;
}
