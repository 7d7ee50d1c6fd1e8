/** Rows of numbers: dense, or compressed rows that store only what is not zero. */
export type Matrix = DenseMatrix | SparseMatrix;

export interface DenseMatrix {
	kind: "dense";
	rows: number;
	columns: number;
	data: Float32Array; // [rows, columns]
}

export interface SparseMatrix {
	kind: "sparse";
	rows: number;
	columns: number;
	indptr: Float64Array; // [rows + 1]
	indices: Uint32Array; // columns, ascending in a row
	values: Float32Array;
}

/** A copy of the listed rows, in that order. */
export function takeRows(x: Matrix, rows: ArrayLike<number>): Matrix {
	const n = rows.length;
	if (x.kind === "dense") {
		const data = new Float32Array(n * x.columns);
		for (let i = 0; i < n; i++) {
			const from = rows[i] * x.columns;
			data.set(x.data.subarray(from, from + x.columns), i * x.columns);
		}
		return { kind: "dense", rows: n, columns: x.columns, data };
	}
	const indptr = new Float64Array(n + 1);
	for (let i = 0; i < n; i++)
		indptr[i + 1] = indptr[i] + x.indptr[rows[i] + 1] - x.indptr[rows[i]];
	const indices = new Uint32Array(indptr[n]);
	const values = new Float32Array(indptr[n]);
	for (let i = 0; i < n; i++) {
		const from = x.indptr[rows[i]];
		const to = x.indptr[rows[i] + 1];
		indices.set(x.indices.subarray(from, to), indptr[i]);
		values.set(x.values.subarray(from, to), indptr[i]);
	}
	return {
		kind: "sparse",
		rows: n,
		columns: x.columns,
		indptr,
		indices,
		values,
	};
}

/** Some columns of every row, ascending: sparse rows stay sparse. */
export function takeColumns(x: Matrix, columns: readonly number[]): Matrix {
	const k = columns.length;
	if (x.kind === "dense") {
		const data = new Float32Array(x.rows * k);
		for (let i = 0; i < x.rows; i++)
			for (let c = 0; c < k; c++)
				data[i * k + c] = x.data[i * x.columns + columns[c]];
		return { kind: "dense", rows: x.rows, columns: k, data };
	}
	const place = new Int32Array(x.columns).fill(-1);
	for (const [c, column] of columns.entries()) place[column] = c;
	const indptr = new Float64Array(x.rows + 1);
	const indices: number[] = [];
	const values: number[] = [];
	for (let i = 0; i < x.rows; i++) {
		for (let p = x.indptr[i]; p < x.indptr[i + 1]; p++) {
			const c = place[x.indices[p]];
			if (c < 0) continue;
			indices.push(c);
			values.push(x.values[p]);
		}
		indptr[i + 1] = indices.length;
	}
	return {
		kind: "sparse",
		rows: x.rows,
		columns: k,
		indptr,
		indices: Uint32Array.from(indices),
		values: Float32Array.from(values),
	};
}

/** Mean and standard deviation (divided by n) of every column; zeros that are not stored count. */
export function columnMoments(x: Matrix): {
	mean: Float64Array;
	deviation: Float64Array;
} {
	const mean = new Float64Array(x.columns);
	const deviation = new Float64Array(x.columns);
	const stored = new Float64Array(x.columns);
	if (x.kind === "dense") addRows(x, mean);
	else
		for (let p = 0; p < x.indptr[x.rows]; p++)
			mean[x.indices[p]] += x.values[p];
	for (let j = 0; j < x.columns; j++) mean[j] /= x.rows;
	// A second pass over the differences: the difference of squares loses the digits of a large mean.
	if (x.kind === "dense") addSquares(x, mean, deviation);
	else {
		for (let p = 0; p < x.indptr[x.rows]; p++) {
			const j = x.indices[p];
			const away = x.values[p] - mean[j];
			deviation[j] += away * away;
			stored[j]++;
		}
	}
	for (let j = 0; j < x.columns; j++) {
		const zeros = x.kind === "dense" ? 0 : (x.rows - stored[j]) * mean[j] ** 2;
		const d = Math.sqrt((deviation[j] + zeros) / x.rows);
		// What rounding leaves in a constant column is no deviation.
		deviation[j] = d > 1e-6 * Math.abs(mean[j]) ? d : 0;
	}
	return { mean, deviation };
}

function addRows(
	{ rows, columns, data }: DenseMatrix,
	sum: Float64Array,
): void {
	for (let row = 0, at = 0; row < rows; row++)
		for (let j = 0; j < columns; j++, at++) sum[j] += data[at];
}

function addSquares(
	{ rows, columns, data }: DenseMatrix,
	mean: Float64Array,
	sum: Float64Array,
): void {
	for (let row = 0, at = 0; row < rows; row++)
		for (let j = 0; j < columns; j++, at++) {
			const away = data[at] - mean[j];
			sum[j] += away * away;
		}
}

/** Squared length of every row. */
export function squaredLengths(x: Matrix): Float64Array {
	const lengths = new Float64Array(x.rows);
	forEachEntry(x, (row, _, value) => {
		lengths[row] += value * value;
	});
	return lengths;
}

/** The same rows at length 1; a row of zeros stays. */
export function unitRows(x: Matrix): Matrix {
	const of = x.kind === "dense" ? x.data : x.values;
	const unit = new Float32Array(of.length);
	const squares = squaredLengths(x);
	for (let row = 0; row < x.rows; row++) {
		const scale = squares[row] > 0 ? 1 / Math.sqrt(squares[row]) : 0;
		const [from, to] =
			x.kind === "dense"
				? [row * x.columns, (row + 1) * x.columns]
				: [x.indptr[row], x.indptr[row + 1]];
		for (let at = from; at < to; at++) unit[at] = of[at] * scale;
	}
	return x.kind === "dense" ? { ...x, data: unit } : { ...x, values: unit };
}

/** The same numbers as [columns, rows]: the entries by column, their rows ascending. */
export function transpose(x: SparseMatrix): SparseMatrix {
	const indptr = new Float64Array(x.columns + 1);
	for (const j of x.indices) indptr[j + 1]++;
	for (let j = 0; j < x.columns; j++) indptr[j + 1] += indptr[j];
	const next = indptr.slice();
	const indices = new Uint32Array(x.indices.length);
	const values = new Float32Array(x.values.length);
	for (let i = 0; i < x.rows; i++) {
		for (let p = x.indptr[i]; p < x.indptr[i + 1]; p++) {
			const to = next[x.indices[p]]++;
			indices[to] = i;
			values[to] = x.values[p];
		}
	}
	const [rows, columns] = [x.columns, x.rows];
	return { kind: "sparse", rows, columns, indptr, indices, values };
}

/** Calls `visit` for every stored number, row by row. */
export function forEachEntry(
	x: Matrix,
	visit: (row: number, column: number, value: number) => void,
): void {
	for (let row = 0; row < x.rows; row++) {
		if (x.kind === "dense") {
			const base = row * x.columns;
			for (let j = 0; j < x.columns; j++) visit(row, j, x.data[base + j]);
		} else {
			for (let p = x.indptr[row]; p < x.indptr[row + 1]; p++)
				visit(row, x.indices[p], x.values[p]);
		}
	}
}
