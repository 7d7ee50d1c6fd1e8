import { contextsOf } from "../../activations";
import { type Sentences, type Split, selectSentences } from "../../dataset";
import { turns } from "../../interrupt";
import {
	type Decoder,
	type HookName,
	parseHook,
	type RunResult,
	type TokenBatch,
} from "../../model";
import type { Sae } from "../types";

/** Tokens that the model sees at once. */
export interface Part {
	ids: Int32Array;
	/** 1 for tokens that are not counted: special ones, and in packed contexts those of other splits. */
	special: Uint8Array;
	/** How many special ones there are. */
	excluded: number;
}

/**
 * The contexts in which `extract` reads a split's sentences, made as those of the SAE's training: packed where its texts
 * were, and otherwise no longer than they were, for it has not seen later positions. A text that is longer goes on in
 * further contexts, and no token is left out.
 */
export async function tokensOf(
	{ cfg }: Sae,
	model: Decoder,
	sentences: Sentences,
	only: Split | undefined,
	signal?: AbortSignal,
): Promise<Part[]> {
	const { split, name } = sentences;
	const { context_size, packed, prepend_bos } = cfg;
	const options = {
		...(prepend_bos ? {} : { prepend_bos }), // by default BOS comes first where the model has one
		...(packed ? { context_size } : { longest: context_size }),
	};
	// Texts that are packed share contexts with those of other splits.
	const from =
		only && !packed
			? selectSentences(sentences, (i) => split?.[i] === only)
			: sentences;
	const turn = turns(signal);
	const parts: Part[] = [];
	for (const { ids, keep, sentence } of contextsOf(model, from, options)) {
		await turn();
		const special = keep.map((own, t) =>
			Number(!own || Boolean(only && from.split?.[sentence[t]] !== only)),
		);
		const excluded = keep.filter((own) => !own).length;
		if (special.includes(0)) parts.push({ ids, special, excluded });
	}
	if (!parts.some(({ ids }) => ids.length > 1))
		throw new Error(
			`There is no sentence to evaluate on${only ? ` in the split "${only}"` : ""} of "${name}": give sentences of at least two tokens.`,
		);
	return parts;
}

/** Contexts side by side; at least two positions wide, since nothing is predicted in fewer. */
export function batchOf(
	model: Pick<Decoder, "batch">,
	parts: readonly Part[],
): TokenBatch {
	const batch = model.batch(parts.map(({ ids }) => ids));
	if (batch.seq > 1) return batch;
	const ids = new Int32Array(2 * batch.batch);
	for (const [i, id] of batch.ids.entries()) ids[2 * i] = id;
	return { ...batch, ids, seq: 2 };
}

/** The activations at the SAE's hook, [batch, seq, d_in]. */
export async function valuesAt(
	model: Decoder,
	{ cfg }: Sae,
	tokens: TokenBatch,
	signal?: AbortSignal,
): Promise<Float32Array> {
	const hook = parseHook(model, cfg.hook_name);
	const { cache } = await model.run(tokens, { hooks: [hook], signal });
	return rowsAt(cache, { cfg }, hook);
}

/** The values of a hook in a cache; heads side by side make one row. Throws where the SAE reads rows of another width. */
export function rowsAt(
	cache: RunResult["cache"],
	{ cfg }: Pick<Sae, "cfg">,
	hook: HookName,
): Float32Array {
	const { data, dims } = cache[hook];
	const width = dims.slice(2).reduce((a, b) => a * b, 1);
	if (width !== cfg.d_in)
		throw new Error(
			`The activations at ${hook} are ${width} wide and this SAE reads ${cfg.d_in}: it was trained on ${cfg.model_name}.`,
		);
	return data;
}

/** Which of the [batch, seq] positions hold a token that is not special. */
export function countedPositions(
	texts: readonly Part[],
	{ seq }: TokenBatch,
): number[] {
	return texts.flatMap(({ special }, b) =>
		[...special.keys()].filter((i) => !special[i]).map((i) => b * seq + i),
	);
}

/** Where in [batch, seq − 1] the losses lie of the counted positions that have a token after them. */
export function predicting(
	counted: number[],
	{ seq, lengths }: TokenBatch,
): number[] {
	return counted
		.filter((at) => (at % seq) + 1 < lengths[Math.floor(at / seq)])
		.map((at) => at - Math.floor(at / seq));
}

/** The rows at the positions, [positions, d]. */
export function gather(
	values: Float32Array,
	positions: number[],
	d: number,
): Float32Array {
	const rows = new Float32Array(positions.length * d);
	for (const [i, at] of positions.entries())
		rows.set(values.subarray(at * d, (at + 1) * d), i * d);
	return rows;
}

/** A copy of the values, with rows in the places of the positions. */
export function scatter(
	values: Float32Array,
	positions: number[],
	rows: Float32Array,
	d: number,
): Float32Array {
	const all = values.slice();
	for (const [i, at] of positions.entries())
		all.set(rows.subarray(i * d, (i + 1) * d), at * d);
	return all;
}
