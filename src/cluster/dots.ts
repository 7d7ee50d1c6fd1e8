import { InferenceSession, Tensor } from "onnxruntime-node";
import type { DenseMatrix } from "../activations";
import { OnnxGraph } from "../formats/onnx";

/** Products of every row with k vectors, in 32 bits. */
export type Dots = (
	vectors: Float32Array /* [k, columns] */,
	k: number,
) => Promise<Float32Array>; // [rows, k]

/** Products of dense rows by ONNX Runtime. */
export async function dotsOf(x: DenseMatrix): Promise<Dots> {
	session ??= gemm();
	const run = await session;
	const rows = new Tensor("float32", x.data, [x.rows, x.columns]);
	return async (vectors, k) => {
		const w = new Tensor("float32", vectors, [k, x.columns]);
		return (await run.run({ x: rows, w })).y.data as Float32Array;
	};
}

let session: Promise<InferenceSession> | undefined;

/** X Wᵀ. */
function gemm(): Promise<InferenceSession> {
	const graph = new OnnxGraph();
	const x = graph.input("x", "float32", ["rows", "columns"]);
	const w = graph.input("w", "float32", ["k", "columns"]);
	graph.op("Gemm", [x, w], { transB: 1 }, "y");
	return InferenceSession.create(graph.build(["y"]), {
		// Threads that spin between the products slow down the loops there.
		extra: { session: { intra_op: { allow_spinning: "0" } } },
	});
}
