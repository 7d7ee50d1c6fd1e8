import { nearNames } from "../../suggest";
import type { Architecture, TrainOptions } from "../types";

/** TrainOptions with every default filled in. */
export type TrainSettings = Required<
	Omit<TrainOptions, "signal" | "onRecord">
> & {
	/** How many steps to take. */
	steps: number;
};

const architectures: Architecture[] = ["standard", "topk"];

/**
 * Fills in the defaults and checks the rest against the data.
 * @param n rows to train on
 */
export function trainSettings(options: TrainOptions, n: number): TrainSettings {
	const { architecture, d_sae } = options;
	if (!architectures.includes(architecture))
		throw new Error(
			`There is no architecture "${architecture}"; the nearest is "${nearNames(String(architecture), architectures, 1)[0]}" of "${architectures.join('", "')}".`,
		);
	if (n === 0)
		throw new Error(
			"There are no activations to train on: extract some, from sentences of the train split where there is one.",
		);
	whole({ d_sae }, 1);
	const k = options.k ?? Math.min(16, d_sae);
	whole({ k }, 1);
	if (architecture === "topk" && k > d_sae)
		throw new Error(
			`k is ${k} and d_sae is ${d_sae}: no more latents can be kept per row than there are, so give a k of at most ${d_sae}.`,
		);
	const batch = Math.min(options.train_batch_size_tokens ?? 1024, n);
	const tokens = options.training_tokens ?? 2_000_000;
	whole({ train_batch_size_tokens: batch }, 1);
	whole({ training_tokens: tokens }, 1);
	const steps = Math.max(1, Math.round(tokens / batch));
	const share = (part: number) => Math.round(part * steps);
	const settings = {
		architecture,
		d_sae,
		k,
		steps,
		train_batch_size_tokens: batch,
		training_tokens: tokens,
		l1_coefficient: options.l1_coefficient ?? 2,
		lr: options.lr ?? 0.001,
		lr_warm_up_steps: options.lr_warm_up_steps ?? share(0.05),
		lr_decay_steps: options.lr_decay_steps ?? share(0.2),
		l1_warm_up_steps: options.l1_warm_up_steps ?? share(0.05),
		aux_loss_coefficient: options.aux_loss_coefficient ?? 1,
		dead_feature_window: options.dead_feature_window ?? 100,
		seed: options.seed ?? 0,
	};
	const { lr, l1_coefficient, aux_loss_coefficient, ...rest } = settings;
	notNegative({ lr, l1_coefficient, aux_loss_coefficient });
	const { lr_warm_up_steps, lr_decay_steps, l1_warm_up_steps, seed } = rest;
	const { dead_feature_window } = rest;
	for (const [name, value] of Object.entries({
		lr_warm_up_steps,
		lr_decay_steps,
		l1_warm_up_steps,
		dead_feature_window,
		seed,
	}))
		whole({ [name]: value }, 0);
	return settings;
}

function whole(named: Record<string, number>, least: number): void {
	for (const [name, value] of Object.entries(named))
		if (!Number.isInteger(value) || value < least)
			throw new Error(
				`${name} is ${value}; a whole number of at least ${least} is needed.`,
			);
}

function notNegative(named: Record<string, number>): void {
	for (const [name, value] of Object.entries(named))
		if (!(value >= 0 && value < Infinity))
			throw new Error(`${name} is ${value}; a number from 0 up is needed.`);
}
