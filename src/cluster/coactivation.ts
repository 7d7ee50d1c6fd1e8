import {
	countedTokens,
	poolSentences,
	type SparseMatrix,
} from "../activations";
import type { Latents } from "../sae";
import type { Units } from "./units";

/** The latents that fire on a token that counts (the model's begin and end tokens do not), ascending. */
export function firingLatents(source: Latents): Uint32Array {
	const { keep } = countedTokens(source.acts);
	const fires = new Uint8Array(source.d_sae);
	for (let row = 0; row < keep.length; row++) {
		if (!keep[row]) continue;
		for (let p = source.indptr[row]; p < source.indptr[row + 1]; p++)
			fires[source.indices[p]] = 1;
	}
	return Uint32Array.from(fires.keys()).filter((latent) => fires[latent]);
}

/**
 * For each of `latents` (ascending) a row over the texts: the same number where it fires in the text (in any copy of it),
 * nothing where it does not, at length 1. So the cosine of two rows is n_ab / √(n_a n_b), of the texts in which both fire
 * and each does (Ochiai's coefficient): how strongly they fire takes no part.
 */
export async function coactivation(
	source: Latents,
	latents: Uint32Array,
	units: Units,
	signal?: AbortSignal,
): Promise<SparseMatrix> {
	const pooled = (await poolSentences(source, {
		pool: "max",
		...(signal && { signal }),
	})) as SparseMatrix;
	const rowOf = new Int32Array(source.d_sae).fill(-1);
	latents.forEach((latent, row) => {
		rowOf[latent] = row;
	});
	const texts: number[][] = Array.from(latents, () => []);
	for (const sentence of byText(units)) {
		const text = units.text[sentence];
		for (
			let p = pooled.indptr[sentence];
			p < pooled.indptr[sentence + 1];
			p++
		) {
			const own = texts[rowOf[pooled.indices[p]]];
			if (own && own[own.length - 1] !== text) own.push(text);
		}
	}
	const indptr = new Float64Array(latents.length + 1);
	texts.forEach(({ length }, i) => {
		indptr[i + 1] = indptr[i] + length;
	});
	const indices = Uint32Array.from(texts.flat());
	const values = new Float32Array(indices.length);
	for (let i = 0; i < latents.length; i++)
		values
			.subarray(indptr[i], indptr[i + 1])
			.fill(1 / Math.sqrt(indptr[i + 1] - indptr[i]));
	return {
		kind: "sparse",
		rows: latents.length,
		columns: units.first.length,
		indptr,
		indices,
		values,
	};
}

/** The sentences in the order of their texts, copies side by side. */
function byText({ text }: Units): Uint32Array {
	return Uint32Array.from(text.keys()).sort((a, b) => text[a] - text[b]);
}

/**
 * The text of the token type that each of `latents` fires on most: the one with the largest cosine between its
 * activations over all tokens, a text counted once and shared out among its copies, and the type's occurrences (1 there, 0 elsewhere), the sum on them / √(how many there are).
 * So neither one odd occurrence of a rare token wins, as by the mean, nor always the commonest token, as by the sum. Of
 * equals it is the one that occurs first.
 */
export function strongestTokens(
	source: Latents,
	latents: Uint32Array,
	units: Units,
): string[] {
	const { rows, sentences } = source.acts;
	const { keep } = countedTokens(source.acts);
	const best = new Float64Array(source.d_sae);
	const where = new Int32Array(source.d_sae).fill(-1); // a row of the best token
	const sum = new Float64Array(source.d_sae);
	for (const own of rowsByToken(rows.token, keep)) {
		const touched = new Set<number>();
		let n = 0;
		for (const row of own) {
			const share = units.share[rows.sentence[row]];
			n += share;
			for (let p = source.indptr[row]; p < source.indptr[row + 1]; p++) {
				touched.add(source.indices[p]);
				sum[source.indices[p]] += share * source.values[p];
			}
		}
		for (const latent of touched) {
			const score = sum[latent] / Math.sqrt(n);
			sum[latent] = 0;
			if (score <= best[latent]) continue;
			best[latent] = score;
			where[latent] = own[0];
		}
	}
	return Array.from(latents, (latent) => {
		const row = where[latent];
		const text = sentences.text[rows.sentence[row]];
		return text.slice(rows.start[row], rows.end[row]);
	});
}

/** The rows of each token type that count, in the order in which the types first occur. */
function rowsByToken(token: Uint32Array, keep: Uint8Array): Uint32Array[] {
	const place = new Map<number, number>();
	const sizes: number[] = [];
	for (let row = 0; row < token.length; row++) {
		if (!keep[row]) continue;
		const at = place.get(token[row]);
		if (at !== undefined) sizes[at]++;
		else {
			place.set(token[row], sizes.length);
			sizes.push(1);
		}
	}
	const groups = sizes.map((size) => new Uint32Array(size));
	sizes.fill(0);
	for (let row = 0; row < token.length; row++) {
		if (!keep[row]) continue;
		const at = place.get(token[row]) as number;
		groups[at][sizes[at]++] = row;
	}
	return groups;
}
