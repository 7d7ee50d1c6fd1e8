import type { Sentences, Split } from "../dataset";
import type { HookName, ModelInfo } from "../model";

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

/** The values at one hook for every token of every sentence, in the sentences' order. */
export interface Activations {
	kind: "activations";
	hook_name: HookName;
	d_in: number;
	n_tokens: number;
	rows: TokenRows;
	sentences: Sentences;
	model: ModelInfo;
	/** Tokens left out because their sentence is longer than the context. */
	cut: number;
	/**
	 * The rows in order, `size` at a time (default: 4096), as [batch, d_in]; only those of a split where one is
	 * given. What it yields may be a view of `data`: do not write to it.
	 */
	batches(options?: {
		size?: number;
		split?: Split;
	}): AsyncIterable<Float32Array>;
	/** [n_tokens, d_in]. */
	data: Float32Array;
}

export interface ExtractOptions {
	/** E.g. "blocks.5.hook_resid_post". */
	hook_name: HookName;
	/** Whether the model sees BOS before each sentence; default: true where the model has one. */
	prepend_bos?: boolean;
	/** Whether BOS has a row; default: false. Other special tokens never have one. */
	include_bos?: boolean;
	/** At most so many tokens, padding included, run at once; default: 2048. */
	batch_tokens?: number;
	/** Ends the extraction early, with the signal's reason as error. */
	signal?: AbortSignal;
}
