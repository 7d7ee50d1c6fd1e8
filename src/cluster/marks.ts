import {
	type Activations,
	columnMoments,
	forEachEntry,
	type Matrix,
} from "../activations";
import { topIndices } from "../top";
import { benjaminiHochberg, fisherTest } from "./fisher";
import type { Clustering } from "./result";
import { shares, type Units } from "./units";

const TOP = 10;
/** Weight of the prior, in tokens: how much evidence it takes to be believed. */
const PRIOR = 500;

/** For each cluster and column, how far the mean inside lies above the mean outside, in standard deviations. */
export function meanDifferences(
	x: Matrix,
	assignment: Uint32Array,
	k: number,
): Float64Array[] {
	const { mean, deviation } = columnMoments(x);
	const sizes = new Float64Array(k);
	for (const c of assignment) sizes[c]++;
	const inside = Array.from({ length: k }, () => new Float64Array(x.columns));
	forEachEntry(x, (row, column, value) => {
		inside[assignment[row]][column] += value;
	});
	return inside.map((sums, c) =>
		sums.map((sum, j) => {
			if (deviation[j] === 0 || sizes[c] === x.rows) return 0;
			const outside = (mean[j] * x.rows - sum) / (x.rows - sizes[c]);
			return (sum / sizes[c] - outside) / deviation[j];
		}),
	);
}

/**
 * The latents that mark each cluster, best first; only those whose mean is higher inside. See `Clustering.marks`: a
 * latent fires in a sentence where its pooled value is not 0.
 */
export function markingLatents(
	pooled: Matrix,
	assignment: Uint32Array,
	unit: Uint32Array /* of each sentence */,
	k: number,
): Clustering["marks"] {
	const d = pooled.columns;
	const n = pooled.rows;
	const sizes = new Float64Array(k);
	for (const c of assignment) sizes[c]++;
	const fires = new Uint32Array(k * d); // in how many of each cluster's sentences
	const total = new Uint32Array(d);
	const count = newCounts(k, d, unit, assignment);
	forEachEntry(pooled, (row, latent, value) => {
		if (value === 0) return;
		fires[assignment[row] * d + latent]++;
		total[latent]++;
		count.add(row, latent);
	});
	const p = correctedTests(count);
	return meanDifferences(pooled, assignment, k).flatMap((scores, cluster) =>
		topIndices(scores, TOP)
			.filter((latent) => scores[latent] > 0)
			.map((latent) => {
				const own = fires[cluster * d + latent];
				const inside = own / sizes[cluster];
				return {
					cluster,
					latent,
					score: scores[latent],
					inside,
					outside: (total[latent] - own) / (n - sizes[cluster]),
					lift: inside / (total[latent] / n),
					p_value: p[cluster * d + latent],
				};
			}),
	);
}

/** How often things (latents, classes) are met in the clusters, where each unit counts once, shared out among its sentences. */
export interface Counts {
	inside: Float64Array; // [k, things]
	total: Float64Array; // [things]
	sizes: Float64Array; // [k]
	/** Units. */
	n: number;
	add(sentence: number, thing: number): void;
}

/** Nothing met yet. `members`: the sentences that take part; default: all. */
export function newCounts(
	k: number,
	things: number,
	unit: Uint32Array,
	assignment: Uint32Array,
	members: ArrayLike<number> = Uint32Array.from(unit.keys()),
): Counts {
	const inside = new Float64Array(k * things);
	const total = new Float64Array(things);
	const sizes = new Float64Array(k);
	const share = new Float64Array(unit.length);
	shares(unit, members).forEach((own, at) => {
		share[members[at]] = own;
		sizes[assignment[members[at]]] += own;
	});
	return {
		...{ inside, total, sizes },
		n: Math.round(sizes.reduce((sum, size) => sum + size, 0)),
		add(sentence, thing) {
			inside[assignment[sentence] * things + thing] += share[sentence];
			total[thing] += share[sentence];
		},
	};
}

/** What adding up shares may leave between a sum and the whole number that it is. */
const ROUNDING = 1e-6;

/**
 * Of each cluster and thing: the probability that by chance the cluster has it at least so often, corrected for all clusters
 * × things that are met at all. Where units are shared out among clusters, parts of units are rounded so that the
 * probability is not too small.
 */
export function correctedTests({
	inside,
	total,
	sizes,
	n,
}: Omit<Counts, "add">): Float64Array {
	const test = fisherTest(n);
	const d = total.length;
	const atLeast = (v: number) => Math.min(n, Math.ceil(v - ROUNDING));
	const tested = Uint32Array.from({ length: inside.length }, (_, at) => at);
	const some = tested.filter((at) => total[at % d] > 0);
	const p = Float64Array.from(some, (at) =>
		test(
			Math.floor(inside[at] + ROUNDING),
			atLeast(sizes[Math.floor(at / d)]),
			atLeast(total[at % d]),
		),
	);
	const corrected = new Float64Array(inside.length).fill(1);
	benjaminiHochberg(p).forEach((value, i) => {
		corrected[some[i]] = value;
	});
	return corrected;
}

/**
 * The tokens that mark each cluster: z-scores of the log-odds ratio against the other clusters, with the overall
 * frequencies as a prior, so that rare tokens do not win by chance (Monroe, Colaresi & Quinn 2008, equations 16, 22). A
 * text counts once, shared out among its copies.
 */
export function markingTokens(
	acts: Activations,
	keep: Uint8Array /* 1 where a token counts */,
	{ share }: Pick<Units, "share">,
	clusterOf: (row: number) => number,
	k: number,
): Clustering["tokens"] {
	const { rows, sentences } = acts;
	const column = new Map<number, number>(); // token id → column
	const names: string[] = [];
	const counts = Array.from({ length: k }, () => [] as number[]);
	for (let row = 0; row < keep.length; row++) {
		if (!keep[row]) continue;
		let j = column.get(rows.token[row]);
		if (j === undefined) {
			j = names.length;
			column.set(rows.token[row], j);
			const text = sentences.text[rows.sentence[row]];
			names.push(text.slice(rows.start[row], rows.end[row]));
			for (const of of counts) of.push(0);
		}
		counts[clusterOf(row)][j] += share[rows.sentence[row]];
	}
	const all = names.map((_, j) => counts.reduce((sum, of) => sum + of[j], 0));
	const total = sum(all);
	return counts.flatMap((own, cluster) => {
		const size = sum(own);
		const z = own.map((count, j) => {
			const prior = (PRIOR * all[j]) / total;
			const odds = (n: number, of: number) =>
				Math.log((n + prior) / (of + PRIOR - n - prior));
			const rest = all[j] - count;
			return (
				(odds(count, size) - odds(rest, total - size)) /
				Math.sqrt(1 / (count + prior) + 1 / (rest + prior))
			);
		});
		return topIndices(z, TOP)
			.filter((j) => z[j] > 0)
			.map((j) => ({ cluster, token: names[j], score: z[j] }));
	});
}

function sum(values: number[]): number {
	return values.reduce((total, value) => total + value, 0);
}
