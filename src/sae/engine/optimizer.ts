import type { CpuParts } from "./cpu";
import { sizeOf } from "./store";
import type { Parameter, StepPlan } from "./trainee";

export const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

export type OptimizerParts = Pick<
	CpuParts,
	"store" | "parameters" | "shape" | "settings" | "unit_decoder"
>;

/** Numbers that a thread moves at a time; a multiple of four. */
const numbersAPart = 1 << 15;

/**
 * Makes the second half of a step: the gradient is kept off the lengths of a unit decoder's rows, clipped, and Adam
 * (Kingma & Ba 2015) moves the weights; then the rows get their length back. All this is one pass over each tensor: a
 * sparse step leaves the length of the gradient (`squares`) and the part of it along each row of a unit decoder
 * (`along`), and of a dense step they are computed first.
 */
export function makeOptimizer(
	parts: OptimizerParts,
): (plan: Pick<StepPlan, "t" | "lr">) => void {
	const { store, parameters, shape, settings, unit_decoder } = parts;
	const { array, kernels, crew } = store;
	const { d_in, d_sae } = shape;
	const at = store.at as Record<string, number>;

	function squaredLength(): number {
		const { squares, along } = array as Record<string, Float32Array>;
		if (squares) return squares.reduce((a, b) => a + b, sumOf(["b_dec"]));
		let sum = sumOf(parameters);
		if (!unit_decoder) return sum;
		for (let i = 0; i < d_sae; i++) {
			const row = 4 * i * d_in;
			along[i] = kernels.dot(at.g_W_dec + row, at.W_dec + row, d_in);
			sum -= along[i] ** 2;
		}
		return sum;
	}

	function sumOf(names: readonly Parameter[]): number {
		let sum = 0;
		for (const p of names)
			sum += kernels.sumSquares(at[`g_${p}`], sizeOf(p, shape));
		return sum;
	}

	return ({ t, lr }) => {
		const clip = Math.min(
			1,
			settings.max_grad_norm / Math.sqrt(squaredLength()),
		);
		const c2 = Math.sqrt(1 - beta2 ** t);
		const alpha = (lr * c2) / (1 - beta1 ** t);
		const adam = [clip, beta1, beta2, alpha, c2 * epsilon];
		for (const p of parameters) {
			const where = [at[p], at[`g_${p}`], at[`m_${p}`], at[`v_${p}`]];
			if (unit_decoder && p === "W_dec") {
				const step = Math.ceil(numbersAPart / d_in);
				crew.run(
					"adamUnitRows",
					d_sae,
					step,
					d_in,
					...where,
					at.along,
					...adam,
				);
			} else
				crew.run("adam", sizeOf(p, shape), numbersAPart, ...where, ...adam);
		}
	};
}
