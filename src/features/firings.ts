import { checkMatrix, checkValues } from "../activations";
import { turns } from "../interrupt";
import type { Latents } from "../sae";

/** Which sentences each latent fires on: latent j's are `sentences[indptr[j] … indptr[j + 1])`, each once. */
export interface Firings {
	indptr: Float64Array; // [d_sae + 1]
	/** Places in the list of the sentences that were chosen. */
	sentences: Uint32Array;
	/** How many sentences were chosen. */
	n: number;
}

/** Rows between two looks at the signal. */
const AT_ONCE = 4096;

/** A latent fires on a sentence where it is above zero on any of its tokens but the model's own begin and end tokens. */
export async function firings(
	latents: Latents,
	chosen: Uint32Array,
	signal?: AbortSignal,
): Promise<Firings> {
	const { d_sae, rows, acts, indptr: of, indices, values } = latents;
	const shape = { rows: of.length - 1, columns: d_sae, indptr: of };
	const x = { kind: "sparse", ...shape, indices, values } as const;
	checkMatrix(x, "The latents");
	checkValues(x, (row) => `Row ${row} of the latents`);
	const place = new Int32Array(acts.sentences.text.length).fill(-1);
	for (const [i, sentence] of chosen.entries()) place[sentence] = i;
	const { bos_token_id, eos_token_id } = acts.model;
	const special = (token: number) =>
		token === bos_token_id || token === eos_token_id;
	const order = rowsBySentence(rows.sentence);
	const turn = turns(signal);
	const visit = async (found: (latent: number, place: number) => void) => {
		const last = new Int32Array(d_sae).fill(-1); // the sentence it was last seen in
		for (const [i, row] of order.entries()) {
			if (i % AT_ONCE === 0) await turn();
			const at = place[rows.sentence[row]];
			if (at < 0 || special(rows.token[row])) continue;
			for (let p = latents.indptr[row]; p < latents.indptr[row + 1]; p++) {
				const latent = latents.indices[p];
				if (last[latent] === at) continue;
				last[latent] = at;
				found(latent, at);
			}
		}
	};
	const indptr = new Float64Array(d_sae + 1);
	await visit((latent) => {
		indptr[latent + 1]++;
	});
	for (let j = 0; j < d_sae; j++) indptr[j + 1] += indptr[j];
	const next = indptr.slice();
	const sentences = new Uint32Array(indptr[d_sae]);
	await visit((latent, at) => {
		sentences[next[latent]++] = at;
	});
	return { indptr, sentences, n: chosen.length };
}

/** Row numbers, a sentence's rows side by side; they need not be in the activations. */
function rowsBySentence(sentence: Uint32Array): Uint32Array {
	const rows = Uint32Array.from(sentence.keys());
	const sorted = sentence.every((s, i) => i === 0 || sentence[i - 1] <= s);
	return sorted ? rows : rows.sort((a, b) => sentence[a] - sentence[b]);
}

/** The sentences of one latent. */
export function sentencesOfLatent(
	{ indptr, sentences }: Firings,
	latent: number,
): Uint32Array {
	return sentences.subarray(indptr[latent], indptr[latent + 1]);
}
