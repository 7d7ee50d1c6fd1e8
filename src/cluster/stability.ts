import { type Matrix, takeRows } from "../activations";
import { random } from "../random";
import { type KMeansOptions, kMeans } from "./kmeans";
import { adjustedRandIndex } from "./quality";

/** A bootstrap sample: as many rows as there are, drawn with replacement, ascending. */
export type Resample = Uint32Array;

/** `count` samples, each with more than `distinct` different rows, so that so many clusters can be made of it. */
export function resamples(
	rows: Uint32Array /* number of each row among the distinct ones */,
	count: number,
	distinct: number,
	seed: number,
): Resample[] {
	const draw = random(seed);
	return Array.from({ length: count }, () => {
		for (;;) {
			const drawn = Uint32Array.from(rows, () => draw.int(rows.length)).sort();
			const different = new Set<number>();
			for (const i of drawn) different.add(rows[i]);
			if (different.size > distinct) return drawn;
		}
	});
}

/**
 * Cluster of each row in a fit to a sample of them; −1 where it was not drawn. A row that was drawn twice is taken once and
 * counts twice, which gives the same clusters with less work.
 */
export async function fitTo(
	x: Matrix,
	drawn: Resample,
	options: KMeansOptions,
): Promise<Int32Array> {
	const times = new Float64Array(x.rows);
	for (const row of drawn) times[row]++;
	const rows = [...new Set(drawn)];
	const counts = Float64Array.from(rows, (row) => times[row]);
	const fit = await kMeans(takeRows(x, rows), { ...options, counts });
	const of = new Int32Array(x.rows).fill(-1);
	rows.forEach((row, at) => {
		of[row] = fit.assignment[at];
	});
	return of;
}

/** Adjusted Rand index of each pair of fits, on the rows that both saw. */
export function agreementOfPairs(fits: Int32Array[]): number[] {
	return fits.flatMap((a, i) =>
		fits.slice(0, i).map((b) => {
			const both: number[] = [];
			for (let row = 0; row < a.length; row++)
				if (a[row] >= 0 && b[row] >= 0) both.push(row);
			return adjustedRandIndex(
				both.map((row) => a[row]),
				both.map((row) => b[row]),
			);
		}),
	);
}

/**
 * How surely each cluster is found again: its Jaccard index (rows in both over rows in either) with the most similar
 * cluster of each fit, over the rows that the fit saw, averaged over the fits; NaN where no fit saw any of it (Hennig 2007,
 * Cluster-wise assessment of cluster stability: below 0.6 it should not be trusted, from 0.75 it is stable).
 */
export function foundAgain(
	assignment: Uint32Array,
	fits: Int32Array[],
	k: number,
): number[] {
	const sums = new Float64Array(k);
	const seen = new Float64Array(k);
	for (const fit of fits) {
		const both = new Float64Array(k * k);
		const own = new Float64Array(k);
		const theirs = new Float64Array(k);
		for (let row = 0; row < fit.length; row++) {
			if (fit[row] < 0) continue;
			both[assignment[row] * k + fit[row]]++;
			own[assignment[row]]++;
			theirs[fit[row]]++;
		}
		for (let c = 0; c < k; c++) {
			if (own[c] === 0) continue; // none of it was drawn
			let most = 0;
			for (let e = 0; e < k; e++) {
				const shared = both[c * k + e];
				most = Math.max(most, shared / (own[c] + theirs[e] - shared));
			}
			sums[c] += most;
			seen[c]++;
		}
	}
	return Array.from(sums, (sum, c) => sum / seen[c]);
}

/** The mean of all numbers. */
export function meanOf(values: number[]): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}
