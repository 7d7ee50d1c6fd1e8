import type { DenseMatrix, SparseMatrix } from "../src/activations/matrix";

/** Rows as a dense matrix. */
export function dense(rows: number[][]): DenseMatrix {
	return {
		kind: "dense",
		rows: rows.length,
		columns: rows[0].length,
		data: Float32Array.from(rows.flat()),
	};
}

/** The same rows, only what is not zero stored. */
export function sparse(rows: number[][]): SparseMatrix {
	const entries = rows.map((row) =>
		[...row.entries()].filter(([, value]) => value !== 0),
	);
	const indptr = new Float64Array(rows.length + 1);
	entries.forEach((own, i) => {
		indptr[i + 1] = indptr[i] + own.length;
	});
	return {
		kind: "sparse",
		rows: rows.length,
		columns: rows[0].length,
		indptr,
		indices: Uint32Array.from(entries.flat().map(([j]) => j)),
		values: Float32Array.from(entries.flat().map(([, value]) => value)),
	};
}

/** The largest absolute difference, and fails where the lengths differ. */
export function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
	if (a.length !== b.length) return Number.POSITIVE_INFINITY;
	let most = 0;
	for (let i = 0; i < a.length; i++)
		most = Math.max(most, Math.abs(a[i] - b[i]));
	return most;
}
