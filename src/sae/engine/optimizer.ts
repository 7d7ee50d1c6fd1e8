import { parameters, type Trainee } from "./trainee";
import type { TrainSettings } from "../training/options";

/** How long a gradient over all weights may be; a longer one is shortened. */
const MAX_GRADIENT = 1;

/** One Adam step over all parameters, with clipping and the learning rate's rise and fall. */
export function adamOptimizer({ store }: Trainee, settings: TrainSettings) {
	const { array, at, kernels } = store;
	const { lr, lr_warm_up_steps, lr_decay_steps, steps } = settings;
	const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
	return (step: number) => {
		let square = 0;
		for (const p of parameters)
			square += kernels.sumSquares(at[`g_${p}`], array[p].length);
		const clip = MAX_GRADIENT / Math.sqrt(square);
		const rise = Math.min(1, (step + 1) / lr_warm_up_steps);
		const fall = Math.min(1, (steps - step) / lr_decay_steps);
		const c1 = 1 - beta1 ** (step + 1);
		const c2 = Math.sqrt(1 - beta2 ** (step + 1));
		const alpha = (lr * rise * fall * c2) / c1;
		for (const p of parameters) {
			const n = array[p].length;
			const g = at[`g_${p}`];
			if (clip < 1) kernels.scale(g, clip, n);
			const [m, v] = [at[`m_${p}`], at[`v_${p}`]];
			kernels.adam(at[p], g, m, v, n, beta1, beta2, alpha, c2 * epsilon);
		}
	};
}
