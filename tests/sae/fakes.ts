import type { Activations } from "../../src/activations";
import { inMemory } from "../../src/activations/memory";
import type { Split } from "../../src/dataset";
import type { ModelInfo } from "../../src/model";
import { type PlantedDictionary, plantedDictionary } from "../../src/sae";

export const info: ModelInfo = {
	name: "fake",
	folder: "",
	n_layers: 1,
	n_heads: 1,
	d_model: 4,
	d_head: 4,
	d_mlp: 4,
	n_ctx: 8,
	d_vocab: 5,
	activation_function: "relu",
	layer_norm_epsilon: 1e-5,
	bos_token_id: 0,
	eos_token_id: 0,
};

/** Rows as if each were the one token of its sentence. */
export function activations(
	data: Float32Array,
	d_in: number,
	split?: Split[],
): Activations & { data: Float32Array } {
	const n = data.length / d_in;
	const zeros = new Uint32Array(n);
	const acts = inMemory(data, {
		hook_name: "blocks.0.hook_resid_post",
		d_in,
		rows: {
			sentence: zeros.map((_, i) => i),
			position: new Uint16Array(n).fill(1),
			token: zeros,
			start: zeros,
			end: zeros,
		},
		sentences: {
			kind: "sentences",
			name: "fake",
			text: Array(n).fill("a"),
			labels: {},
			offsets: {},
			split,
		},
		model: info,
		prepend_bos: true,
		center_writing_weights: false,
	});
	return { ...acts, data };
}

/** A planted dictionary, small by default. */
export function planted(
	n_tokens: number,
	{ d_in = 64, d_true = 256, active = 5, seed = 1 } = {},
): PlantedDictionary {
	return plantedDictionary({ n_tokens, d_in, d_true, active, seed });
}
