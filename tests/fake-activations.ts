import type { Activations } from "../src/activations";
import { inMemory } from "../src/activations/memory";
import type { Sentences } from "../src/dataset";
import type { Latents } from "../src/sae";

/** Sentences whose every word is a token, with the activation that `vector` gives the word. */
export function fakeActivations(
	text: string[],
	vector: (word: string) => number[],
	more: Partial<Pick<Sentences, "labels" | "offsets" | "split">> = {},
): Activations & { data: Float32Array } {
	const ids = new Map<string, number>();
	const rows: number[][] = []; // sentence, position, token, start, end
	const data: number[] = [];
	text.forEach((sentence, i) => {
		let position = 0;
		for (const { 0: word, index } of sentence.matchAll(/\S+/g)) {
			if (!ids.has(word)) ids.set(word, ids.size);
			const id = ids.get(word) as number;
			rows.push([i, ++position, id, index, index + word.length]);
			data.push(...vector(word));
		}
	});
	const column = (c: number) => rows.map((row) => row[c]);
	const values = Float32Array.from(data);
	const acts = inMemory(values, {
		hook_name: "blocks.0.hook_resid_post",
		d_in: data.length / rows.length,
		rows: {
			sentence: Uint32Array.from(column(0)),
			position: Uint16Array.from(column(1)),
			token: Uint32Array.from(column(2)),
			start: Uint32Array.from(column(3)),
			end: Uint32Array.from(column(4)),
		},
		sentences: {
			kind: "sentences",
			name: "by hand",
			text,
			labels: {},
			offsets: {},
			...more,
		},
		model: {
			name: "none",
			folder: "",
			n_layers: 1,
			n_heads: 1,
			d_model: data.length / rows.length,
			d_head: 1,
			d_mlp: 4,
			n_ctx: 128,
			d_vocab: 1000,
			activation_function: "gelu_new",
			layer_norm_epsilon: 1e-5,
			bos_token_id: 999,
			eos_token_id: 999,
		},
		prepend_bos: true,
		center_writing_weights: false,
	});
	return {
		...acts,
		data: values,
		async *batches() {
			// Batches end in the middle of sentences, as real ones do.
			const size = 3 * (data.length / rows.length);
			for (let at = 0; at < values.length; at += size)
				yield values.subarray(at, at + size);
		},
	};
}

/** Latents that are the positive activations, one latent a dimension. */
export function fakeLatents(acts: ReturnType<typeof fakeActivations>): Latents {
	const d = acts.d_in;
	const indptr = new Float64Array(acts.n_tokens + 1);
	const indices: number[] = [];
	const values: number[] = [];
	for (let row = 0; row < acts.n_tokens; row++) {
		for (let j = 0; j < d; j++) {
			if (!(acts.data[row * d + j] > 0)) continue;
			indices.push(j);
			values.push(acts.data[row * d + j]);
		}
		indptr[row + 1] = indices.length;
	}
	return {
		kind: "latents",
		d_sae: d,
		indptr,
		indices: Uint32Array.from(indices),
		values: Float32Array.from(values),
		rows: acts.rows,
		acts,
		sae: {} as Latents["sae"],
	};
}
