import type { Sentences, Split } from "../../dataset";
import {
	type Decoder,
	parseHook,
	type TokenBatch,
	type Tokens,
} from "../../model";
import type { Sae } from "../types";

/** The tokens of a split's sentences; those with nothing to predict are left out. */
export function tokensOf(
	{ cfg }: Sae,
	model: Decoder,
	{ text, split, name }: Sentences,
	only: Split | undefined,
): Tokens[] {
	// By default BOS comes first where the model has one.
	const options = cfg.prepend_bos ? {} : { prepend_bos: false };
	const tokens = text
		.filter((_, i) => !only || split?.[i] === only)
		.map((sentence) => model.toTokens(sentence, options))
		.filter(({ ids, special }) => ids.length > 1 && special.includes(0));
	if (tokens.length === 0)
		throw new Error(
			`There is no sentence to evaluate on${only ? ` in the split "${only}"` : ""} of "${name}": give sentences of at least two tokens.`,
		);
	return tokens;
}

/** The activations at the SAE's hook, [batch, seq, d_in]. */
export async function valuesAt(
	model: Decoder,
	{ cfg }: Sae,
	tokens: TokenBatch,
): Promise<Float32Array> {
	const hook = parseHook(model, cfg.hook_name);
	const { cache } = await model.run(tokens, { hooks: [hook] });
	const { data, dims } = cache[hook];
	if (dims[2] !== cfg.d_in)
		throw new Error(
			`The activations at ${hook} are ${dims[2]} wide and this SAE reads ${cfg.d_in}: it was trained on ${cfg.model_name}.`,
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
