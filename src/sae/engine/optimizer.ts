import type { CpuParts } from "./cpu";
import { sizeOf } from "./store";
import type { StepPlan } from "./trainee";

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

/**
 * Makes the second half of a step: the gradient is kept off the lengths of a unit decoder's rows, clipped, and Adam
 * (Kingma & Ba 2015) moves the weights; then the rows get their length back.
 */
export function makeOptimizer(parts: CpuParts): (plan: StepPlan) => void {
	const { store, parameters, shape, settings, unit_decoder } = parts;
	const { at, kernels } = store;
	const { d_in, d_sae } = shape;
	return ({ t, lr }) => {
		if (unit_decoder) kernels.projectRows(at.g_W_dec, at.W_dec, d_sae, d_in);
		let square = 0;
		for (const p of parameters)
			square += kernels.sumSquares(at[`g_${p}`], sizeOf(p, shape));
		const clip = settings.max_grad_norm / Math.sqrt(square);
		const c1 = 1 - beta1 ** t;
		const c2 = Math.sqrt(1 - beta2 ** t);
		const alpha = (lr * c2) / c1;
		for (const p of parameters) {
			const n = sizeOf(p, shape);
			const g = at[`g_${p}`];
			if (clip < 1) kernels.scale(g, clip, n);
			const [m, v] = [at[`m_${p}`], at[`v_${p}`]];
			kernels.adam(at[p], g, m, v, n, beta1, beta2, alpha, c2 * epsilon);
		}
		if (unit_decoder) kernels.normalizeRows(at.W_dec, d_sae, d_in);
	};
}
