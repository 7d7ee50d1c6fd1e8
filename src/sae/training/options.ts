import { architectures } from "../architectures";
import type { TrainOptions } from "../types";
import { checkLatents, checkOptions, checkRows } from "./checks";
import { defaultRate } from "./rate";

/** Options that have no default but not being there. */
type Open =
	| "signal"
	| "onRecord"
	| "loss"
	| "group"
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
 * Fills in the defaults. Throws, in one sentence, where an option is out of range, or does not fit another or the data.
 * @param n rows to train on
 */
export function trainSettings(options: TrainOptions, n: number): TrainSettings {
	checkOptions(options);
	checkRows(options, n);
	const { architecture, d_sae } = options;
	const rules = architectures[architecture];
	const batch = options.train_batch_size_tokens ?? Math.min(1024, n);
	const tokens = options.training_tokens ?? 2_000_000;
	const steps = Math.max(1, Math.round(tokens / batch));
	const share = (part: number) => Math.round(part * steps);
	const aux = options.aux_loss_coefficient ?? 1;
	const settings: TrainSettings = {
		architecture,
		d_sae,
		steps,
		k: options.k ?? Math.max(1, Math.min(16, Math.floor(d_sae / 4))),
		l1_coefficient: options.l1_coefficient ?? 2,
		l0_coefficient: options.l0_coefficient ?? 0.025,
		jumprelu_bandwidth: options.jumprelu_bandwidth ?? 1,
		jumprelu_init_threshold: options.jumprelu_init_threshold ?? 0.3,
		topk_threshold_lr: options.topk_threshold_lr ?? 0.01,
		matryoshka_widths: widths(options),
		normalize_activations:
			options.normalize_activations ?? "expected_average_only_in",
		decoder_init_norm:
			options.decoder_init_norm ?? (rules.unit_decoder ? 1 : 0.1),
		b_dec_init_method: options.b_dec_init_method ?? "geometric_median",
		lr: options.lr ?? defaultRate(architecture, d_sae),
		train_batch_size_tokens: batch,
		training_tokens: tokens,
		lr_warm_up_steps: options.lr_warm_up_steps ?? share(0.05),
		lr_decay_steps: options.lr_decay_steps ?? share(0.2),
		l1_warm_up_steps: options.l1_warm_up_steps ?? share(0.05),
		l0_warm_up_steps: options.l0_warm_up_steps ?? share(0.05),
		max_grad_norm: options.max_grad_norm ?? 1,
		aux_loss_coefficient: aux,
		dead_feature_window:
			options.dead_feature_window ?? Math.min(100, Math.max(1, share(0.1))),
		resample_steps:
			options.resample_steps ?? (rules.revives && aux > 0 ? 0 : share(0.1)),
		group: options.group,
		validation_split: options.validation_split,
		early_stopping_patience: options.early_stopping_patience,
		checkpoint_path: options.checkpoint_path,
		n_checkpoints: options.n_checkpoints ?? (options.checkpoint_path ? 1 : 0),
		resume_from_checkpoint: options.resume_from_checkpoint,
		engine: options.engine ?? (options.loss ? "tfjs" : "onnx"),
		device: options.device ?? "auto",
		loss: options.loss,
		seed: options.seed ?? 0,
	};
	checkLatents(options, settings);
	return settings;
}

/** The widths of the nested SAEs, d_sae the last of them. */
function widths({ d_sae, matryoshka_widths }: TrainOptions): number[] {
	const parts = [16, 4, 2].map((part) => Math.floor(d_sae / part));
	const given = matryoshka_widths ?? [
		...new Set(parts.filter((w) => w >= 1 && w < d_sae)),
	];
	return given.at(-1) === d_sae ? [...given] : [...given, d_sae];
}
