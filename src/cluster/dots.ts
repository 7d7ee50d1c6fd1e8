import { Tensor } from "onnxruntime-node";
import { type DenseMatrix, gemm } from "../activations";

/** Products of every row with k vectors, in 32 bits. */
export type Dots = (
	vectors: Float32Array /* [k, columns] */,
	k: number,
) => Promise<Float32Array>; // [rows, k]

/** Products of dense rows by ONNX Runtime. */
export async function dotsOf(x: DenseMatrix): Promise<Dots> {
	const session = await gemm("w");
	const rows = new Tensor("float32", x.data, [x.rows, x.columns]);
	return async (vectors, k) => {
		const w = new Tensor("float32", vectors, [k, x.columns]);
		return (await session.run({ x: rows, w })).y.data as Float32Array;
	};
}
