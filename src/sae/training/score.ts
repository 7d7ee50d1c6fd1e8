import { OnnxGraph } from "../../formats/onnx";
import type { ArchitectureRules } from "../architectures";
import { createSession, floatTensor } from "../engine/store";
import type { TraineeShape, TraineeState } from "../engine/trainee";
import { denseLatents, type LatentParts } from "../latents-graph";

/** How each row comes out. */
export interface RowScores {
	/** ‖x̂ − x‖² */
	errors: Float32Array; // [rows]
	/** Latents that fire. */
	counts: Float32Array; // [rows]
}

/** Reconstructs rows by an SAE in training as it would be saved. */
export interface Scorer {
	/** x: rows as they are trained on, [rows, d_in] */
	score(state: TraineeState, x: Float32Array): Promise<RowScores>;
	release(): Promise<void>;
}

type Saved = Pick<ArchitectureRules, "saved_as">;
type Sizes = Pick<TraineeShape, "d_in" | "d_sae">;

/**
 * A scorer that reads the weights where they are, so that looking at a training costs neither a copy in another layout
 * nor a session each time. Its session is made at the first call.
 */
export function makeScorer(
	{ saved_as }: Saved,
	shape: Sizes,
	k: number,
): Scorer {
	const { d_in, d_sae } = shape;
	// A chunk of rows is dense for a moment: at most 64 MiB.
	const chunk = Math.max(16, Math.min(4096, Math.floor(2 ** 24 / d_sae)));
	let session: ReturnType<typeof createSession> | undefined;
	return {
		async score(state, x) {
			session ??= createSession(scoreGraph(saved_as, shape, k));
			const run = await session;
			const weights = Object.entries(inputs(saved_as, state, shape)).map(
				([name, data]) => {
					const matrix = name === "W_enc" || name === "W_dec";
					const dims = matrix ? [d_sae, d_in] : [data.length];
					return [name, floatTensor(data, dims)] as const;
				},
			);
			const n = x.length / d_in;
			const scores = {
				errors: new Float32Array(n),
				counts: new Float32Array(n),
			};
			for (let from = 0; from < n; from += chunk) {
				const rows = ordinary(x.subarray(from * d_in, (from + chunk) * d_in));
				const out = await run.run({
					x: floatTensor(rows, [rows.length / d_in, d_in]),
					...Object.fromEntries(weights),
				});
				scores.errors.set(out.errors.data as Float32Array, from);
				scores.counts.set(out.counts.data as Float32Array, from);
			}
			return scores;
		},
		release: async () => (await session)?.release(),
	};
}

/** The weights that an inference architecture reads, [d_sae, d_in] both. */
function inputs(
	saved_as: Saved["saved_as"],
	{ tensors, numbers }: TraineeState,
	{ d_sae }: Sizes,
): Record<string, Float32Array> {
	const own = saved_as === "gated" ? ["b_gate", "b_mag", "r_mag"] : ["b_enc"];
	const names = ["W_enc", "W_dec", "b_dec", ...own];
	const all = Object.fromEntries(
		names.map((name) => [name, ordinary(tensors[name])]),
	);
	if (saved_as === "jumprelu")
		all.threshold = tensors.log_threshold
			? tensors.log_threshold.map(Math.exp)
			: new Float32Array(d_sae).fill(numbers.threshold);
	return all;
}

/** ONNX Runtime takes no shared memory. */
function ordinary(data: Float32Array): Float32Array {
	return data.buffer instanceof ArrayBuffer ? data : Float32Array.from(data);
}

function scoreGraph(
	saved_as: Saved["saved_as"],
	{ d_in, d_sae }: Sizes,
	k: number,
): Uint8Array {
	const g = new OnnxGraph();
	g.input("x", "float32", ["rows", d_in]);
	for (const name of ["W_enc", "W_dec"])
		g.input(name, "float32", [d_sae, d_in]);
	g.input("b_dec", "float32", [d_in]);
	const centred = g.op("Sub", ["x", "b_dec"]);
	const parts: LatentParts = {
		product: (...bias) =>
			g.op("Gemm", [centred, "W_enc", ...bias], { transB: 1 }),
		parameter: (name) => g.input(name, "float32", [d_sae]),
	};
	const f =
		saved_as === "topk"
			? largest(g, parts.product(parts.parameter("b_enc")), k)
			: denseLatents(g, saved_as, parts);
	const error = g.op("Sub", [g.op("Gemm", [f, "W_dec", "b_dec"]), "x"]);
	const columns = g.int([1]);
	const sum = (of: string, output: string) =>
		g.op("ReduceSum", [of, columns], { keepdims: 0 }, output);
	sum(g.op("Mul", [error, error]), "errors");
	const on = g.op("Greater", [f, g.float(0)]);
	sum(g.op("Cast", [on], { to: 1 }), "counts");
	return g.build(["errors", "counts"]);
}

/** Of values that are equal at the cut all are kept, where the saved SAE takes the first: a tie is rare. */
function largest(g: OnnxGraph, z: string, k: number): string {
	g.ops("TopK", [z, g.int([k])], {}, ["kept", "which"]);
	const [from, to, axis] = [g.int([k - 1]), g.int([k]), g.int([1])];
	const last = g.op("Slice", ["kept", from, to, axis]);
	const kept = g.op("GreaterOrEqual", [z, last]);
	return g.op("Where", [kept, g.op("Relu", [z]), g.float(0)]);
}
