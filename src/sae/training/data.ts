import { type Activations, rowsOf } from "../../activations";
import type { Split } from "../../dataset";
import { firstNotFinite, notFinite as sentenceOn } from "../../finite";
import type { Random } from "../../random";
import { normalizeRows } from "../normalize";
import type { Normalization } from "../types";
import {
	geometricMedian,
	type RowStatistics,
	reservoir,
	rowSums,
} from "./statistics";
import { stream } from "./streams";

/** Rows to train on, wherever they are. */
export interface TrainingRows {
	d_in: number;
	n: number;
	/** Of the rows as they are after the row by row normalisation that `mode` asks for; of no other mode than the ones known. */
	about(mode: Normalization): RowStatistics;
	/** At most 4,096 of them, as they are; all where there are no more. [rows, d_in] */
	sample(): Float32Array;
	/** Where b_dec may start: the geometric median of that sample. */
	median(mode: Normalization): Float64Array;
	/** The rows in random order, for ever: each epoch in a new order, a batch may span two. */
	order(size: number, seed: number): RowOrder;
}

export interface RowOrder {
	/** Fills `into` [size, d_in] with the rows of the next batch, as they are. */
	next(into: Float32Array): void | Promise<void>;
	/** Leaves out so many batches: cheap in memory, while from disk they are read. */
	skip(batches: number): void | Promise<void>;
	/** Ends the reading. */
	close(): Promise<void>;
}

/** Rows that the geometric median is of, at most. */
export const SAMPLE = 4096;

/** The rows to train on, of activations in memory.  parts: the split of each sentence, if not its own */
export function rowsInMemory(
	acts: Activations,
	data: Float32Array,
	parts?: readonly Split[],
): TrainingRows {
	const { d_in } = acts;
	const rows = rowsOf(acts, "train", parts);
	let sample: Float32Array | undefined;
	const known = new Map<Normalization, RowStatistics>();
	const some = () => {
		sample ??= someOf(data, d_in, rows);
		return sample;
	};
	return {
		d_in,
		n: rows.length,
		sample: some,
		about(mode) {
			const found =
				known.get(mode) ??
				rowStatistics(data, d_in, rows, mode, (row) => whereIs(acts, row));
			known.set(mode, found);
			return found;
		},
		median: (mode) => medianOf(some(), d_in, mode),
		order: (size, seed) =>
			shuffledRows({ data, d_in, size }, rows, stream(seed, "order")),
	};
}

function someOf(
	data: Float32Array,
	d_in: number,
	rows: Uint32Array,
): Float32Array {
	const some = reservoir(d_in, SAMPLE, stream(0, "sample"));
	for (const row of rows) some.add(data.subarray(row * d_in, (row + 1) * d_in));
	return some.result();
}

/** The geometric median of rows [n, d_in] after the row by row normalisation that `mode` asks for. */
export function medianOf(
	sample: Float32Array,
	d_in: number,
	mode: Normalization,
): Float64Array {
	const rows = sample.slice();
	normalizeRows(rows, d_in, mode);
	return geometricMedian(rows, d_in);
}

function whereIs(acts: Activations, row: number): string {
	return ` (sentence ${acts.rows.sentence[row]})`;
}

/** Goes through the rows once. Throws where a value is not a finite number, with its row and what `which` says of it. */
export function rowStatistics(
	data: Float32Array,
	d_in: number,
	rows: Uint32Array,
	mode: Normalization = "none",
	which: (row: number) => string = () => "",
): RowStatistics {
	const sums = rowSums(d_in, mode);
	for (const row of rows)
		if (sums.add(data.subarray(row * d_in, (row + 1) * d_in)) >= 0)
			throw notFinite(
				row,
				which(row),
				data.subarray(row * d_in, (row + 1) * d_in),
			);
	return sums.result();
}

/** What is said of a row [d_in] that is not finite. */
export function notFinite(row: number, which: string, x: Float32Array): Error {
	const column = firstNotFinite(x);
	return sentenceOn(
		`Row ${row} of the activations${which}`,
		column < 0 ? "once it is normalised" : `column ${column} is ${x[column]}`,
		"extract them again, or leave that sentence out",
	);
}

/** Batches of `size` rows of `data` in random order, for ever. */
export function shuffledRows(
	{ data, d_in, size }: { data: Float32Array; d_in: number; size: number },
	rows: Uint32Array,
	source: Random,
): RowOrder {
	const order = rows.slice();
	let next = order.length;
	/** The next row; rows that are left out cost no more than the shuffles of their epochs. */
	function take(): number {
		if (next >= order.length) {
			source.shuffle(order);
			next -= order.length;
		}
		return order[next++];
	}
	return {
		next(into) {
			for (let to = 0; to < into.length; to += d_in) {
				const from = take() * d_in;
				for (let i = 0; i < d_in; i++) into[to + i] = data[from + i];
			}
		},
		skip(batches) {
			for (next += batches * size; next > order.length; next -= order.length)
				source.shuffle(order);
		},
		close: async () => {},
	};
}
