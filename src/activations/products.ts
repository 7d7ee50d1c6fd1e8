import { InferenceSession, Tensor } from "onnxruntime-node";
import { OnnxGraph } from "../formats/onnx";
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

/** Dense rows are multiplied by ONNX Runtime, sparse ones by loops over what they store; summed in 32 and 64 bits. */
export function products(x: Matrix): Promise<Products> {
	return x.kind === "dense"
		? denseProducts(x)
		: Promise.resolve(sparseProducts(x));
}

async function denseProducts(x: DenseMatrix): Promise<Products> {
	const [times, transposed] = await gemms();
	const rows = new Tensor("float32", x.data, [x.rows, x.columns]);
	return {
		async times(w, k) {
			const feeds = { x: rows, w: new Tensor("float32", w, [x.columns, k]) };
			return (await times.run(feeds)).y.data as Float32Array;
		},
		// Computed as [k, columns], the shape that a matrix product is quickest at, and turned round here.
		async transposedTimes(r, k) {
			const feeds = { x: rows, w: new Tensor("float32", r, [x.rows, k]) };
			const y = (await transposed.run(feeds)).y.data as Float32Array;
			const out = new Float32Array(x.columns * k);
			for (let c = 0; c < k; c++)
				for (let j = 0; j < x.columns; j++)
					out[j * k + c] = y[c * x.columns + j];
			return out;
		},
	};
}

let sessions: Promise<InferenceSession[]> | undefined;

/** The two graphs, X W and Rᵀ X, made once: they hold no data, so every matrix shares them. */
function gemms(): Promise<InferenceSession[]> {
	sessions ??= Promise.all([gemm(0), gemm(1)]);
	return sessions;
}

function gemm(transposed: 0 | 1): Promise<InferenceSession> {
	const graph = new OnnxGraph();
	const x = graph.input("x", "float32", ["rows", "columns"]);
	const w = graph.input("w", "float32", [transposed ? "rows" : "columns", "k"]);
	graph.op("Gemm", transposed ? [w, x] : [x, w], { transA: transposed }, "y");
	return InferenceSession.create(graph.build(["y"]));
}

function sparseProducts(x: SparseMatrix): Products {
	const rows = countedRows(x);
	let columns: CountedRows | undefined;
	return {
		times: async (w, k) => sparseTimes(rows, w, k),
		async transposedTimes(r, k) {
			columns ??= countedRows(transpose(x));
			return sparseTimes(columns, r, k);
		},
	};
}

/** Compressed rows with signed 32-bit counters: JavaScript loops over them about twice as fast. */
interface CountedRows {
	rows: number;
	indptr: Int32Array;
	indices: Int32Array;
	values: Float32Array;
}

function countedRows({
	rows,
	indptr,
	indices,
	values,
}: SparseMatrix): CountedRows {
	const { buffer, byteOffset, length } = indices;
	return {
		rows,
		indptr: new Int32Array(indptr),
		indices: new Int32Array(buffer, byteOffset, length), // the same memory
		values,
	};
}

/** X W, four columns of W at a time: their sums stay in registers while a row's entries pass by. */
function sparseTimes(
	{ rows, indptr, indices, values }: CountedRows,
	w: Float32Array,
	k: number,
): Float32Array {
	const out = new Float32Array(rows * k);
	let c = 0;
	for (; c + 4 <= k; c += 4) {
		for (let i = 0; i < rows; i++) {
			const end = indptr[i + 1];
			let s0 = 0;
			let s1 = 0;
			let s2 = 0;
			let s3 = 0;
			for (let p = indptr[i]; p < end; p++) {
				const value = values[p];
				const at = indices[p] * k + c;
				s0 += value * w[at];
				s1 += value * w[at + 1];
				s2 += value * w[at + 2];
				s3 += value * w[at + 3];
			}
			const to = i * k + c;
			out[to] = s0;
			out[to + 1] = s1;
			out[to + 2] = s2;
			out[to + 3] = s3;
		}
	}
	for (; c < k; c++) {
		for (let i = 0; i < rows; i++) {
			const end = indptr[i + 1];
			let sum = 0;
			for (let p = indptr[i]; p < end; p++)
				sum += values[p] * w[indices[p] * k + c];
			out[i * k + c] = sum;
		}
	}
	return out;
}

function transpose(x: SparseMatrix): SparseMatrix {
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
