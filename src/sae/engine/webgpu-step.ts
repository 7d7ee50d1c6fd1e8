import type { OnnxGraph } from "../../formats/onnx";
import type { ArchitectureRules } from "../architectures";
import {
	type DenseGraph,
	dimensions,
	type GradientGraph,
	writeGradients,
} from "./dense";
import { beta1, beta2 } from "./optimizer";
import type { Parameter, TraineeSettings, TraineeShape } from "./trainee";

/** Each parameter with its moments. */
export function stateNames(parameters: readonly Parameter[]): string[] {
	return parameters.flatMap((p) => [p, `m_${p}`, `v_${p}`]);
}

/**
 * One whole step as an ONNX model: loss, gradients, clipping, Adam and the decoder's constraint.
 *
 * Inputs: `x`, `lambda`, what `build` asks for besides; `alpha` and `eps`, which are Adam's with the correction of their bias;
 * every name of `stateNames`. Outputs: `next.` before each of these names, and `report` [5 + d_sae + 1]: the parts of the loss
 * (`PARTS`), for each latent a number above 0 if it fired, and the smallest latent above 0 (1e30 where none is asked for).
 */
export function stepGraph(
	{
		parameters,
		unit_decoder,
	}: Pick<ArchitectureRules, "parameters" | "unit_decoder">,
	build: GradientGraph,
	shape: TraineeShape,
	settings: TraineeSettings,
): Uint8Array {
	const g = writeGradients(
		parameters,
		(dense, ...given) => build(byRows(dense), ...given),
		shape,
		settings,
	);
	g.input("alpha", "float32", []);
	g.input("eps", "float32", []);
	for (const p of parameters)
		for (const moment of ["m_", "v_"])
			g.input(moment + p, "float32", dimensions(p, shape));
	const constrained = unit_decoder ? offLengths(g) : "g_W_dec";
	const gradients = parameters.map((p) =>
		p === "W_dec" ? constrained : `g_${p}`,
	);
	const clip = clipping(g, gradients, settings.max_grad_norm);
	parameters.forEach((p, i) => {
		const unit = unit_decoder && p === "W_dec";
		adam(g, p, g.op("Mul", [gradients[i], clip]), unit);
	});
	if (!g.has("smallest")) g.float([1e30], [1], "smallest");
	g.op("Concat", ["parts", "sums", "smallest"], { axis: 0 }, "report");
	const next = stateNames(parameters).map((name) => `next.${name}`);
	return g.build(["report", ...next]);
}

/** Sums of everything that begin with each row's: a GPU works on all rows at a time, but on one sum in one place. */
function byRows(dense: DenseGraph): DenseGraph {
	const { g } = dense;
	const sum = (type: string) => (t: string) => {
		const rows = g.op(type, [t, g.int([-1])], { keepdims: 0 });
		return g.op("ReduceSum", [rows], { keepdims: 0 });
	};
	return { ...dense, total: sum("ReduceSum"), squares: sum("ReduceSumSquare") };
}

/** The gradient of W_dec without its part along each row, whose length is 1. */
function offLengths(g: OnnxGraph): string {
	const along = alongRows(g, g.op("Mul", ["g_W_dec", "W_dec"]));
	return g.op("Sub", ["g_W_dec", g.op("Mul", ["W_dec", along])]);
}

/** What the gradients are multiplied by to be no longer, all together, than `max_grad_norm`. */
function clipping(
	g: OnnxGraph,
	gradients: string[],
	max_grad_norm: number,
): string {
	const squares = gradients.map((of) => {
		const rows = alongRows(g, g.op("Mul", [of, of]));
		return g.op("ReduceSum", [rows], { keepdims: 0 });
	});
	const length = g.op("Sqrt", [squares.reduce((a, b) => g.op("Add", [a, b]))]);
	const ratio = g.op("Div", [g.float(max_grad_norm), length]);
	return g.op("Min", [ratio, g.float(1)]);
}

/** Adam as the kernel has it (src/kernels/assembly/adam.ts): writes `next.p`, `next.m_p` and `next.v_p`. */
function adam(
	g: OnnxGraph,
	p: Parameter,
	gradient: string,
	unit: boolean,
): void {
	const mix = (name: string, beta: number, of: string) => {
		const kept = g.op("Mul", [name, g.float(beta)]);
		const added = g.op("Mul", [of, g.float(1 - beta)]);
		return g.op("Add", [kept, added], {}, `next.${name}`);
	};
	const m = mix(`m_${p}`, beta1, gradient);
	const v = mix(`v_${p}`, beta2, g.op("Mul", [gradient, gradient]));
	const width = g.op("Add", [g.op("Sqrt", [v]), "eps"]);
	const move = g.op("Div", [g.op("Mul", [m, "alpha"]), width]);
	if (!unit) {
		g.op("Sub", [p, move], {}, `next.${p}`);
		return;
	}
	const moved = g.op("Sub", [p, move]);
	const length = g.op("Sqrt", [alongRows(g, g.op("Mul", [moved, moved]))]);
	const some = g.op("Max", [length, g.float(1e-30)]); // a row of zeros stays
	g.op("Div", [moved, some], {}, `next.${p}`);
}

/** Σ along the last axis, which stays as 1. */
function alongRows(g: OnnxGraph, of: string): string {
	return g.op("ReduceSum", [of, g.int([-1])], { keepdims: 1 });
}
