/** What a GPT-2 is made of; names as in TransformerLens. */
export interface ModelInfo {
	/** As it was asked for, e.g. "tiny-gpt2". */
	name: string;
	/** The folder that holds config.json and model.safetensors. */
	folder: string;
	/** The revision in the Hugging Face cache, where it came from there. */
	revision?: string;
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
}

/** A place in the model whose values can be read, named as in TransformerLens. */
export type HookName =
	| "hook_embed"
	| "ln_final.hook_normalized"
	| `blocks.${number}.hook_resid_${"pre" | "mid" | "post"}`
	| `blocks.${number}.hook_attn_out`
	| `blocks.${number}.hook_mlp_out`
	| `blocks.${number}.mlp.hook_post`
	| `blocks.${number}.attn.hook_pattern`;

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
}

/** Numbers with their shape, row-major. */
export interface Tensor {
	data: Float32Array;
	dims: number[];
}

/** A change to the values at a hook while the model runs. Several at one hook apply in the order given. */
export type Intervention = {
	hook_name: HookName;
	/** Positions in the context that it applies to, for every text; default: all. */
	positions?: number[];
} & (
	| {
			/** The values become these. */
			type: "replace";
			/** [d] or [batch, seq, d]. */
			values: Float32Array;
	  }
	| {
			/** `scale` times these is added. */
			type: "add";
			/** [d] or [batch, seq, d]. */
			values: Float32Array;
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
);

/** What a run should return and what it should change. */
export interface RunOptions {
	/** Hooks whose values are wanted; default: none. */
	hooks?: HookName[];
	/** Whether the logits are wanted; default: only when no hook is. */
	logits?: boolean;
	/** Changes made while the model runs; default: none. */
	interventions?: Intervention[];
}

/** What a run returns. Values at padding (beyond `tokens.lengths`) mean nothing. */
export interface RunResult {
	tokens: TokenBatch;
	/** [batch, seq, d_vocab]. */
	logits?: Tensor;
	/** By hook: [batch, seq, d]; a pattern is [batch, head, query, key]. */
	cache: Record<string, Tensor>;
}

/** A GPT-2 ready to run. */
export interface Model {
	kind: "model";
	info: ModelInfo;
	/**
	 * The tokens of a text, at most `n_ctx` of them.
	 * `prepend_bos` puts the BOS token in front; default: true where the model has one.
	 * Throws where the folder has no tokenizer.json.
	 */
	toTokens(text: string, options?: { prepend_bos?: boolean }): Tokens;
	/** The tokens as text; part of a character is shown as U+FFFD. */
	toStrTokens(text: string, options?: { prepend_bos?: boolean }): string[];
	/** Puts texts side by side, padded on the right. */
	batch(tokens: Tokens[] | Int32Array[]): TokenBatch;
	/**
	 * Runs the model as far as the wanted hooks need, and no further.
	 * Throws on an unknown hook, a layer out of range, or an intervention whose values do not fit.
	 */
	run(
		input: string | string[] | TokenBatch,
		options?: RunOptions,
	): Promise<RunResult>;
	/** Cross-entropy in nats of each token given those before it: [batch, seq - 1], 0 at padding. */
	loss(
		input: string | string[] | TokenBatch,
		options?: Pick<RunOptions, "interventions">,
	): Promise<Tensor>;
	/** W_U as [d_vocab, d_model]: the row of a token is its direction in the last residual stream. */
	unembedding(): Float32Array;
	/** W_out of a layer's MLP as [d_mlp, d_model]: the row of a neuron is what it writes. */
	neuronOutput(layer: number): Float32Array;
	/** Frees the memory of the runtime; the model cannot run afterwards. */
	dispose(): Promise<void>;
}
