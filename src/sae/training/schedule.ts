import { architectures } from "../architectures";
import type { StepPlan } from "../engine/trainee";
import type { TrainSettings } from "./options";

/** The schedules at a step, from 0: the learning rate rises and falls, the weight of the sparsity term rises. */
export function planStep(
	settings: TrainSettings,
	step: number,
	dead: Uint32Array,
): StepPlan {
	const { steps, lr, lr_warm_up_steps, lr_decay_steps } = settings;
	const rise = Math.min(1, (step + 1) / lr_warm_up_steps);
	const fall = Math.min(1, (steps - step) / lr_decay_steps);
	const { sparsity } = architectures[settings.architecture];
	const coefficient = sparsity
		? settings[sparsity] * Math.min(1, (step + 1) / warmUp(settings))
		: 0;
	return { t: step + 1, lr: lr * rise * fall, coefficient, dead };
}

/** Steps until the weight of the sparsity term is what it stays. */
function warmUp(settings: TrainSettings): number {
	const { sparsity } = architectures[settings.architecture];
	if (!sparsity) return 0;
	return settings[
		sparsity === "l0_coefficient" ? "l0_warm_up_steps" : "l1_warm_up_steps"
	];
}

/** Whether all that rises has risen by the end of this step (counted from 1). */
export function isWarm(settings: TrainSettings, step: number): boolean {
	return step > Math.max(settings.lr_warm_up_steps, warmUp(settings));
}

/** Steps (counted from 1) after which there is a record: about 100, and the last. */
export function isRecord({ steps }: TrainSettings, step: number): boolean {
	return step % Math.ceil(steps / 100) === 0 || step === steps;
}

/** Steps after which dead latents are made anew: until the learning rate falls, so that they have time to learn. */
export function isResampling(settings: TrainSettings, step: number): boolean {
	const { resample_steps: every, steps, lr_decay_steps } = settings;
	return every > 0 && step % every === 0 && step < steps - lr_decay_steps;
}

/** Steps after which there is a checkpoint: n_checkpoints of them, evenly spread, and the last step is one. */
export function isCheckpoint(settings: TrainSettings, step: number): boolean {
	const { n_checkpoints: n, steps } = settings;
	if (n === 0) return false;
	const before = Math.floor(((step - 1) * n) / steps);
	return Math.floor((step * n) / steps) > before;
}

/** How many steps can be taken in one call: as many as wanted, but nothing may be due between them. */
export function stepsUntilDue(
	settings: TrainSettings,
	step: number,
	wanted: number,
): number {
	let n = 1;
	for (let done = step + 1; n < wanted && done < settings.steps; n++, done++)
		if (
			isCheckpoint(settings, done) ||
			isResampling(settings, done) ||
			(settings.validation_split && isRecord(settings, done))
		)
			break;
	return n;
}
