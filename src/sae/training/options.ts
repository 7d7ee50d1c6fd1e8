import { nearNames } from "../../suggest";
import { architectures } from "../architectures";
import type { Architecture, TrainOptions } from "../types";

/** Options that have no default but not being there. */
type Open =
	| "signal"
	| "onRecord"
	| "loss"
	| "validation_split"
	| "early_stopping_patience"
	| "checkpoint_path"
	| "resume_from_checkpoint";

/** TrainOptions with every default filled in. */
export type TrainSettings = Required<Omit<TrainOptions, Open>> &
	Pick<TrainOptions, Exclude<Open, "signal" | "onRecord">> & {
		/** How many steps to take. */
		steps: number;
	};

/**
 * Fills in the defaults and checks the rest against the data.
 * @param n rows to train on
 */
export function trainSettings(options: TrainOptions, n: number): TrainSettings {
	const { architecture, d_sae } = options;
	const known = Object.keys(architectures) as Architecture[];
	if (!known.includes(architecture))
		throw new Error(
			`There is no architecture "${architecture}"; the nearest is "${nearNames(String(architecture), known, 1)[0]}" of "${known.join('", "')}".`,
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
	const rules = architectures[architecture];
	const settings: TrainSettings = {
		l0_coefficient: options.l0_coefficient ?? 1,
		jumprelu_bandwidth: options.jumprelu_bandwidth ?? 0.05,
		jumprelu_init_threshold: options.jumprelu_init_threshold ?? 0.01,
		topk_threshold_lr: options.topk_threshold_lr ?? 0.01,
		matryoshka_widths: options.matryoshka_widths ?? [
			Math.ceil(d_sae / 16),
			Math.ceil(d_sae / 4),
			Math.ceil(d_sae / 2),
			d_sae,
		],
		normalize_activations:
			options.normalize_activations ?? "expected_average_only_in",
		decoder_init_norm:
			options.decoder_init_norm ?? (rules.unit_decoder ? 1 : 0.1),
		b_dec_init_method: options.b_dec_init_method ?? "geometric_median",
		l0_warm_up_steps: options.l0_warm_up_steps ?? share(0.05),
		max_grad_norm: options.max_grad_norm ?? 1,
		resample_steps: options.resample_steps ?? 0,
		n_checkpoints: options.n_checkpoints ?? (options.checkpoint_path ? 1 : 0),
		engine: options.engine ?? (options.loss ? "tfjs" : "onnx"),
		device: options.device ?? "auto",
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
