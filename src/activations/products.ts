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
	/** Ends the threads, where there are any. */
	release(): Promise<void>;
}

/**
 * Dense rows are multiplied by ONNX Runtime, sparse ones by the kernels, over what they store; summed in 32 bits.
 *
 * @param threads that the kernels may use; with more than one the caller releases them
 */
export function products(x: Matrix, threads = 1): Promise<Products> {
	return x.kind === "dense"
		? denseProducts(x)
		: Promise.resolve(sparseProducts(x, threads));
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
		release: async () => undefined,
	};
}

/** The kernels sum a row's products in 32 bits, in four lanes or more. */
function sparseProducts(x: SparseMatrix, threads: number): Products {
	let laid: ReturnType<typeof layThin> | undefined;
	const thin = async (k: number) => {
		if (laid?.width === widthFor(k)) return laid;
		await laid?.crew.release();
		laid = layThin(x, widthFor(k), threads);
		return laid;
	};
	/** Some parts for each thread, so that none waits long for another. */
	const step = (n: number) => (threads > 1 ? Math.ceil(n / (8 * threads)) : n);
	return {
		async times(w, k) {
			const { array, at, crew, width } = await thin(k);
			widen(w, k, array.by_column, width);
			crew.run(
				...["timesRows" as const, x.rows, step(x.rows)],
				...[at.indptr, at.indices, at.values],
				...[at.by_column, width, at.by_row],
			);
			return narrow(array.by_row, width, x.rows, k);
		},
		async transposedTimes(r, k) {
			const { array, at, crew, width } = await thin(k);
			widen(r, k, array.by_row, width);
			crew.run(
				...["timesRows" as const, x.columns, step(x.columns)],
				...[at.column_indptr, at.column_rows, at.column_values],
				...[at.by_row, width, at.by_column],
			);
			return narrow(array.by_column, width, x.columns, k);
		},
		release: async () => laid?.crew.release(),
	};
}

function layThin(x: SparseMatrix, width: number, threads: number) {
	const thin = { by_row: x.rows * width, by_column: x.columns * width };
	return { width, ...layCompressed(x, thin, threads) };
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
