import type { Activations } from "../../activations";
import type { Split } from "../../dataset";
import { firstNotFinite } from "../../finite";
import { reportProgress } from "../../progress";
import type { Normalization } from "../types";
import {
	medianOf,
	notFinite,
	type RowOrder,
	SAMPLE,
	type TrainingRows,
} from "./data";
import { type RowStatistics, reservoir, rowSums } from "./statistics";
import { stream } from "./streams";

/**
 * The rows to train on, of activations that stay on disk: one pass counts them, sums them up for each of the
 * normalisations and draws the sample that the geometric median is of; training then goes through `shuffled`.
 * Throws the signal's reason where it comes during that pass.
 *
 * `parts`: the split of each sentence, if not its own.
 */
export async function rowsOnDisk(
	acts: Activations,
	modes: readonly Normalization[],
	parts?: readonly Split[],
	signal?: AbortSignal,
): Promise<TrainingRows> {
	const { d_in } = acts;
	const sums = new Map(modes.map((mode) => [mode, rowSums(d_in, mode)]));
	const sample = reservoir(d_in, SAMPLE, stream(0, "sample"));
	const report = (done: number, total: number) =>
		reportProgress({ label: "read activations", done, total, unit: "tokens" });
	let n = 0;
	for await (const rows of acts.batches({ split: "train", parts })) {
		signal?.throwIfAborted();
		for (const one of sums.values()) {
			const bad = one.add(rows);
			if (bad >= 0)
				throw notFinite(
					n + bad,
					` to train on (${acts.folder})`,
					rows.subarray(bad * d_in, (bad + 1) * d_in),
				);
		}
		sample.add(rows);
		n += rows.length / d_in;
		report(n, acts.n_tokens);
	}
	if (n < acts.n_tokens) report(n, n); // the others are of other splits
	const known = new Map<Normalization, RowStatistics>();
	return {
		d_in,
		n,
		about(mode) {
			const found = known.get(mode) ?? sums.get(mode)?.result();
			if (!found) throw new Error(`The rows were not summed up for "${mode}".`);
			known.set(mode, found);
			return found;
		},
		sample: () => sample.result(),
		median: (mode) => medianOf(sample.result(), d_in, mode),
		order: (size, seed) => orderOnDisk(acts, parts, size, seed),
	};
}

function orderOnDisk(
	acts: Activations,
	parts: readonly Split[] | undefined,
	size: number,
	seed: number,
): RowOrder {
	const options = { size, seed, split: "train", epochs: Infinity } as const;
	const reading = acts.shuffled({ ...options, parts })[Symbol.asyncIterator]();
	return {
		async next(into) {
			into.set((await reading.next()).value);
		},
		async skip(batches) {
			for (let i = 0; i < batches; i++) await reading.next();
		},
		async close() {
			await reading.return?.();
		},
	};
}

/** At most `limit` rows of a split, in random order, wherever they are. Throws where a value is not finite. */
export async function someRows(
	acts: Activations,
	split: Split,
	limit: number,
	parts?: readonly Split[],
	signal?: AbortSignal,
): Promise<Float32Array> {
	const { d_in } = acts;
	const sample = reservoir(d_in, limit, stream(0, "sample"));
	let n = 0;
	for await (const rows of acts.batches({ split, parts })) {
		signal?.throwIfAborted();
		const bad = Math.floor(firstNotFinite(rows) / d_in);
		if (bad >= 0)
			throw notFinite(
				n + bad,
				` of the split "${split}"`,
				rows.subarray(bad * d_in, (bad + 1) * d_in),
			);
		sample.add(rows);
		n += rows.length / d_in;
	}
	return shuffled(sample.result(), d_in);
}

/** The first rows of a sample that was not full are in their old order; a part of it must not be of the first alone. */
function shuffled(sample: Float32Array, d_in: number): Float32Array {
	const n = sample.length / d_in;
	const order = stream(1, "sample").shuffle(
		Uint32Array.from({ length: n }, (_, i) => i),
	);
	const rows = new Float32Array(sample.length);
	for (const [to, from] of order.entries())
		rows.set(sample.subarray(from * d_in, (from + 1) * d_in), to * d_in);
	return rows;
}
