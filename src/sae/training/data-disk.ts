import type { Activations } from "../../activations";
import { reportProgress } from "../../progress";
import { random } from "../../random";
import {
	geometricMedian,
	notFinite,
	rowSums,
	SAMPLE,
	type TrainingRows,
} from "./data";

/**
 * The rows of the train split, of activations that stay on disk: one pass counts them, sums them up and draws the
 * sample that the geometric median is of; training then goes through `shuffled`.
 * Throws the signal's reason where it comes during that pass.
 */
export async function rowsOnDisk(
	acts: Activations,
	seed: number,
	signal?: AbortSignal,
): Promise<TrainingRows> {
	const { d_in } = acts;
	const sums = rowSums(d_in);
	const sample = new Float32Array(SAMPLE * d_in);
	const source = random(seed);
	let n = 0;
	for await (const rows of acts.batches({ split: "train" })) {
		signal?.throwIfAborted();
		for (let at = 0; at < rows.length; at += d_in) {
			if (!sums.add(rows, at))
				throw notFinite(n, ` to train on (${acts.folder})`);
			// Reservoir sampling: each row so far is in the sample with the same probability.
			const place = n < SAMPLE ? n : source.int(n + 1);
			n++;
			if (place < SAMPLE)
				sample.set(rows.subarray(at, at + d_in), place * d_in);
		}
		const progress = { done: n, total: acts.n_tokens, unit: "tokens" };
		reportProgress({ label: "read activations", ...progress });
	}
	const chosen = Uint32Array.from({ length: Math.min(n, SAMPLE) }, (_, i) => i);
	let reading: AsyncIterator<Float32Array> | undefined;
	return {
		n,
		statistics: sums.result,
		median: (from) => geometricMedian({ data: sample, d_in }, chosen, from),
		batches(scale, _, settings) {
			const { train_batch_size_tokens: size } = settings;
			const options = { size, seed, split: "train", epochs: Infinity } as const;
			const iterator = acts.shuffled(options)[Symbol.asyncIterator]();
			reading = iterator;
			return async (into) => {
				const { value } = await iterator.next();
				for (let i = 0; i < into.length; i++) into[i] = scale * value[i];
			};
		},
		close: async () => {
			await reading?.return?.();
		},
	};
}
