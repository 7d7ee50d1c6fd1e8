import { Tensor } from "onnxruntime-node";
import { layCompressed, widthFor } from "./compressed";
import { gemm } from "./gemm";
import type { DenseMatrix, Matrix, SparseMatrix } from "./matrix";

/** Products of one matrix X [rows, columns] with thin ones: all that probes and clusters ask of their data. */
export interface Products {
	/** X W. */
	times(w: Float32Array /* [columns, k] */, k: number): Promise<Float32Array>; // [rows, k]
	/** Xᵀ R. */
	transposedTimes(
		r: Float32Array /* [rows, k] */,
		k: number,
	): Promise<Float32Array>; // [columns, k]
}

/** Dense rows are multiplied by ONNX Runtime, sparse ones by the kernels, over what they store; summed in 32 bits. */
export function products(x: Matrix): Promise<Products> {
	return x.kind === "dense"
		? denseProducts(x)
		: Promise.resolve(sparseProducts(x));
}

async function denseProducts(x: DenseMatrix): Promise<Products> {
	const [times, transposed] = await Promise.all([gemm("none"), gemm("x")]);
	const rows = new Tensor("float32", x.data, [x.rows, x.columns]);
	return {
		async times(w, k) {
			const feeds = { x: rows, w: new Tensor("float32", w, [x.columns, k]) };
			return (await times.run(feeds)).y.data as Float32Array;
		},
		// Computed as [k, columns], the shape that a matrix product is quickest at, and turned round here.
		async transposedTimes(r, k) {
			const feeds = { x: new Tensor("float32", r, [x.rows, k]), w: rows };
			const y = (await transposed.run(feeds)).y.data as Float32Array;
			const out = new Float32Array(x.columns * k);
			for (let c = 0; c < k; c++)
				for (let j = 0; j < x.columns; j++)
					out[j * k + c] = y[c * x.columns + j];
			return out;
		},
	};
}

/** The kernels sum a row's products in 32 bits, in four lanes or more. */
function sparseProducts(x: SparseMatrix): Products {
	let laid: ReturnType<typeof layThin> | undefined;
	const thin = (k: number) => {
		if (laid?.width !== widthFor(k)) laid = layThin(x, widthFor(k));
		return laid;
	};
	return {
		async times(w, k) {
			const { array, at, crew, width } = thin(k);
			widen(w, k, array.by_column, width);
			crew.run(
				...["timesRows" as const, x.rows, x.rows],
				...[at.indptr, at.indices, at.values],
				...[at.by_column, width, at.by_row],
			);
			return narrow(array.by_row, width, x.rows, k);
		},
		async transposedTimes(r, k) {
			const { array, at, crew, width } = thin(k);
			widen(r, k, array.by_row, width);
			crew.run(
				...["timesRows" as const, x.columns, x.columns],
				...[at.column_indptr, at.column_rows, at.column_values],
				...[at.by_row, width, at.by_column],
			);
			return narrow(array.by_column, width, x.columns, k);
		},
	};
}

function layThin(x: SparseMatrix, width: number) {
	const thin = { by_row: x.rows * width, by_column: x.columns * width };
	return { width, ...layCompressed(x, thin) };
}

/** [n, k] as [n, width], zeros behind. */
function widen(
	from: Float32Array,
	k: number,
	to: Float32Array,
	width: number,
): void {
	if (k === width) to.set(from);
	else
		for (let at = 0, row = 0; at < from.length; at += k, row += width)
			for (let c = 0; c < k; c++) to[row + c] = from[at + c];
}

/** A copy of the first k numbers of each row [n, width]. */
function narrow(
	from: Float32Array,
	width: number,
	n: number,
	k: number,
): Float32Array {
	if (k === width) return from.slice();
	const out = new Float32Array(n * k);
	for (let at = 0, row = 0; at < out.length; at += k, row += width)
		for (let c = 0; c < k; c++) out[at + c] = from[row + c];
	return out;
}
