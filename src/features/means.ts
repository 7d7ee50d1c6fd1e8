import type { Sentences } from "../dataset";
import type { Decoder, HookName } from "../model";
import { reportProgress } from "../progress";
import type { Matrix } from "./association";

const batch_size = 32;

/**
 * The mean value of each unit at a hook over a sentence's tokens, special tokens left out, for the chosen sentences.
 * Rows of the result follow `chosen`. [chosen.length, d]
 */
export async function sentenceMeans(
	model: Decoder,
	sentences: Sentences,
	chosen: Uint32Array,
	hook_name: HookName,
	d: number,
	signal?: AbortSignal,
): Promise<Matrix> {
	const out = new Float32Array(chosen.length * d);
	for (let at = 0; at < chosen.length; at += batch_size) {
		signal?.throwIfAborted();
		const some = Array.from(chosen.subarray(at, at + batch_size));
		const tokens = some.map((i) => model.toTokens(sentences.text[i]));
		const { cache, tokens: batch } = await model.run(model.batch(tokens), {
			hooks: [hook_name],
			signal,
		});
		const values = cache[hook_name].data; // [batch, seq, d]
		tokens.forEach(({ special }, b) => {
			const row = (at + b) * d;
			const counted = special.length - special.reduce((a, x) => a + x, 0);
			for (let t = 0; t < special.length; t++) {
				if (special[t]) continue;
				const from = (b * batch.seq + t) * d;
				for (let j = 0; j < d; j++) out[row + j] += values[from + j] / counted;
			}
		});
		reportProgress({
			label: `neurons of ${hook_name}`,
			done: Math.min(at + batch_size, chosen.length),
			total: chosen.length,
			unit: "sentences",
		});
	}
	return { data: out, rows: chosen.length, columns: d };
}
