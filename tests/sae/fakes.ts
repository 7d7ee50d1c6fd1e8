import type { Activations } from "../../src/activations";
import { inMemory } from "../../src/activations/memory";
import type { Split } from "../../src/dataset";
import type { ModelInfo } from "../../src/model";
import { random } from "../../src/random";
import { randomRows } from "../../src/sae/engine/start";

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

/** Rows that are sums of a few unit vectors of a dictionary, with strengths of 0.5 to 1.5. */
export function planted(
	n: number,
	{ d_in = 64, d_true = 256, active = 5, seed = 1 } = {},
): { acts: ReturnType<typeof activations>; directions: Float32Array } {
	const source = random(seed);
	const directions = randomRows(d_true, d_in, 1, source);
	const data = new Float32Array(n * d_in);
	for (let row = 0; row < n; row++) {
		const chosen = new Set<number>();
		while (chosen.size < active) chosen.add(source.int(d_true));
		for (const j of chosen) {
			const strength = 0.5 + source.uniform();
			for (let i = 0; i < d_in; i++)
				data[row * d_in + i] += strength * directions[j * d_in + i];
		}
	}
	return { acts: activations(data, d_in), directions };
}

/** For each true direction, the largest cosine with a row of W_dec. */
export function bestCosines(
	directions: Float32Array,
	W_dec: Float32Array,
	d_in: number,
): number[] {
	const cosines: number[] = [];
	for (let t = 0; t < directions.length; t += d_in) {
		let best = -1;
		for (let r = 0; r < W_dec.length; r += d_in) {
			let [dot, square] = [0, 0];
			for (let i = 0; i < d_in; i++) {
				dot += directions[t + i] * W_dec[r + i];
				square += W_dec[r + i] ** 2;
			}
			best = Math.max(best, dot / Math.sqrt(square));
		}
		cosines.push(best);
	}
	return cosines;
}
