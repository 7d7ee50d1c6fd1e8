import {
	type Activations,
	type Matrix,
	type PoolOptions,
	poolHooks,
	poolSentences,
	type SparseMatrix,
} from "../activations";
import type { Decoder } from "../model";
import type { Latents } from "../sae";
import { bagOfWords } from "./words";

/** What a probe reads, one row a sentence or one row a token. */
export interface Units {
	/** Their rows in latents, or in activations of the same sentences. */
	read(source: Latents | Activations): Promise<Matrix>;
	/** Their rows in the activations that another model of the same tokens has at the same hook. */
	readModel(model: Decoder): Promise<Matrix>;
	/** Which words they have, of those that the training rows have. */
	words(train: Uint32Array): SparseMatrix;
}

/** Sentences: their tokens pooled, their words counted. */
export function sentenceUnits(
	{ hook_name, sentences }: Activations,
	how: PoolOptions,
): Units {
	const { before } = how;
	const { text, offsets } = sentences;
	return {
		read: (source) => poolSentences(source, how),
		async readModel(model) {
			const hooks = { ...how, hook_names: [hook_name] };
			return (await poolHooks(model, sentences, hooks))[0];
		},
		words: (train) =>
			bagOfWords(
				before === undefined
					? text
					: text.map((t, i) => t.slice(0, offsets[before][i])),
				train,
			),
	};
}
