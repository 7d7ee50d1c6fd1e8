import { poolHooks } from "../activations";
import { type Sentences, selectSentences } from "../dataset";
import type { Decoder, HookName } from "../model";
import type { Matrix } from "./association";

/**
 * The mean value of each unit at a hook over a sentence's tokens, special tokens left out, for the chosen sentences: all
 * of a sentence's, however long. Rows of the result follow `chosen`. [chosen.length, d]
 */
export async function sentenceMeans(
	model: Decoder,
	sentences: Sentences,
	chosen: Uint32Array,
	hook_name: HookName,
	d: number,
	signal?: AbortSignal,
): Promise<Matrix> {
	const kept = new Set(chosen);
	const some = selectSentences(sentences, (i) => kept.has(i));
	const how = { hook_names: [hook_name], ...(signal && { signal }) };
	const [{ data }] = await poolHooks(model, some, how);
	const order = new Map(
		[...kept].sort((a, b) => a - b).map((i, at) => [i, at]),
	);
	const out = new Float32Array(chosen.length * d);
	for (const [row, i] of chosen.entries()) {
		const from = (order.get(i) ?? 0) * d;
		out.set(data.subarray(from, from + d), row * d);
	}
	return { data: out, rows: chosen.length, columns: d };
}
