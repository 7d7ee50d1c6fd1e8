import {
	type Matrix,
	products,
	squaredLengths,
	takeRows,
} from "../activations";
import { turns } from "../interrupt";
import { random } from "../random";

/**
 * Adjusted Rand index of two groupings of the same things (Hubert & Arabie 1985): 1 when they are the same groups
 * under whatever names, 0 on average for random ones, below 0 when they agree less than that.
 */
export function adjustedRandIndex<A, B>(
	a: ArrayLike<A>,
	b: ArrayLike<B>,
): number {
	const cells = new Map<A, Map<B, number>>();
	const rows = new Map<A, number>();
	const columns = new Map<B, number>();
	for (let i = 0; i < a.length; i++) {
		const row = cells.get(a[i]) ?? new Map<B, number>();
		cells.set(a[i], row);
		row.set(b[i], (row.get(b[i]) ?? 0) + 1);
		rows.set(a[i], (rows.get(a[i]) ?? 0) + 1);
		columns.set(b[i], (columns.get(b[i]) ?? 0) + 1);
	}
	const pairs = (counts: Iterable<number>) => {
		let sum = 0;
		for (const n of counts) sum += (n * (n - 1)) / 2;
		return sum;
	};
	const both = pairs([...cells.values()].flatMap((row) => [...row.values()]));
	const inA = pairs(rows.values());
	const inB = pairs(columns.values());
	const all = pairs([a.length]);
	const expected = all > 0 ? (inA * inB) / all : 0;
	const most = (inA + inB) / 2;
	// Both all in one group, or both all apart: the same grouping.
	return most === expected ? 1 : (both - expected) / (most - expected);
}

/**
 * Mean silhouette (Rousseeuw 1987) of a seeded sample of rows: (b − a) / max(a, b), with a the mean distance to the
 * sampled rows of the same cluster and b the least mean distance to those of another. A row alone in its cluster
 * counts 0. NaN where the sample holds one cluster only.
 */
export async function silhouette(
	x: Matrix,
	assignment: ArrayLike<number>,
	options: { sample?: number; seed: number },
): Promise<number> {
	const { sample = 2000, seed } = options;
	const all = Uint32Array.from({ length: x.rows }, (_, i) => i);
	const rows =
		x.rows > sample ? random(seed).shuffle(all).slice(0, sample).sort() : all;
	const part = takeRows(x, rows);
	const own = Uint32Array.from(rows, (i) => assignment[i]);
	const sizes = new Float64Array(own.reduce((m, c) => Math.max(m, c), 0) + 1);
	for (const c of own) sizes[c]++;
	if (sizes.filter((n) => n > 0).length < 2) return Number.NaN;
	let sum = 0;
	for await (const { row, to } of distances(part)) {
		if (sizes[own[row]] === 1) continue;
		const totals = new Float64Array(sizes.length);
		for (let i = 0; i < to.length; i++) totals[own[i]] += to[i];
		const a = totals[own[row]] / (sizes[own[row]] - 1);
		let b = Number.POSITIVE_INFINITY;
		for (let c = 0; c < sizes.length; c++)
			if (c !== own[row] && sizes[c] > 0) b = Math.min(b, totals[c] / sizes[c]);
		if (Math.max(a, b) > 0) sum += (b - a) / Math.max(a, b);
	}
	return sum / part.rows;
}

/** Euclidean distances of each row to all rows; 64 rows at a time are made dense. */
async function* distances(
	x: Matrix,
): AsyncGenerator<{ row: number; to: Float64Array }> {
	const lengths = squaredLengths(x);
	const data = await products(x);
	const turn = turns();
	for (let from = 0; from < x.rows; from += 64) {
		await turn();
		const count = Math.min(64, x.rows - from);
		const block = new Float32Array(x.columns * count); // [columns, count]
		for (let r = 0; r < count; r++) {
			if (x.kind === "dense")
				for (let j = 0; j < x.columns; j++)
					block[j * count + r] = x.data[(from + r) * x.columns + j];
			else
				for (let p = x.indptr[from + r]; p < x.indptr[from + r + 1]; p++)
					block[x.indices[p] * count + r] = x.values[p];
		}
		const dots = await data.times(block, count); // [rows, count]
		for (let r = 0; r < count; r++) {
			const row = from + r;
			const to = lengths.map((length, i) =>
				Math.sqrt(Math.max(0, length + lengths[row] - 2 * dots[i * count + r])),
			);
			to[row] = 0;
			yield { row, to };
		}
	}
}
