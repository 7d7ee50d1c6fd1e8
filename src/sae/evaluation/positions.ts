import type { Sentences, Split } from "../../dataset";
import { turns } from "../../interrupt";
import {
	type Decoder,
	type HookName,
	parseHook,
	type RunResult,
	type TokenBatch,
	type Tokens,
} from "../../model";
import type { Sae } from "../types";

/**
 * The tokens of a split's sentences, as many as the SAE's contexts had; those with nothing to predict are left out.
 * An SAE has not seen what lies beyond its `context_size`.
 */
export async function tokensOf(
	{ cfg }: Sae,
	model: Decoder,
	{ text, split, name }: Sentences,
	only: Split | undefined,
	signal?: AbortSignal,
): Promise<Tokens[]> {
	// By default BOS comes first where the model has one.
	const options = cfg.prepend_bos ? {} : { prepend_bos: false };
	const limit = cfg.context_size ?? model.info.n_ctx;
	const turn = turns(signal);
	const tokens: Tokens[] = [];
	for (const [i, sentence] of text.entries()) {
		if (only && split?.[i] !== only) continue;
		await turn();
		const found = shortened(model.toTokens(sentence, options), limit);
		const { ids, special } = found;
		if (ids.length > 1 && special.includes(0)) tokens.push(found);
	}
	if (tokens.length === 0)
		throw new Error(
			`There is no sentence to evaluate on${only ? ` in the split "${only}"` : ""} of "${name}": give sentences of at least two tokens.`,
		);
	return tokens;
}

/** The first `limit` tokens. */
function shortened(tokens: Tokens, limit: number): Tokens {
	const { ids, start, end, special, cut } = tokens;
	if (ids.length <= limit) return tokens;
	return {
		ids: ids.subarray(0, limit),
		start: start.subarray(0, limit),
		end: end.subarray(0, limit),
		special: special.subarray(0, limit),
		cut: cut + ids.length - limit,
	};
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
	texts: Tokens[],
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
