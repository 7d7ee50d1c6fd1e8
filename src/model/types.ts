import type { AnyHookName } from "./hook-names";
import type { WeightTensors } from "./weight-tensors";

/** What a GPT-2 is made of; names as in TransformerLens. */
export interface ModelInfo {
	/**
	 * For reading: a bundled name such as "tiny-gpt2", a hub id, or what the folder is called. Two models may have one.
	 */
	name: string;
	/** Of the weights: what a model is known by. Absent where a file of an older version tells of it. */
	fingerprint?: string;
	/** The folder that holds config.json and model.safetensors. */
	folder: string;
	/** The revision in the Hugging Face cache, where it came from there. */
	revision?: string;
	/** "gpt2", or what an ONNX decoder's config.json has; absent where none says, and in files of older versions. */
	model_type?: string;
	n_layers: number;
	n_heads: number;
	d_model: number;
	d_head: number;
	d_mlp: number;
	/** The longest context, in tokens. */
	n_ctx: number;
	d_vocab: number;
	/** "gelu_new", "gelu" or "relu". */
	activation_function: string;
	layer_norm_epsilon: number;
	bos_token_id: number | null;
	eos_token_id: number | null;
	/** What a reader should know, a sentence each; absent where there is nothing to say. */
	notes?: string[];
}

/** What a block has hooks at, after "blocks.L." */
export type BlockHook =
	| `hook_${"resid_pre" | "attn_out" | "resid_mid" | "mlp_out" | "resid_post"}`
	| `${"ln1" | "ln2"}.hook_${"scale" | "normalized" | "out"}`
	| `attn.hook_${"q" | "k" | "v" | "attn_scores" | "pattern" | "z" | "result"}`
	| `mlp.hook_${"pre" | "post"}`;

/** The layers that completion offers; any other number is a layer as well. */
type Layer = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11;

/** A place in the model whose values can be read, named as in TransformerLens. */
export type HookName =
	| "hook_embed"
	| "hook_pos_embed"
	| `blocks.${Layer}.${BlockHook}`
	// The intersection keeps the union from swallowing the names above, which completion would then not know.
	| (`blocks.${number}.${BlockHook}` & Record<never, never>)
	| `ln_final.hook_${"scale" | "normalized" | "out"}`;

/** One text as tokens. The four arrays have one entry per token. */
export interface Tokens {
	ids: Int32Array;
	/** Where the token's characters begin in the text (UTF-16); 0 for the token that begins a text. */
	start: Uint32Array;
	/** Where they end, exclusive. Tokens that share a character all cover it whole. */
	end: Uint32Array;
	/** 1 for special tokens. */
	special: Uint8Array;
	/** Tokens dropped at the end because the text is longer than the context. */
	cut: number;
}

/** Several texts side by side. */
export interface TokenBatch {
	/** [batch, seq], padded on the right. */
	ids: Int32Array;
	/** [batch]: tokens without the padding. */
	lengths: Int32Array;
	batch: number;
	seq: number;
	/** [batch]: tokens that are missing at a text's end (`Tokens.cut`); absent where none is. */
	cut?: Int32Array;
}

/** The ids of a text's tokens. */
export type TokenIds = Int32Array | Uint32Array | readonly number[];

/** Numbers with their shape, row-major. */
export interface Tensor {
	data: Float32Array;
	dims: number[];
	/** Of values over texts (the first axis): where each ends. What lies beyond is padding, and NaN. */
	texts?: {
		/** [batch]: entries that a text has. */
		lengths: Int32Array;
		/** The axes that they lie along: [1], or [2, 3] of attention's queries and keys. */
		axes: number[];
		/** [batch]: tokens that were cut off a text's end before the run; absent where none was. */
		cut?: Int32Array;
	};
}

/** A change to the values at a hook while the model runs. Several at one hook apply in the order given. */
export type Intervention = {
	/** Any hook with one vector a token but the norms' scales; d is its width (n_heads · d_head for q, k, v, z). */
	hook_name: AnyHookName;
	/**
	 * Positions that it applies to, in every text; a negative one counts from the text's own end (in `generate`, the
	 * prompt's). Default: all.
	 */
	positions?: number[];
	/** What it is, for those who read it: `ablate` says which convention it follows. It changes nothing. */
	says?: string;
} & (
	| {
			/** The values become these: with those of another run, activation patching. */
			type: "replace";
			/** [d] or [batch, seq, d], d being the number of `units` where these are given; at padding they are not looked at. */
			values: Float32Array;
			/** Which units, in the order of the values, such as those of one head; default: all. */
			units?: number[];
	  }
	| {
			/** `scale` times these is added. */
			type: "add";
			/** [d] or [batch, seq, d], d being the number of `units` where these are given. */
			values: Float32Array;
			/** Which units, in the order of the values; default: all. */
			units?: number[];
			/** Default: 1. */
			scale?: number;
	  }
	| {
			/** The values are multiplied by `factor`; 0 ablates. */
			type: "scale";
			factor: number;
			/** Which of the d units; default: all. */
			units?: number[];
	  }
	| {
			/** What the values hold of a direction is taken out: x − (x · w) w / ‖w‖². */
			type: "project";
			/** w, of any length but 0: [d]. */
			direction: Float32Array;
	  }
);

/** How a text is turned into tokens. */
export interface TokenOptions {
	/** Whether the BOS token stands in front; default: true where the model has one. */
	prepend_bos?: boolean;
	/** Whether what lies beyond the context is left out; default: true. */
	truncate?: boolean;
}

/** What a model can be given: texts that fit its context, each with BOS in front, or tokens. */
export type Input = string | string[] | TokenBatch;

/** What a run should return and what it should change. */
export interface RunOptions {
	/** Hooks whose values are wanted; default: none. */
	hooks?: AnyHookName[];
	/** Whether the logits are wanted; default: only when no hook is. */
	logits?: boolean;
	/** Changes made while the model runs; default: none. */
	interventions?: Intervention[];
	/** Whether texts get BOS in front; default: true where the model has one. */
	prepend_bos?: boolean;
	/**
	 * Ends it between two steps of the runtime, with the signal's reason as error. Default: the notebook's interrupt.
	 */
	signal?: AbortSignal;
}

/** What a run returns. Values at padding (beyond `tokens.lengths`) are NaN. */
export interface RunResult {
	kind: "run";
	tokens: TokenBatch;
	/** [batch, seq, d_vocab]. */
	logits?: Tensor;
	/**
	 * By hook, under TransformerLens's name and under any equal one that it was asked for by (which is not among the
	 * keys): [batch, seq, d]; q, k, v and z are [batch, seq, head, d_head], a result [batch, seq, head, d_model],
	 * scores and patterns [batch, head, query, key], a norm's scale [batch, seq, 1]. Scores after the query are -Infinity.
	 */
	cache: Record<string, Tensor>;
}

export interface CompareOptions {
	/** Hooks whose values `conditions` is given; default: none. */
	hooks?: AnyHookName[];
	/** The conditions, each a list of changes, from the values at the hooks as the model is. */
	conditions(
		cache: RunResult["cache"],
	): Intervention[][] | Promise<Intervention[][]>;
	prepend_bos?: boolean;
	/**
	 * Ends it between two steps of the runtime, with the signal's reason as error. Default: the notebook's interrupt.
	 */
	signal?: AbortSignal;
}

/** The predictions of a model as it is, and under changes. */
export interface Comparison {
	kind: "comparison";
	tokens: TokenBatch;
	/** As `loss` of the model as it is: [batch, seq - 1]. */
	loss: Tensor;
	/** By condition: the loss, and KL(as it is ‖ changed) of what comes after each token, in nats: [batch, seq]. */
	changed: { loss: Tensor; kl: Tensor }[];
}

/** A language model whose hooks can be read and changed. */
export interface Decoder {
	kind: "model";
	info: ModelInfo;
	/** Every hook, in the order in which the model computes them. */
	hook_names: readonly HookName[];
	/**
	 * The tokens of a text and where their characters are, at most `n_ctx` of them.
	 * Throws where the model has no tokenizer.
	 */
	toTokens(text: string, options?: TokenOptions): Tokens;
	/** The tokens as text, all of them by default; part of a character is shown as U+FFFD. */
	toStrTokens(text: string, options?: TokenOptions): string[];
	/**
	 * The id of a text that is exactly one token, such as " Paul" with its space in front.
	 * Throws where it is several, with their texts, and where the model has no tokenizer.
	 */
	toSingleToken(text: string): number;
	/**
	 * Puts texts side by side, padded on the right: as `toTokens` gives them, or as ids.
	 * Throws on a text without a token or longer than the context, and on an id that the model does not have.
	 */
	batch(tokens: readonly (Tokens | TokenIds)[]): TokenBatch;
	/**
	 * Runs the model as far as the wanted hooks need, and no further.
	 * Throws on a text without tokens or longer than the context, an unknown hook, a layer out of range, an intervention
	 * that does not fit, and where a value is NaN or infinite.
	 */
	run(input: Input, options?: RunOptions): Promise<RunResult>;
	/**
	 * The logits and the values at every hook, or at those that `names_filter` lists or accepts.
	 * Throws where they would need more memory than is free.
	 */
	runWithCache(
		input: Input,
		options?: Omit<RunOptions, "hooks" | "logits"> & {
			names_filter?: AnyHookName[] | ((name: HookName) => boolean);
		},
	): Promise<RunResult>;
	/** Cross-entropy in nats of each token given those before it: [batch, seq - 1], NaN at padding. */
	loss(
		input: Input,
		options?: Pick<RunOptions, "interventions" | "prepend_bos" | "signal">,
	): Promise<Tensor>;
	/**
	 * What changes do to the predictions: the model runs once as it is, and once under each condition.
	 * Throws as `run` does, and on texts of a single token.
	 */
	compare(input: Input, options: CompareOptions): Promise<Comparison>;
	/** Frees the memory of the runtime; the model cannot run afterwards. */
	dispose(): Promise<void>;
}

/** A GPT-2 ready to run. */
export interface Model extends Decoder {
	/** Continues a text. */
	generate(prompt: string, options?: GenerateOptions): Promise<Generation>;
	/** What the model would answer if it stopped at each layer. */
	logitLens(input: Input, options?: LogitLensOptions): Promise<LogitLens>;
	/** How a metric of the logits changes with the values at hooks. */
	runWithGradients(
		input: Input,
		options: GradientOptions,
	): Promise<GradientResult>;
	/** The weights by TransformerLens's names: W_E, W_Q [layer, head, d_model, d_head], …; read when asked for. */
	weights: WeightTensors;
	/** W_U as [d_vocab, d_model]: the row of a token is its direction in the last residual stream. */
	unembedding(): Float32Array;
	/** W_out of a layer's MLP as [d_mlp, d_model]: the row of a neuron is what it writes. */
	neuronOutput(layer: number): Float32Array;
}

export interface GenerateOptions {
	/** Default: 20. */
	max_new_tokens?: number;
	/** Logits are divided by it before a token is drawn; 0 always takes the likeliest. Default: 1. */
	temperature?: number;
	/** Only the so many likeliest tokens can be drawn; default: all. */
	top_k?: number;
	/** Default: 0. */
	seed?: number;
	/** Whether the end-of-text token ends it; default: true. */
	stop_at_eos?: boolean;
	prepend_bos?: boolean;
	/** In place for the prompt and for every new token; `positions` count from the context's beginning. */
	interventions?: Intervention[];
	/**
	 * Ends it after the token at hand: what comes back is the text so far, `stopped` being "interrupted". Default: the
	 * notebook's interrupt. Where it has come already, its reason is thrown.
	 */
	signal?: AbortSignal;
}

/** A continued text. */
export interface Generation {
	kind: "generation";
	prompt: string;
	/** What was added, without the end-of-text token. */
	text: string;
	/** The new tokens, the end-of-text token among them. */
	ids: Int32Array;
	/** Of each new token, before temperature and top_k. */
	log_probabilities: Float32Array;
	stopped: "eos" | "max_new_tokens" | "context" | "interrupted";
	/** What a reader should know, a sentence each; absent where there is nothing to say. */
	notes?: string[];
}

export interface LogitLensOptions {
	/** How many of the likeliest tokens are kept; default: 5. */
	top_k?: number;
	interventions?: Intervention[];
	prepend_bos?: boolean;
	/**
	 * Ends it between two steps of the runtime, with the signal's reason as error. Default: the notebook's interrupt.
	 */
	signal?: AbortSignal;
}

/** The stream of one text, at each layer put through the final norm and the unembedding (nostalgebraist 2020). */
export interface LogitLens {
	kind: "logit-lens";
	/** The text's tokens. */
	tokens: string[];
	/** Tokens that were cut off its end before the run; absent where none was. */
	cut?: number;
	/** The streams that were read: before each block, and after the last. */
	hooks: HookName[];
	/** [layer][position]: the likeliest next tokens, best first. */
	top: { id: number; token: string; probability: number }[][][];
	/** Of the token that really comes next, in nats: [layer][position], one position fewer than tokens. */
	log_probability: Float32Array[];
	/** How many tokens are likelier than that one: [layer][position]. */
	rank: Int32Array[];
}

/** A token by its id, or by a text that is exactly one token; a list has one for each text of the batch. */
export type TokenChoice = number | string | (number | string)[];

/** A number that the logits give for each text. */
export type Metric =
	/** Mean cross-entropy in nats over the text's predicted tokens. */
	| { type: "loss" }
	| {
			type: "logit" | "probability" | "log_probability";
			token: TokenChoice;
			/** Which position's logits, counted from the text's own end where negative; default: its last token. */
			position?: number;
	  }
	| {
			/** The logit of `token` less that of `versus`. */
			type: "logit_difference";
			token: TokenChoice;
			versus: TokenChoice;
			position?: number;
	  };

export interface GradientOptions {
	metric: Metric;
	/** Hooks whose gradients are wanted. */
	hooks: AnyHookName[];
	interventions?: Intervention[];
	prepend_bos?: boolean;
	/**
	 * Ends it between two steps of the runtime, with the signal's reason as error. Default: the notebook's interrupt.
	 */
	signal?: AbortSignal;
}

/** A metric of each text and its gradients; values and gradients at padding are NaN. */
export interface GradientResult {
	kind: "gradients";
	tokens: TokenBatch;
	/** Of each text: [batch]. */
	metric: Float32Array;
	/** By hook, as the value in `cache`: d metric / d value, the value being what the rest of the model sees. */
	gradients: Record<string, Tensor>;
	/** By hook: the values, after interventions. */
	cache: Record<string, Tensor>;
}
