import { makeOptimizer } from "./optimizer";
import type { Store } from "./store";
import type {
	Parameter,
	StepLoss,
	StepPlan,
	Trainee,
	TraineeSettings,
	TraineeShape,
} from "./trainee";

/** What an architecture brings to be trained on the CPU. */
export interface CpuParts {
	store: Store;
	parameters: readonly Parameter[];
	shape: TraineeShape;
	settings: Pick<TraineeSettings, "max_grad_norm">;
	/** Whether the rows of W_dec are kept at length 1. */
	unit_decoder: boolean;
	/** 1 for latents that fired in the last step. */
	fired: Uint8Array; // [d_sae]
	/** Numbers besides the tensors that training changes. */
	numbers?: Record<string, number>;
	/** Fills the gradients `g_…` from `x` and the weights. */
	gradients(plan: StepPlan): Promise<StepLoss>;
	release(): Promise<void>;
}

/** A trainee on the CPU: its state lies open. */
export interface CpuTrainee extends Trainee, CpuParts {
	steps_per_call: 1;
}

export function cpuTrainee(parts: CpuParts): CpuTrainee {
	const { store, parameters, fired, numbers = {} } = parts;
	const optimize = makeOptimizer(parts);
	const names = parameters.flatMap((p) => [p, `m_${p}`, `v_${p}`] as const);
	const array = store.array as Record<string, Float32Array>;
	return {
		...parts,
		steps_per_call: 1,
		x: store.array.x,
		async step([plan]) {
			const loss = await parts.gradients(plan);
			optimize(plan);
			return [{ ...loss, fired }];
		},
		read: async () => ({
			tensors: Object.fromEntries(names.map((name) => [name, array[name]])),
			numbers,
		}),
		async write({ tensors = {}, numbers: given = {} }) {
			for (const [name, data] of Object.entries(tensors))
				if (data !== array[name]) array[name].set(data);
			Object.assign(numbers, given);
		},
	};
}
