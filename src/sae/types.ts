import type { Activations, TokenRows } from "../activations";
import type { Split, SplitRecord } from "../dataset";
import type { TextbookLoss } from "./architectures/textbook";

/** What can be trained. */
export type Architecture =
	| "standard"
	| "topk"
	| "batchtopk"
	| "jumprelu"
	| "gated"
	| "matryoshka";

/** What a trained SAE computes: batchtopk and matryoshka end up as jumprelu, with one threshold for all latents. */
export type InferenceArchitecture = "standard" | "topk" | "jumprelu" | "gated";

/** How a row is scaled before it is encoded; the scaling is undone in the reconstruction. As in SAELens. */
export type Normalization =
	| "none"
	/** By one number, √d_in / E‖x‖: folded into the weights when training ends, so a trained SAE has "none". */
	| "expected_average_only_in"
	/** Each row to the length √d_in. */
	| "constant_norm_rescale"
	/** Each row less its mean, divided by its standard deviation (of n − 1) + 1e-5; undone without the 1e-5. */
	| "layer_norm";

/** What an SAE is, apart from its weights; names as in SAELens' `cfg.json`. */
export interface SaeConfig {
	architecture: InferenceArchitecture;
	/** What it was trained as, where that is another architecture. */
	trained_as?: Architecture;
	/** Width of the activations. */
	d_in: number;
	/** Number of latents. */
	d_sae: number;
	/** Latents kept per row; only for topk. */
	k?: number;
	dtype: "float32";
	/** Whether b_dec is taken off the input before encoding. Always true of what is trained here. */
	apply_b_dec_to_input: boolean;
	/** What happens to each row before it is encoded, and is undone after. */
	normalize_activations: Normalization;
	/** Whether rows are the flattened [n_heads, d_head] of attn.hook_z. Default: no. */
	reshape_activations?: "none" | "hook_z";
	/** Whether each row's mean over d_in is taken out before it is encoded: see `ExtractSettings`. Default: false. */
	center_writing_weights?: boolean;
	/** Where in the model the activations come from. */
	hook_name: string;
	/** For reading; what the model is known by is `model_fingerprint`. */
	model_name: string;
	/** Of the model that it was trained on (`ModelInfo.fingerprint`), where it is known. */
	model_fingerprint?: string;
	/** Whether the model saw BOS before each text. */
	prepend_bos: boolean;
	/** The longest context of the model it was trained on, in tokens. */
	context_size?: number;
	/** Whether texts were packed into contexts of exactly `context_size` tokens, where it is known. */
	packed?: boolean;
	/** Its dashboard, e.g. "gpt2-small/8-res-jb". */
	neuronpedia_id?: string;
	/** The data set that it was trained on. */
	dataset_path?: string;
	/** The seed it was trained from. */
	seed?: number;
	/** Activations it has seen in training, in rows. */
	training_tokens?: number;
	/**
	 * What else its file says of how it was made, with SAELens's keys (exclude_special_tokens, l0, model_class_name, …); written
	 * back as it was read. `hook_name` is there where the file calls the hook by another name.
	 */
	metadata?: Record<string, unknown>;
}

/** Float32, row-major; `x @ W_enc` encodes, and a row of W_dec is a latent's direction. */
export interface SaeWeights {
	W_enc: Float32Array; // [d_in, d_sae]
	W_dec: Float32Array; // [d_sae, d_in]
	b_dec: Float32Array; // [d_in]
	/** All but gated. */
	b_enc?: Float32Array; // [d_sae]
	/** jumprelu: a latent fires where its pre-activation is above this. */
	threshold?: Float32Array; // [d_sae]
	/** gated: bias of the gate. */
	b_gate?: Float32Array; // [d_sae]
	/** gated: bias of the magnitude. */
	b_mag?: Float32Array; // [d_sae]
	/** gated: the magnitude's weights are W_enc · e^r_mag. */
	r_mag?: Float32Array; // [d_sae]
}

/** Compressed rows: row i's latents are `indices[indptr[i] … indptr[i + 1])`, ascending, and no zero is stored. */
export interface SparseRows {
	indptr: Float64Array; // [n + 1]
	indices: Uint32Array;
	values: Float32Array;
	/** Where each row was scaled by itself before encoding: `decode` gives x̂ · scale + shift. */
	scaling?: { shift: Float32Array; scale: Float32Array }; // [n] each
}

/** The latents of every row of a set of activations. */
export interface Latents extends SparseRows {
	kind: "latents";
	/** Where the activations are of another kind than the SAE was trained on: one sentence each. Absent where there is nothing to say. */
	warnings?: string[];
	d_sae: number;
	rows: TokenRows;
	acts: Activations;
	sae: Sae;
}

/** How training went since the record before it. */
export interface TrainingRecord {
	step: number;
	/** Rows seen so far. */
	tokens: number;
	/** What is minimised: mse of the rows as they are trained on + sparsity + auxiliary loss. */
	loss: number;
	/**
	 * Mean over rows of the sum over dimensions of (x̂ − x)², in the activations' own units; of the normalised rows where
	 * they are normalised row by row, and so are l1 and explained_variance.
	 */
	mse: number;
	/** Mean number of latents that fire on a row. */
	l0: number;
	/** Mean over rows of Σ f·‖W_dec‖, in the activations' own units. */
	l1: number;
	/** 1 − mse / (E‖x‖² − ‖E x‖²), over all rows to train on. */
	explained_variance: number;
	/** Latents that have not fired for `dead_feature_window` steps; null while no more steps than that were taken: not known yet. */
	dead: number | null;
	/**
	 * Where a `validation_split` was given: of its rows (512 to 4,096 of them), by the SAE as it would be saved now, and always
	 * in the activations' own units.
	 */
	validation?: { mse: number; explained_variance: number; l0: number };
	/** Wall-clock since the start. */
	seconds: number;
}

export interface TrainingHistory {
	kind: "training";
	architecture: Architecture;
	/** But for `validation` they are of the rows that were trained on. */
	records: TrainingRecord[];
	/** The highest learning rate. */
	lr?: number;
	/** Whether that is the default for the architecture and its number of latents. */
	lr_is_default?: boolean;
	/** Rows there were to train on. */
	n_rows?: number;
	/** How often each was seen: the last record's tokens over `n_rows`. */
	rounds?: number;
	/** How the sentences were split, and so which were trained on. */
	split?: SplitRecord;
	/** What a reader should know, a sentence each. */
	notes?: string[];
	/** What the SAE that came out of a training does, beside what the training counted; absent where it was loaded. */
	check?: TrainingCheck;
}

/** What an SAE has seen. */
export interface TrainedOn {
	/** How the sentences were split. */
	split: SplitRecord;
	/** Of each different text a number of 48 bits (`textKey`), ascending. */
	texts: Float64Array;
}

/** What the SAE as it is returned does with some rows, to be held against what training counted. */
export interface TrainingCheck {
	/** Rows of the train split that were looked at: 4,096 at most, and fewer for a wide SAE. */
	n_rows: number;
	/** Whether those are all there are. */
	whole: boolean;
	/** Mean number of latents that fire on a row. */
	l0: number;
	/** Of these rows, in the activations' own units. */
	explained_variance: number;
	/** Latents that fire on none of these rows. */
	silent: number;
	/** The same of rows of the `validation_split`, where there is one. */
	validation?: { n_rows: number; l0: number; explained_variance: number };
}

/** How to save an SAE. */
export interface SaveOptions {
	/**
	 * How often each latent fires: the share of rows [d_sae], or latents to count it in. It goes into `sparsity.safetensors`.
	 * Default: `log_sparsity`, where the SAE has it.
	 */
	density?: Float32Array | Latents;
}

/**
 * A sparse autoencoder: `trainSae` or `loadSae` makes one. Its weights are to be read: once it has encoded something, it
 * does not see a change of them. Make another one of changed weights with `makeSae`.
 */
export interface Sae extends SaeWeights {
	kind: "sae";
	cfg: SaeConfig;
	/** Without records where it was loaded. */
	history: TrainingHistory;
	/** Wall-clock of the training; 0 where it was loaded. */
	seconds: number;
	/**
	 * Set where training ended before its last step: by its signal ("interrupted"), since the validation rows were no longer
	 * reconstructed better ("early"). The weights are those of the last whole step.
	 */
	stopped?: "interrupted" | "early";
	/** log10(firing frequency + 1e-10) of each latent [d_sae], where it is known: `sparsity.safetensors` of SAELens. */
	log_sparsity?: Float32Array;
	/** What it was trained on, so that it is never judged on that without a word; absent where that is not known. */
	trained_on?: TrainedOn;
	/** What is doubtful, found in loading it or where a training and what came out of it differ, one sentence each; absent where there is nothing to say. */
	warnings?: string[];
	/**
	 * The latents of all rows, sparse. Throws where d_in differs or a value is not finite. Where the model, the hook, BOS or
	 * the length of the contexts is not what the SAE was trained on, the latents carry warnings.
	 */
	encode(
		acts: Activations,
		options?: {
			/** Ends it, with the signal's reason as error. Default: the notebook's interrupt. */
			signal?: AbortSignal;
		},
	): Promise<Latents>;
	/** Dense reconstructions [rows, d_in] of the rows from `from` up to `to`, in the units of the activations; default: all. */
	decode(
		latents: SparseRows,
		rows?: { from?: number; to?: number },
	): Float32Array;
	/** The latents of rows [n, d_in], as the model has them: centring and scaling happen inside. */
	encodeRows(x: Float32Array): Promise<SparseRows>;
	/** Rows [n, d_in] as the SAE is to reconstruct them: a copy, without each row's mean where `center_writing_weights`. */
	input(x: Float32Array): Float32Array;
	/** decode(encode(x)) of rows [n, d_in], the same shape. */
	reconstruct(x: Float32Array): Promise<Float32Array>;
	/**
	 * The same SAE with decoder rows of length 1: a latent is multiplied by the length that its row had, and the
	 * reconstruction stays. As in SAELens. Throws for a topk SAE whose rows differ in length: its choice would be another.
	 */
	fold_W_dec_norm(): Sae;
	/** Writes `cfg.json`, `sae_weights.safetensors` and, where known, `sparsity.safetensors` as SAELens 6 does; makes the folder. */
	save(folder: string, options?: SaveOptions): void;
}

/** How to train. Names as in SAELens. */
export interface TrainOptions {
	architecture: Architecture;
	/** Number of latents. */
	d_sae: number;
	/** topk, batchtopk, matryoshka: latents kept per row (of batchtopk and matryoshka on average). Default: 16, or d_sae / 4 where that is less. */
	k?: number;
	/** standard, gated: weight λ of the sparsity penalty, on activations normalised as below. Default: 2. */
	l1_coefficient?: number;
	/** jumprelu: weight λ of the number of latents that fire, on activations normalised as below. Default: 0.025. */
	l0_coefficient?: number;
	/** jumprelu: width ε of the window around the threshold in which its gradient is estimated. Default: 1. */
	jumprelu_bandwidth?: number;
	/** jumprelu: the threshold at the start, on activations normalised as below. Default: 0.3. */
	jumprelu_init_threshold?: number;
	/** batchtopk, matryoshka: how fast the threshold of the saved SAE follows the batches. Default: 0.01. */
	topk_threshold_lr?: number;
	/** matryoshka: how many latents each nested SAE has, increasing; d_sae is added. Default: d_sae / 16, / 4, / 2. */
	matryoshka_widths?: readonly number[];
	/** What happens to the rows before. Default: "expected_average_only_in". */
	normalize_activations?: Normalization;
	/** Length of the decoder's rows at the start. Default: 0.1; 1 where the decoder is kept at length 1 (topk, batchtopk, matryoshka). */
	decoder_init_norm?: number;
	/**
	 * Where b_dec starts. Default: "geometric_median", which neither a huge constant direction nor a few huge rows upset; where
	 * there are none, as in the bundled model, "zeros" leaves 1 to 2 % less unexplained.
	 */
	b_dec_init_method?: "geometric_median" | "mean" | "zeros";
	/**
	 * The highest learning rate. Default: 0.003 · min(1, 1,024 / d_sae), but at least 0.001, for topk, batchtopk and matryoshka,
	 * as measured (bench/results/rates.md); 0.003 for jumprelu, whose thresholds have far to go; 0.001 for standard and gated,
	 * for which another rate is another L0 at the same λ.
	 */
	lr?: number;
	/** Rows per step. Default: 1,024, or all there are where they are fewer. */
	train_batch_size_tokens?: number;
	/** Rows to see in all; more than there are means several epochs. Default: 2,000,000. */
	training_tokens?: number;
	/** Steps over which the learning rate rises from 0. Default: 5 % of them. */
	lr_warm_up_steps?: number;
	/** Steps at the end over which it falls to 0, linearly. Default: 20 % of them. */
	lr_decay_steps?: number;
	/** standard, gated: steps over which λ rises from 0. Default: 5 % of them. */
	l1_warm_up_steps?: number;
	/** jumprelu: steps over which λ rises from 0. Default: 5 % of them. */
	l0_warm_up_steps?: number;
	/** A gradient over all weights that is longer is shortened to this. Default: 1. */
	max_grad_norm?: number;
	/** topk, batchtopk, matryoshka: weight of the auxiliary loss that revives dead latents. Default: 1. */
	aux_loss_coefficient?: number;
	/**
	 * Steps without firing after which a latent counts as dead. Default: a tenth of all steps, at most 100: in a short
	 * training those that died early are revived in time (1,024 latents, 195 steps: 2 % stay dead, with 100 it is 11 %).
	 */
	dead_feature_window?: number;
	/**
	 * Every so many steps dead latents are made anew from rows that are reconstructed badly (Bricken et al. 2023), until the
	 * learning rate falls: see `resampleDead`. 0: never. Default: 0 with the auxiliary loss, otherwise a tenth of the steps.
	 */
	resample_steps?: number;
	/**
	 * A label column whose values are kept together by the split, where one is made, e.g. "author". Default: the sentences'
	 * own `group`.
	 */
	group?: string;
	/** A split whose rows are reconstructed for every record, so that it is seen how training carries over. Default: none. */
	validation_split?: Split;
	/** Stop when so many records in a row brought no better reconstruction of `validation_split`. Default: never. */
	early_stopping_patience?: number;
	/**
	 * Where checkpoints go: a folder for each, named for the rows seen, that `loadSae` reads as well. A training that is
	 * interrupted or ends early writes one more. The folder may hold checkpoints of the same training, but of no other.
	 * Default: none are written.
	 */
	checkpoint_path?: string;
	/** How many, evenly spread; the last one is the finished SAE. Default: 1 where there is a path. */
	n_checkpoints?: number;
	/**
	 * A checkpoint's folder, or the folder of many, whose last whole one is taken: training goes on there, as if it had never
	 * stopped. All options that change the course have to be the same, and so do the activations.
	 */
	resume_from_checkpoint?: string;
	/** What computes: "onnx" (ONNX Runtime and WebAssembly) or "tfjs" (TensorFlow.js with automatic differentiation: slow, and the textbook). Default: "onnx", "tfjs" with a `loss` of your own. */
	engine?: "onnx" | "tfjs";
	/** Where "onnx" computes. "auto": on a graphics processor where one is there and was faster when tried, else on the CPU. Default: "auto". */
	device?: "auto" | "cpu" | "webgpu";
	/**
	 * A loss of your own, in TensorFlow.js, instead of the architecture's; see `TextbookLoss`. The SAE still has the
	 * architecture's latents, tensors and constraints.
	 */
	loss?: TextbookLoss;
	/** Same seed, same weights, on the same machine; of the split as well, where one is made. Default: 0. */
	seed?: number;
	/** Stops after the step at hand; the SAE comes back with `stopped: "interrupted"`. Default: the notebook's interrupt. */
	signal?: AbortSignal;
	/** Called for each of about 100 records. Default: in a notebook, curves of the training once it has taken three seconds. */
	onRecord?: (record: TrainingRecord) => void;
}
