import { InferenceSession, Tensor } from "onnxruntime-node";
import { OnnxGraph } from "../src/formats/onnx";
import { random } from "../src/random";

/** Rows, inner dimension and columns: those of the largest products of GPT-2 small. */
const [m, k, n] = [1024, 3072, 768];
const RUNS = 40;

/**
 * Thousand millions of floating-point operations a second of ONNX Runtime's Gemm on this machine. The best of
 * some runs, since a floor cannot be beaten.
 */
export async function gemmRate(): Promise<number> {
	const g = new OnnxGraph();
	const x = g.input("x", "float32", [m, k]);
	const w = g.float(normals(k * n), [k, n]);
	// One number for each row comes back: a large output would be copied.
	g.op("ReduceMax", [g.op("Gemm", [x, w]), g.int([1])], { keepdims: 0 }, "y");
	const session = await InferenceSession.create(g.build(["y"]));
	const feeds = { x: new Tensor("float32", normals(m * k), [m, k]) };
	let best = Number.POSITIVE_INFINITY;
	for (let run = 0; run < RUNS; run++) {
		const start = performance.now();
		await session.run(feeds);
		best = Math.min(best, performance.now() - start);
	}
	await session.release();
	return (2 * m * k * n) / best / 1e6;
}

function normals(length: number): Float32Array {
	const draw = random(1);
	return Float32Array.from({ length }, () => draw.normal());
}
