import type { DenseMatrix, Matrix } from "../activations";

/** Share of stored entries from which products with k-means' centres are quicker on dense rows. */
const FILLED = 1 / 8;
/** Bytes that dense rows may take. */
const LARGEST = 2 ** 29;

/** The same rows, dense where at least an eighth of their entries is stored and they take at most 512 MiB so. */
export function denseWhereFilled(x: Matrix): Matrix {
	if (x.kind === "dense") return x;
	const size = x.rows * x.columns;
	if (x.indptr[x.rows] < FILLED * size || 4 * size > LARGEST) return x;
	return dense(x);
}

function dense(x: Exclude<Matrix, DenseMatrix>): DenseMatrix {
	const { rows, columns } = x;
	const data = new Float32Array(rows * columns);
	for (let i = 0, from = 0; i < rows; i++, from += columns)
		for (let p = x.indptr[i]; p < x.indptr[i + 1]; p++)
			data[from + x.indices[p]] = x.values[p];
	return { kind: "dense", rows, columns, data };
}
