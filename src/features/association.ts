/** A matrix of 32-bit floats, row-major. */
export interface Matrix {
	data: Float32Array; // [rows, columns]
	rows: number;
	columns: number;
}

/**
 * Area under the ROC curve of each column for each group of rows against all other rows: the Mann-Whitney U statistic over
 * n1 n0, with U = R1 − n1 (n1 + 1) / 2 from the sum R1 of the ranks inside, ties sharing their mean rank
 * (Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 143, 1982).
 *
 * `group`: the group of each of the chosen `rows`, 0 to `groups` − 1. Returns [column][group]; NaN where a group, or its
 * complement, is empty.
 */
export function aucByGroup(
	x: Matrix,
	rows: Uint32Array,
	group: Uint32Array, // [rows.length]
	groups: number,
	columns: Iterable<number>,
): Float64Array[] {
	const n = rows.length;
	const sizes = new Float64Array(groups);
	for (const g of group) sizes[g]++;
	const order = new Uint32Array(n);
	const values = new Float32Array(n);
	return Array.from(columns, (column) => {
		for (let i = 0; i < n; i++) {
			values[i] = x.data[rows[i] * x.columns + column];
			order[i] = i;
		}
		order.sort((a, b) => values[a] - values[b]);
		const ranks = rankSums(order, values, group, groups);
		return ranks.map((sum, g) => {
			const inside = sizes[g];
			const pairs = inside * (n - inside);
			return pairs ? (sum - (inside * (inside + 1)) / 2) / pairs : Number.NaN;
		});
	});
}

function rankSums(
	order: Uint32Array,
	values: Float32Array,
	group: Uint32Array,
	groups: number,
): Float64Array {
	const sums = new Float64Array(groups);
	for (let from = 0; from < order.length; ) {
		let to = from + 1;
		while (to < order.length && values[order[to]] === values[order[from]]) to++;
		const rank = (from + 1 + to) / 2; // ranks from + 1 … to, shared
		for (let i = from; i < to; i++) sums[group[order[i]]] += rank;
		from = to;
	}
	return sums;
}

/** Pearson correlation of columns over the chosen rows, [column][column]; 0 where a column is constant. */
export function correlations(
	x: Matrix,
	rows: Uint32Array,
	columns: number[],
): number[][] {
	const standard = columns.map((column) => standardised(x, rows, column));
	return standard.map((a) =>
		standard.map((b) => {
			let sum = 0;
			for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
			return sum / a.length;
		}),
	);
}

/** A column over the chosen rows with mean 0 and standard deviation 1; zeros where it is constant. */
export function standardised(
	x: Matrix,
	rows: Uint32Array,
	column: number,
): Float64Array {
	const out = Float64Array.from(
		rows,
		(row) => x.data[row * x.columns + column],
	);
	const mean = out.reduce((a, b) => a + b, 0) / out.length;
	const variance = out.reduce((a, b) => a + (b - mean) ** 2, 0) / out.length;
	const scale = variance > 1e-20 ? 1 / Math.sqrt(variance) : 0;
	return out.map((value) => (value - mean) * scale);
}

/**
 * Groups of things that go together: average-linkage agglomerative clustering. The two groups with the highest mean
 * similarity are joined until none is at least `threshold`; of equals, the ones that come first. Returns the groups of
 * two or more, as indices, largest first.
 */
export function linkage(similarity: number[][], threshold: number): number[][] {
	let groups = similarity.map((_, i) => [i]);
	for (;;) {
		let best = threshold;
		let pair: [number, number] | undefined;
		for (let a = 0; a < groups.length; a++)
			for (let b = a + 1; b < groups.length; b++) {
				const mean = meanBetween(similarity, groups[a], groups[b]);
				if (pair ? mean > best : mean >= best) {
					best = mean;
					pair = [a, b];
				}
			}
		if (!pair) break;
		const [a, b] = pair;
		const joined = [...groups[a], ...groups[b]].sort((i, j) => i - j);
		groups = groups
			.map((g, i) => (i === a ? joined : g))
			.filter((_, i) => i !== b);
	}
	return groups
		.filter((g) => g.length > 1)
		.sort((a, b) => b.length - a.length || a[0] - b[0]);
}

/** Mean similarity over the pairs between two groups, or within one. */
export function meanBetween(
	similarity: number[][],
	a: number[],
	b: number[] = a,
): number {
	let sum = 0;
	let pairs = 0;
	for (const i of a)
		for (const j of b)
			if (i !== j) {
				sum += similarity[i][j];
				pairs++;
			}
	return pairs ? sum / pairs : 1;
}
