import { OnnxGraph } from "../../formats/onnx";
import type { ArchitectureRules } from "../architectures";
import { type CpuTrainee, cpuTrainee } from "./cpu";
import { allocateStore, createSession, floatTensor } from "./store";
import type {
	Parameter,
	StepLoss,
	TraineeSettings,
	TraineeShape,
} from "./trainee";

/** A step whose loss and gradients ONNX Runtime computes from dense latents, in one graph. */
export type GradientGraph = (
	dense: DenseGraph,
	shape: TraineeShape,
	settings: TraineeSettings,
) => DenseLoss;

/** What a gradient graph says of the loss: scalars that are sums over the rows, and per latent the sum of f. */
export interface DenseLoss {
	/** Σ ‖x̂ − x‖² */
	mse: string;
	/** Not weighted by λ. */
	sparsity: string;
	aux?: string;
	/** How many latents fire. */
	l0: string;
	/** Σ f·‖W_dec‖ */
	l1: string;
	/** Above 0 for each latent that fired. */
	sums: string; // [d_sae]
}

export type DenseGraph = ReturnType<typeof denseGraph>;

export const PARTS = ["mse", "sparsity", "aux", "l0", "l1"] as const;

/** An SAE in training whose gradients `build` writes down. */
export async function openDense(
	{ parameters, unit_decoder }: ArchitectureRules,
	build: GradientGraph,
	shape: TraineeShape,
	settings: TraineeSettings,
): Promise<CpuTrainee> {
	const { d_in, d_sae, batch } = shape;
	const store = allocateStore(shape, parameters, {
		sums: d_sae,
		parts: PARTS.length,
		along: unit_decoder ? d_sae : 0, // for the optimizer
	});
	const { array } = store;
	const graph = writeGradients(parameters, build, shape, settings);
	const session = await createSession(
		graph.build(["parts", "sums", ...parameters.map((p) => `g_${p}`)]),
		{},
		true,
	);
	const lambda = new Float32Array(1);
	const tensors = (prefix: "" | "g_") =>
		Object.fromEntries(
			parameters.map((p) => {
				const data = array[`${prefix}${p}`];
				return [prefix + p, floatTensor(data, dimensions(p, shape))];
			}),
		);
	const feeds = {
		x: floatTensor(array.x, [batch, d_in]),
		lambda: floatTensor(lambda, []),
		...tensors(""),
	};
	const fetches = {
		sums: floatTensor(array.sums, [d_sae]),
		parts: floatTensor(array.parts, [PARTS.length]),
		...tensors("g_"),
	};
	const fired = new Uint8Array(d_sae);
	return cpuTrainee({
		store,
		parameters,
		shape,
		settings,
		unit_decoder,
		fired,
		async gradients({ coefficient }): Promise<StepLoss> {
			lambda[0] = coefficient;
			await session.run(feeds, fetches);
			for (let i = 0; i < d_sae; i++) fired[i] = array.sums[i] > 0 ? 1 : 0;
			const [mse, sparsity, aux, l0, l1] = array.parts;
			return { mse, sparsity: coefficient * sparsity, aux, l0, l1 };
		},
		release: () => session.release(),
	});
}

/** x, λ and the weights → `parts` of the loss, `sums`, and the gradients `g_…`. */
export function writeGradients(
	parameters: readonly Parameter[],
	build: GradientGraph,
	shape: TraineeShape,
	settings: TraineeSettings,
): OnnxGraph {
	const dense = denseGraph(parameters, shape);
	const { g } = dense;
	const loss = build(dense, shape, settings);
	const one = g.int([1]);
	const parts = PARTS.map((part) =>
		g.op("Reshape", [loss[part] ?? g.float(0), one]),
	);
	const all = g.op("Concat", parts, { axis: 0 });
	g.op("Mul", [all, g.float(1 / shape.batch)], {}, "parts");
	g.op("Identity", [loss.sums], {}, "sums");
	return g;
}

export function dimensions(
	p: Parameter,
	{ d_in, d_sae }: TraineeShape,
): number[] {
	if (p === "W_enc" || p === "W_dec") return [d_sae, d_in];
	return p === "b_dec" ? [d_in] : [d_sae];
}

/**
 * A graph that is fed `x`, `lambda` and the weights, and the pieces that gradients are put together from.
 *
 * Passes over [batch, d_sae] cost as much as products do, so their number is kept down: scales and offsets ride on the
 * products (alpha, beta, C), and comparisons are steep ramps: ONNX Runtime's HardSigmoid is one fast pass on all
 * cores, where Greater with Cast is two, and Where or Sign are slower than both.
 */
function denseGraph(parameters: readonly Parameter[], shape: TraineeShape) {
	const { d_in, batch } = shape;
	const g = new OnnxGraph();
	g.input("x", "float32", [batch, d_in]);
	g.input("lambda", "float32", []);
	for (const p of parameters) g.input(p, "float32", dimensions(p, shape));
	const centred = g.op("Sub", ["x", "b_dec"]); // [batch, d_in]
	const perRow = g.op("Mul", ["lambda", g.float(1 / batch)]);
	const rows = g.int([0]);
	const columns = g.int([1]);
	/** The mean over rows of ‖error‖² has the gradient 2/batch · error. */
	const alpha = { float: 2 / batch };

	/** Σ over rows.  t: [batch, n] → [n] */
	const columnSums = (t: string, output?: string) =>
		g.op("ReduceSum", [t, rows], { keepdims: 0 }, output);

	return {
		g,
		/** λ / batch */
		perRow,
		columnSums,
		/** x − b_dec through W_enc, and a bias where there is one.  → [batch, d_sae] */
		encode: (bias: string[] = []) =>
			g.op("Gemm", [centred, "W_enc", ...bias], { transB: 1 }),
		/** x̂ − x = f W_dec − (x − b_dec).  f: [batch, d_sae] → [batch, d_in] */
		error: (f: string) =>
			g.op("Gemm", [f, "W_dec", centred], { beta: { float: -1 } }),
		/** The gradient of mean ‖error‖² to f, plus `offset` for every row.  → [batch, d_sae] */
		toLatents: (error: string, offset: string[] = []) =>
			g.op("Gemm", [error, "W_dec", ...offset], { transB: 1, alpha }),
		/** `g_W_dec` = the gradient of mean ‖error‖² through f, plus `offset` [d_sae, d_in]. */
		toDecoder: (f: string, error: string, offset: string[] = []) =>
			g.op("Gemm", [f, error, ...offset], { transA: 1, alpha }, "g_W_dec"),
		/** `g_W_enc` and `g_b_dec` from the gradient to (x − b_dec) W_enc and its column sums. */
		toEncoder(g_pre: string, sums: string, error: string): void {
			g.op("Gemm", [g_pre, centred], { transA: 1 }, "g_W_enc");
			const direct = g.op("Mul", [columnSums(error), g.float(2 / batch)]);
			// b_dec is also taken off the input of every latent.
			const throughInput = g.op("MatMul", [sums, "W_enc"]); // [d_in]
			g.op("Sub", [direct, throughInput], {}, "g_b_dec");
		},
		/** ‖W_dec‖ of each latent.  [d_sae] */
		norms: () =>
			g.op("Max", [
				g.op("ReduceL2", ["W_dec", columns], { keepdims: 0 }),
				g.float(1e-12),
			]),
		/** One factor for each row of W_dec.  factors: [d_sae] → [d_sae, d_in] */
		alongDecoder: (factors: string) =>
			g.op("Mul", [g.op("Unsqueeze", [factors, columns]), "W_dec"]),
		/** 1[t > 0] */
		positive: (t: string) => ramp(g, t, 2 ** 126, 0),
		/** 1[|t| < limit] */
		within: (t: string, limit: number) =>
			ramp(g, g.op("Abs", [t]), -(2 ** 100), 2 ** 100 * limit),
		/** Σ of everything. */
		total: (t: string) => g.op("ReduceSum", [t], { keepdims: 0 }),
		squares: (t: string) => g.op("ReduceSumSquare", [t], { keepdims: 0 }),
	};
}

/** max(0, min(1, slope·t + offset)). A slope that is a power of two rounds nothing, so the edge is where it should be. */
function ramp(g: OnnxGraph, t: string, slope: number, offset: number): string {
	const [alpha, beta] = [{ float: slope }, { float: offset }];
	return g.op("HardSigmoid", [t], { alpha, beta });
}
