import type { Activations, TokenRows } from "../activations";

export type Architecture = "standard" | "topk";

/** What an SAE is, apart from its weights; names as in SAELens' `cfg.json`. */
export interface SaeConfig {
	architecture: Architecture;
	/** Width of the activations. */
	d_in: number;
	/** Number of latents. */
	d_sae: number;
	/** Latents kept per row; only for topk. */
	k?: number;
	dtype: "float32";
	/** b_dec is taken off the input before encoding. */
	apply_b_dec_to_input: true;
	/** The weights work on activations as they are: a scale used in training is folded into them. */
	normalize_activations: "none";
	/** Where in the model the activations come from. */
	hook_name: string;
	model_name: string;
	/** Whether the model saw BOS before each text. */
	prepend_bos: boolean;
	/** The longest context of the model it was trained on, in tokens. */
	context_size?: number;
	/** The seed it was trained from. */
	seed?: number;
	/** Activations it has seen in training, in rows. */
	training_tokens?: number;
}

/** Float32, row-major; `x @ W_enc` encodes, and a row of W_dec is a latent's direction. */
export interface SaeWeights {
	W_enc: Float32Array; // [d_in, d_sae]
	b_enc: Float32Array; // [d_sae]
	W_dec: Float32Array; // [d_sae, d_in]
	b_dec: Float32Array; // [d_in]
}

/** Compressed rows: row i's latents are `indices[indptr[i] … indptr[i + 1])`, ascending, and no zero is stored. */
export interface SparseRows {
	indptr: Float64Array; // [n + 1]
	indices: Uint32Array;
	values: Float32Array;
}

/** The latents of every row of a set of activations. */
export interface Latents extends SparseRows {
	kind: "latents";
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
	/** What is minimised: mse of the scaled activations + sparsity + auxiliary loss. */
	loss: number;
	/** Mean over rows of the sum over dimensions of (x̂ − x)², in the activations' own units. */
	mse: number;
	/** Mean number of latents that fire on a row. */
	l0: number;
	/** Mean over rows of Σ f·‖W_dec‖, in the activations' own units. */
	l1: number;
	/** 1 − mse / (E‖x‖² − ‖E x‖²), over all rows to train on. */
	explained_variance: number;
	/** Latents that have not fired for `dead_feature_window` steps. */
	dead: number;
	/** Wall-clock since the start. */
	seconds: number;
}

export interface TrainingHistory {
	kind: "training";
	architecture: Architecture;
	records: TrainingRecord[];
}

/** A sparse autoencoder: `trainSae` or `loadSae` makes one. */
export interface Sae extends SaeWeights {
	kind: "sae";
	cfg: SaeConfig;
	/** Without records where it was loaded. */
	history: TrainingHistory;
	/** Wall-clock of the training; 0 where it was loaded. */
	seconds: number;
	/** Set where training was interrupted: the weights are those of the last whole step. */
	stopped?: "interrupted";
	/** The latents of all rows, sparse. Throws where d_in differs or a value is not finite. */
	encode(
		acts: Activations,
		options?: { signal?: AbortSignal },
	): Promise<Latents>;
	/** Dense reconstructions [rows, d_in] of the rows from `from` up to `to`; default: all. */
	decode(
		latents: SparseRows,
		rows?: { from?: number; to?: number },
	): Float32Array;
	/** The latents of rows [n, d_in]. */
	encodeRows(x: Float32Array): Promise<SparseRows>;
	/** decode(encode(x)) of rows [n, d_in], the same shape. */
	reconstruct(x: Float32Array): Promise<Float32Array>;
	/** Writes `cfg.json` and `sae_weights.safetensors` as SAELens 6 does; makes the folder. */
	save(folder: string): void;
}

/** How to train. Names as in SAELens. */
export interface TrainOptions {
	/** "standard" (ReLU and an L1 penalty) or "topk". */
	architecture: Architecture;
	/** Number of latents. */
	d_sae: number;
	/** topk: latents kept per row. Default: 16, or d_sae where that is fewer. */
	k?: number;
	/** standard: weight λ of the sparsity penalty on activations scaled to a mean norm of √d_in. Default: 2. */
	l1_coefficient?: number;
	/** The highest learning rate. Default: 0.001. */
	lr?: number;
	/** Rows per step. Default: 1,024. */
	train_batch_size_tokens?: number;
	/** Rows to see in all; more than there are means several epochs. Default: 2,000,000. */
	training_tokens?: number;
	/** Steps over which the learning rate rises from 0. Default: 5 % of them. */
	lr_warm_up_steps?: number;
	/** Steps at the end over which it falls to 0, linearly. Default: 20 % of them. */
	lr_decay_steps?: number;
	/** standard: steps over which λ rises from 0. Default: 5 % of them. */
	l1_warm_up_steps?: number;
	/** topk: weight of the auxiliary loss that revives dead latents. Default: 1. */
	aux_loss_coefficient?: number;
	/** Steps without firing after which a latent counts as dead. Default: 100. */
	dead_feature_window?: number;
	/** Same seed, same weights, on the same machine. Default: 0. */
	seed?: number;
	/** Stops after the step at hand; the SAE comes back with `stopped: "interrupted"`. */
	signal?: AbortSignal;
	/** Called for each of about 100 records. */
	onRecord?: (record: TrainingRecord) => void;
}
