import { nearNames } from "../../suggest";
import { architectures } from "../architectures";
import type { TrainOptions } from "../types";
import type { TrainSettings } from "./options";

/** Every option, so that a misspelt one is found. */
const known: Record<keyof TrainOptions, true> = {
	architecture: true,
	d_sae: true,
	k: true,
	l1_coefficient: true,
	l0_coefficient: true,
	jumprelu_bandwidth: true,
	jumprelu_init_threshold: true,
	topk_threshold_lr: true,
	matryoshka_widths: true,
	normalize_activations: true,
	decoder_init_norm: true,
	b_dec_init_method: true,
	lr: true,
	train_batch_size_tokens: true,
	training_tokens: true,
	lr_warm_up_steps: true,
	lr_decay_steps: true,
	l1_warm_up_steps: true,
	l0_warm_up_steps: true,
	max_grad_norm: true,
	aux_loss_coefficient: true,
	dead_feature_window: true,
	resample_steps: true,
	group: true,
	validation_split: true,
	early_stopping_patience: true,
	checkpoint_path: true,
	n_checkpoints: true,
	resume_from_checkpoint: true,
	engine: true,
	device: true,
	loss: true,
	seed: true,
	signal: true,
	onRecord: true,
};

/** What the options that are words may be. */
const words = {
	architecture: Object.keys(architectures),
	normalize_activations: [
		"none",
		"expected_average_only_in",
		"constant_norm_rescale",
		"layer_norm",
	],
	b_dec_init_method: ["geometric_median", "mean", "zeros"],
	validation_split: ["validation", "test"],
	engine: ["onnx", "tfjs"],
	device: ["auto", "cpu", "webgpu"],
};

/** Options that are whole numbers, and the smallest that each may be. */
const counts = {
	d_sae: 1,
	k: 1,
	train_batch_size_tokens: 1,
	training_tokens: 1,
	lr_warm_up_steps: 0,
	lr_decay_steps: 0,
	l1_warm_up_steps: 0,
	l0_warm_up_steps: 0,
	dead_feature_window: 0,
	resample_steps: 0,
	early_stopping_patience: 1,
	n_checkpoints: 0,
	seed: 0,
};

/** Options that are numbers above zero, or from zero up. */
const positive = [
	"jumprelu_bandwidth",
	"jumprelu_init_threshold",
	"decoder_init_norm",
	"max_grad_norm",
] as const;
const fromZero = [
	"lr",
	"l1_coefficient",
	"l0_coefficient",
	"aux_loss_coefficient",
] as const;

/** Throws, in one sentence, where an option alone is out of range. */
export function checkOptions(options: TrainOptions): void {
	for (const name of Object.keys(options))
		if (!Object.hasOwn(known, name))
			throw new Error(
				`There is no option "${name}"; the nearest is "${nearNames(name, Object.keys(known), 1)[0]}".`,
			);
	checkWords(options);
	for (const [name, least] of Object.entries(counts))
		checkCount(name, options[name as keyof typeof counts], least);
	const range = (name: keyof TrainOptions, fits: boolean, which: string) => {
		if (options[name] !== undefined && !fits)
			throw new Error(
				`${name} is ${options[name]}; a number ${which} is needed.`,
			);
	};
	for (const name of positive)
		range(name, finite(options[name]) && Number(options[name]) > 0, "above 0");
	for (const name of fromZero)
		range(
			name,
			finite(options[name]) && Number(options[name]) >= 0,
			"from 0 up",
		);
	const rate = Number(options.topk_threshold_lr);
	range("topk_threshold_lr", rate > 0 && rate <= 1, "above 0, at most 1,");
	checkTogether(options);
}

function checkWords(options: TrainOptions): void {
	for (const [name, allowed] of Object.entries(words)) {
		const value = options[name as keyof typeof words];
		if (value === undefined && name !== "architecture") continue;
		if (typeof value === "string" && allowed.includes(value)) continue;
		if (value === "train" && name === "validation_split")
			throw new Error(
				'validation_split is "train", the rows to train on; give another split, such as "validation".',
			);
		const near = nearNames(String(value), allowed, 1)[0];
		throw new Error(
			`There is no ${name} "${value}"; the nearest is "${near}" of "${allowed.join('", "')}".`,
		);
	}
}

/** Throws where a value is no whole number of at least `least`. */
export function checkCount(
	name: string,
	value: unknown,
	least: number,
	at = name === "d_sae",
): void {
	if (value === undefined && !at) return;
	if (!Number.isSafeInteger(value) || Number(value) < least)
		throw new Error(
			`${name} is ${value}; a whole number of at least ${least} is needed.`,
		);
}

function finite(value: unknown): boolean {
	return typeof value === "number" && Number.isFinite(value);
}

/** Options that do not go with one another. */
function checkTogether(options: TrainOptions): void {
	const { engine, device, loss } = options;
	if (loss !== undefined && typeof loss !== "function")
		throw new Error(
			`loss is ${typeof loss === "object" ? "an object" : `"${loss}"`}; a function (tf, x, w, now) → { total, mse } is needed: see TextbookLoss.`,
		);
	if (loss && engine === "onnx")
		throw new Error(
			'A loss of your own is differentiated by TensorFlow.js, and engine is "onnx": leave engine out, or give "tfjs".',
		);
	if (device === "webgpu" && (loss || engine === "tfjs"))
		throw new Error(
			'device is "webgpu", and engine "tfjs" computes on the CPU: leave device out, or use engine "onnx".',
		);
	if (options.early_stopping_patience && !options.validation_split)
		throw new Error(
			"early_stopping_patience is given without a validation_split, whose reconstruction it waits for: give both.",
		);
	if (options.n_checkpoints && !options.checkpoint_path)
		throw new Error(
			`n_checkpoints is ${options.n_checkpoints}, and there is no checkpoint_path to write them to: give one.`,
		);
}

/** Throws where the numbers of latents do not fit together. */
export function checkLatents(
	options: TrainOptions,
	{ architecture, d_sae, k, matryoshka_widths: widths }: TrainSettings,
): void {
	const chooses = ["topk", "batchtopk", "matryoshka"].includes(architecture);
	if (chooses && k >= d_sae)
		throw new Error(
			d_sae === 1
				? `d_sae is 1, and ${architecture} chooses among latents: give at least 2.`
				: `k is ${k} and d_sae is ${d_sae}: fewer latents have to be kept per row than there are, so give a k of at most ${d_sae - 1}.`,
		);
	if (architecture !== "matryoshka") return;
	const given = `matryoshka_widths are [${(options.matryoshka_widths ?? widths).join(", ")}]`;
	for (const [i, width] of widths.entries()) {
		if (!Number.isSafeInteger(width) || width < 1)
			throw new Error(
				`${given}; whole numbers of at least 1 are needed, increasing up to d_sae (${d_sae}).`,
			);
		if (i > 0 && width <= widths[i - 1])
			throw new Error(
				width === d_sae
					? `${given}, and d_sae is ${d_sae}: each nested SAE needs fewer latents than the whole.`
					: `${given}; each has to be larger than the one before it.`,
			);
	}
}

/** Throws where the options do not fit the n rows to train on. */
export function checkRows(options: TrainOptions, n: number): void {
	if (n === 0)
		throw new Error(
			"There are no activations to train on: extract some, from sentences of the train split where there is one.",
		);
	const batch = options.train_batch_size_tokens ?? 0;
	if (batch > n)
		throw new Error(
			`train_batch_size_tokens is ${batch}, and there are ${n} rows to train on: give at most ${n}, or extract more.`,
		);
}
