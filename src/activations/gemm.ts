import { InferenceSession } from "onnxruntime-node";
import { OnnxGraph } from "../formats/onnx";
import { allowedThreads } from "../threads";

const sessions = new Map<string, Promise<InferenceSession>>();

/**
 * The graph y = X W, with X or W turned round where it says so, made once: it holds no data, so all matrices share it. Its
 * inputs are x and w, two dimensions each.
 */
export function gemm(turned: "none" | "x" | "w"): Promise<InferenceSession> {
	let session = sessions.get(turned);
	if (!session) {
		const graph = new OnnxGraph();
		const x = graph.input("x", "float32", ["x0", "x1"]);
		const w = graph.input("w", "float32", ["w0", "w1"]);
		const attributes = {
			transA: turned === "x" ? 1 : 0,
			transB: turned === "w" ? 1 : 0,
		};
		graph.op("Gemm", [x, w], attributes, "y");
		session = InferenceSession.create(graph.build(["y"]), {
			intraOpNumThreads: allowedThreads(),
			// Threads that spin between the products slow down the loops there.
			extra: { session: { intra_op: { allow_spinning: "0" } } },
		});
		sessions.set(turned, session);
	}
	return session;
}
