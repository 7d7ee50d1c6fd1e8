import { notFinite } from "../finite";
import type { Agreement } from "./result";

/** How often each class of one grouping meets each of another. */
interface Table {
	n: number;
	cells: number[];
	rows: number[];
	columns: number[];
}

/**
 * Adjusted Rand index of two groupings of the same things (Hubert & Arabie 1985): 1 when they are the same groups
 * under whatever names, 0 on average for random ones, below 0 when they agree less than that. NaN for no things. Throws
 * where the two are not as many, and on numbers that are not finite.
 */
export function adjustedRandIndex<A, B>(
	a: ArrayLike<A>,
	b: ArrayLike<B>,
): number {
	if (a.length !== b.length)
		throw new Error(
			`The two groupings have ${a.length} and ${b.length} values; give one a thing to each.`,
		);
	for (const grouping of [a, b])
		for (let i = 0; i < grouping.length; i++)
			if (typeof grouping[i] === "number" && !Number.isFinite(grouping[i]))
				throw notFinite(
					`Place ${i} of a grouping`,
					`it is ${grouping[i]}`,
					"leave that thing out of both",
				);
	return randIndex(tableOf(a, b));
}

/**
 * How far clusters agree with classes of the same things, as scikit-learn computes it; every number is NaN for no
 * things. With C the classes, K the clusters, H entropy and I = H(C) − H(C|K): homogeneity I / H(C), completeness I / H(K)
 * (1 where the entropy is 0), and nmi = I over the mean of H(C) and H(K). The V-measure, the harmonic mean of the first
 * two, comes to the same number as this nmi.
 */
export function agreementOf<A, B>(
	clusters: ArrayLike<A>,
	classes: ArrayLike<B>,
): Agreement {
	const table = tableOf(clusters, classes);
	const { n, cells, rows, columns } = table;
	const [inRows, inColumns] = [entropy(rows, n), entropy(columns, n)];
	const mutual = Math.max(0, inRows + inColumns - entropy(cells, n));
	const share = (of: number) => (of > 0 ? Math.min(1, mutual / of) : 1);
	const none = n === 0 ? Number.NaN : undefined;
	const homogeneity = none ?? share(inColumns);
	const completeness = none ?? share(inRows);
	const both = homogeneity + completeness;
	return {
		ari: randIndex(table),
		nmi: none ?? share((inRows + inColumns) / 2),
		homogeneity,
		completeness,
		v_measure: both === 0 ? 0 : (2 * homogeneity * completeness) / both,
	};
}

function tableOf<A, B>(a: ArrayLike<A>, b: ArrayLike<B>): Table {
	const cells = new Map<A, Map<B, number>>();
	const rows = new Map<A, number>();
	const columns = new Map<B, number>();
	for (let i = 0; i < a.length; i++) {
		let row = cells.get(a[i]);
		if (!row) {
			row = new Map();
			cells.set(a[i], row);
		}
		row.set(b[i], (row.get(b[i]) ?? 0) + 1);
		rows.set(a[i], (rows.get(a[i]) ?? 0) + 1);
		columns.set(b[i], (columns.get(b[i]) ?? 0) + 1);
	}
	return {
		n: a.length,
		cells: [...cells.values()].flatMap((row) => [...row.values()]),
		rows: [...rows.values()],
		columns: [...columns.values()],
	};
}

function randIndex({ n, cells, rows, columns }: Table): number {
	if (n === 0) return Number.NaN;
	const [both, inA, inB, all] = [cells, rows, columns, [n]].map(pairs);
	const expected = all > 0 ? (inA * inB) / all : 0;
	const most = (inA + inB) / 2;
	// Both all in one group, or both all apart: the same grouping.
	return most === expected ? 1 : (both - expected) / (most - expected);
}

function pairs(counts: number[]): number {
	return counts.reduce((sum, n) => sum + (n * (n - 1)) / 2, 0);
}

/** In nats. One group has exactly 0. */
function entropy(counts: number[], n: number): number {
	if (counts.length < 2) return 0;
	return counts.reduce((sum, c) => sum - (c / n) * Math.log(c / n), 0);
}
