import { join } from "node:path";
import { writeFileAtomic } from "../../src/files";
import {
	openSafetensors,
	readTensor,
	writeSafetensors,
} from "../../src/formats/safetensors";
import type { Gpt2Sizes } from "../../src/model/backward";

/** The sizes of the model that ships. */
export const sizes: Gpt2Sizes = {
	n_layers: 6,
	n_heads: 4,
	d_model: 128,
	d_mlp: 512,
	n_ctx: 128,
	d_vocab: 1000,
	layer_norm_epsilon: 1e-5,
};

/** `<|endoftext|>`: the last id, at the beginning and the end of every text. */
export const end = sizes.d_vocab - 1;

/** Writes `model.safetensors` and `config.json` in Hugging Face's layout. */
export function writeModel(
	folder: string,
	weights: Record<string, Float32Array>,
	shapes: Record<string, number[]>,
): void {
	const config = {
		architectures: ["GPT2LMHeadModel"],
		model_type: "gpt2",
		vocab_size: sizes.d_vocab,
		n_positions: sizes.n_ctx,
		n_ctx: sizes.n_ctx,
		n_embd: sizes.d_model,
		n_layer: sizes.n_layers,
		n_head: sizes.n_heads,
		n_inner: sizes.d_mlp,
		activation_function: "gelu_new",
		layer_norm_epsilon: sizes.layer_norm_epsilon,
		initializer_range: 0.02,
		tie_word_embeddings: true,
		bos_token_id: end,
		eos_token_id: end,
		torch_dtype: "float32",
	};
	writeFileAtomic(
		join(folder, "config.json"),
		`${JSON.stringify(config, null, "\t")}\n`,
	);
	writeSafetensors(
		join(folder, "model.safetensors"),
		Object.fromEntries(
			Object.entries(weights).map(([name, data]) => [
				name,
				{ shape: shapes[name], data },
			]),
		),
		{ format: "pt" },
	);
}

/** Reads the weights that `writeModel` wrote into arrays of the same names. */
export function readModel(
	folder: string,
	weights: Record<string, Float32Array>,
): void {
	const from = openSafetensors(join(folder, "model.safetensors"));
	for (const [name, data] of Object.entries(weights))
		data.set(readTensor(from, name));
}
