import type { Activations, Counted, TokenLatents } from "../activations";
import type { Clustering } from "./result";

/** What a token adds to its sentence's membership in a cluster; `row` counts tokens over all sentences. */
export type TokenScore = (row: number, cluster: number) => number;

/** By the latents that mark the cluster: each latent in its sentence deviations, times its mark. */
export function scoreByLatents(
	latents: TokenLatents,
	marks: Clustering["marks"],
	factor: Float64Array /* 1 / deviation of each latent */,
): TokenScore {
	const weight = new Map<number, Map<number, number>>();
	for (const { cluster, latent, score } of marks) {
		const own = weight.get(cluster) ?? new Map<number, number>();
		weight.set(cluster, own.set(latent, score * factor[latent]));
	}
	return (row, cluster) => {
		let sum = 0;
		for (let p = latents.indptr[row]; p < latents.indptr[row + 1]; p++)
			sum +=
				latents.values[p] * (weight.get(cluster)?.get(latents.indices[p]) ?? 0);
		return sum;
	};
}

/** By the activation along the direction from the mean of all centres to the cluster's. */
export async function scoreByActivations(
	acts: Activations,
	wanted: Set<number> /* sentences */,
	directions: Float64Array[] /* one a cluster, [d_in] */,
	offset: Float64Array /* [d_in] */,
): Promise<TokenScore> {
	const d = acts.d_in;
	const scores = new Map<number, number[]>();
	let row = 0;
	for await (const batch of acts.batches()) {
		for (let at = 0; at < batch.length; at += d, row++) {
			if (!wanted.has(acts.rows.sentence[row])) continue;
			const along = directions.map((direction) => {
				let sum = 0;
				for (let j = 0; j < d; j++)
					sum += (batch[at + j] - offset[j]) * direction[j];
				return sum;
			});
			scores.set(row, along);
		}
	}
	return (row, cluster) => scores.get(row)?.[cluster] ?? 0;
}

/** For each exemplar the tokens that speak for its cluster, the strongest of the cluster's exemplars being 1. */
export function activatingSpans(
	acts: Activations,
	{ keep }: Counted,
	exemplars: Clustering["exemplars"],
	score: TokenScore,
): Clustering["activating"] {
	const wanted = new Map<number, number[]>(
		exemplars.map(({ sentence }) => [sentence, []]),
	);
	for (let row = 0; row < keep.length; row++)
		if (keep[row]) wanted.get(acts.rows.sentence[row])?.push(row);
	const strongest = new Map<number, number>();
	const scored = exemplars.map(({ cluster, sentence }) =>
		(wanted.get(sentence) as number[]).map((row) => {
			const strength = score(row, cluster);
			strongest.set(cluster, Math.max(strength, strongest.get(cluster) ?? 0));
			return { row, strength };
		}),
	);
	return scored.map((tokens, e) => {
		const most = strongest.get(exemplars[e].cluster) ?? 0;
		return tokens
			.filter(({ strength }) => strength > 0)
			.map(({ row, strength }) => ({
				start: acts.rows.start[row],
				end: acts.rows.end[row],
				strength: strength / most,
			}));
	});
}
