import { type Matrix, takeRows } from "../activations";
import { random } from "../random";
import { type KMeansOptions, kMeans } from "./kmeans";
import { sizesOf } from "./largest-first";
import { adjustedRandIndex } from "./quality";

/** A bootstrap sample: how often each row was drawn. */
export type Resample = Float64Array; // [rows]

/**
 * `count` bootstrap samples: as many units as there are, drawn with replacement, each with all its rows. Every sample has
 * more than `distinct` different rows, so that so many clusters can be made of it.
 */
export function resamples(
	{
		unit,
		identity,
	}: {
		/** Of each row: whose rows are drawn together. */
		unit: Uint32Array;
		/** Of each row: equal rows have the same. */
		identity: Uint32Array;
	},
	count: number,
	distinct: number,
	seed: number,
): Resample[] {
	const draw = random(seed);
	const names = [...new Set(unit)];
	const place = new Map(names.map((name, at) => [name, at]));
	const unitOf = unit.map((name) => place.get(name) as number);
	return Array.from({ length: count }, () => {
		for (;;) {
			const times = new Float64Array(names.length);
			for (let n = names.length; n > 0; n--) times[draw.int(names.length)]++;
			const drawn = Float64Array.from(unitOf, (u) => times[u]);
			const different = new Set(identity.filter((_, row) => drawn[row] > 0));
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
	const rows = [...drawn.keys()].filter((row) => drawn[row] > 0);
	const counts = Float64Array.from(rows, (row) => drawn[row]);
	const fit = await kMeans(takeRows(x, rows), { ...options, counts });
	const of = new Int32Array(x.rows).fill(-1);
	rows.forEach((row, at) => {
		of[row] = fit.assignment[at];
	});
	return of;
}

/** Adjusted Rand index of each pair of fits, on the rows that both saw; none of a pair that shares no row. */
export function agreementOfPairs(fits: Int32Array[]): number[] {
	return fits.flatMap((a, i) =>
		fits.slice(0, i).flatMap((b) => {
			const both: number[] = [];
			for (let row = 0; row < a.length; row++)
				if (a[row] >= 0 && b[row] >= 0) both.push(row);
			if (!both.length) return [];
			return [
				adjustedRandIndex(
					both.map((row) => a[row]),
					both.map((row) => b[row]),
				),
			];
		}),
	);
}

/**
 * How surely each cluster is found again: its Jaccard index (rows in both over rows in either) with the most similar
 * cluster of each fit, over the rows that the fit saw, averaged over the fits (Hennig 2007, Cluster-wise assessment of
 * cluster stability: below 0.6 it should not be trusted, from 0.75 it is stable). A fit that saw none of it has not found
 * it: 0, so that a cluster that stands and falls with one unit is not stable. NaN for a cluster without rows.
 */
export function foundAgain(
	assignment: Uint32Array,
	fits: Int32Array[],
	k: number,
): number[] {
	const sums = new Float64Array(k);
	const sizes = sizesOf(assignment, k);
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
		}
	}
	return Array.from(sums, (sum, c) =>
		sizes[c] > 0 ? sum / fits.length : Number.NaN,
	);
}

/** The mean of all numbers. */
export function meanOf(values: number[]): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}
