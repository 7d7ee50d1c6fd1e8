import type { Sentences, Split } from "../dataset";
import type { AnyHookName, HookName, ModelInfo } from "../model";

/** What each row of activations belongs to; every array has one entry per row. */
export interface TokenRows {
	/** Number of the sentence. */
	sentence: Uint32Array;
	/** In the context; BOS is 0. */
	position: Uint16Array;
	/** Token id. */
	token: Uint32Array;
	/** Where its characters begin in the sentence (UTF-16). */
	start: Uint32Array;
	/** Where they end, exclusive. */
	end: Uint32Array;
}

/** How the values are kept on disk. In memory they are always float32. */
export type StoreDtype = "float32" | "float16";

/** Which rows `batches` gives, and how many at once. */
export interface BatchOptions {
	/** Rows a batch; the last has what is left. Default: 4096. */
	size?: number;
	/** Only the rows of this split, where the sentences have splits; default: all. */
	split?: Split;
	/** The split of each sentence, in the place of the sentences' own. */
	parts?: readonly Split[] | undefined;
}

/** How `shuffled` mixes. */
export interface ShuffleOptions {
	/** Rows a batch; the very last has what is left. */
	size: number;
	/** The same seed gives the same order. */
	seed: number;
	/** Only the rows of this split, where the sentences have splits; default: all. */
	split?: Split;
	/** The split of each sentence, in the place of the sentences' own. */
	parts?: readonly Split[] | undefined;
	/** How often every row is served; Infinity never ends. A batch may span two epochs. Default: 1. */
	epochs?: number;
	/**
	 * From disk: rows that are mixed at a time, at least 2 × `size`. Default: 81,920, fewer where they would need more
	 * than 256 MiB. In memory all rows are mixed, and this is not looked at.
	 */
	buffer_tokens?: number;
}

/** The values at one hook for every token of every sentence, in the sentences' order; in memory or in a folder. */
export interface Activations {
	kind: "activations";
	hook_name: HookName;
	d_in: number;
	n_tokens: number;
	/** From disk they are read when first asked for: 18 bytes a row. */
	rows: TokenRows;
	/** From disk they are read when first asked for. */
	sentences: Sentences;
	model: ModelInfo;
	/** Whether the contexts began with BOS. */
	prepend_bos: boolean;
	/** Tokens a context, where texts were packed; absent where each text had a context of its own. */
	context_size?: number;
	/** Whether the mean over d_model was taken out of the stream, as in TransformerLens's processed weights. */
	center_writing_weights: boolean;
	/** Sentences that were left out since a character of theirs has no token; absent where none was. */
	skipped?: number;
	/** The rows in order, as [batch, d_in]. What it yields may be a view of `data`: do not write to it. */
	batches(options?: BatchOptions): AsyncIterable<Float32Array>;
	/**
	 * Every row once an epoch, in random order, as [size, d_in]. From disk the shards are visited in random order, each
	 * read while the rows before it are served, and a buffer mixes them: when it is full, half of it is served in random
	 * order, then it is filled again. Each batch has memory of its own.
	 * Throws on a size, a buffer or a number of epochs that is out of range, and where a shard is damaged.
	 */
	shuffled(options: ShuffleOptions): AsyncIterable<Float32Array>;
	/** [n_tokens, d_in]; absent where the values are on disk. */
	data?: Float32Array;
	/** The folder that holds the values, where they are on disk. */
	folder?: string;
	/** On disk: how the values are kept. */
	dtype?: StoreDtype;
	/** On disk: every hook of the store. */
	hook_names?: readonly HookName[];
}

/** How to extract, whatever the hook. */
export interface ExtractSettings {
	/** Whether the model sees BOS before each text; default: true where the model has one. */
	prepend_bos?: boolean;
	/** Whether BOS has a row; default: false. Other special tokens never have one. */
	include_bos?: boolean;
	/**
	 * Packs the texts into contexts of exactly so many tokens (the last may be shorter), as SAELens does: one text after
	 * the other with BOS between, and BOS at each context's beginning unless `prepend_bos` is false.
	 * Default: each text is a context of its own, and a text longer than the model's context goes on in further ones,
	 * each with BOS in front.
	 */
	context_size?: number;
	/**
	 * Subtracts from each vector its mean over d_model at the hooks of the residual stream and of what is written to it:
	 * hook_embed, hook_pos_embed, hook_resid_*, hook_attn_out, hook_mlp_out. That is what TransformerLens's
	 * processing of the weights by this name does to them, and what SAEs trained on such weights (GPT-2 small res-jb)
	 * expect. At every other hook it changes nothing: a layer norm takes the mean out itself. Default: false.
	 */
	center_writing_weights?: boolean;
	/**
	 * Whether sentences with a character that the tokenizer has no token for are left out, and counted as `skipped`;
	 * default: they are refused.
	 */
	skip_untokenizable?: boolean;
	/** At most so many tokens, padding included, run at once; default: 2048. */
	batch_tokens?: number;
	/**
	 * A folder to write the values to, in shards, so that memory does not grow with the data set. Called again with the
	 * same arguments after it was interrupted, in whatever way, it goes on where it was. Default: in memory.
	 */
	to?: string;
	/** How the values are kept in the folder; default: "float32". */
	dtype?: StoreDtype;
	/** Tokens a shard; default: 8192, fewer where a shard would have more than 64 MiB. */
	shard_tokens?: number;
	/**
	 * Ends the extraction early, with the signal's reason as error; finished shards stay. Default: the notebook's
	 * interrupt.
	 */
	signal?: AbortSignal;
}

export interface ExtractOptions extends ExtractSettings {
	/** E.g. "blocks.5.hook_resid_post", or an equal name such as "transformer.h.5"; what comes back has the former. */
	hook_name: AnyHookName;
}

export interface ExtractManyOptions extends ExtractSettings {
	/** Several hooks, from one pass of the model. */
	hook_names: readonly AnyHookName[];
}
