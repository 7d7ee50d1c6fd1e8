import { type Activations, rowsOf } from "../../activations";
import type { Random } from "../../random";

/** What training needs to know of its rows before it begins. */
export interface RowStatistics {
	/** Mean over rows of ‖x‖. */
	meanNorm: number;
	/** E‖x‖² − ‖E x‖²: the error of always answering with the mean. */
	variance: number;
}

/** Rows to train on, wherever they are. */
export interface TrainingRows {
	n: number;
	statistics(): RowStatistics;
	/** Where b_dec starts, before scaling. */
	median(source: Random): Float64Array;
	/** Makes the function that fills `x` [batch, d_in] with the rows of the next step, multiplied by `scale`. */
	batches(
		scale: number,
		source: Random,
		settings: { train_batch_size_tokens: number; seed: number },
	): (into: Float32Array) => void | Promise<void>;
	/** Ends the reading. */
	close?(): Promise<void>;
}

/** A row's values in an array of rows [n, d_in]. */
type Values = { data: Float32Array; d_in: number };

/** The rows of the train split, of activations in memory. */
export function rowsInMemory(
	acts: Activations,
	data: Float32Array,
): TrainingRows {
	const rows = rowsOf(acts, "train");
	const values = { data, d_in: acts.d_in };
	return {
		n: rows.length,
		statistics: () =>
			rowStatistics(
				values,
				rows,
				(row) => ` (sentence ${acts.rows.sentence[row]})`,
			),
		median: (source) => geometricMedian(values, rows, source),
		batches: (scale, source) => shuffledBatches(values, rows, scale, source),
	};
}

/** Goes through the rows once. Throws where a value is not a finite number, with its row and what `which` says of it. */
export function rowStatistics(
	{ data, d_in }: Values,
	rows: Uint32Array,
	which: (row: number) => string = () => "",
): RowStatistics {
	const sums = rowSums(d_in);
	for (const row of rows)
		if (!sums.add(data, row * d_in)) throw notFinite(row, which(row));
	return sums.result();
}

export function notFinite(row: number, which: string): Error {
	return new Error(
		`Row ${row} of the activations${which} holds a value that is not a finite number: extract them again, or leave that sentence out.`,
	);
}

/** Takes in row after row: `add` gives whether all its values were finite. */
export function rowSums(d_in: number) {
	const mean = new Float64Array(d_in);
	let [n, norms, squares] = [0, 0, 0];
	return {
		add(data: Float32Array, from: number): boolean {
			let square = 0;
			for (let i = 0, at = from; i < d_in; i++, at++) {
				square += data[at] * data[at];
				mean[i] += data[at];
			}
			n++;
			norms += Math.sqrt(square);
			squares += square;
			return Number.isFinite(square);
		},
		/** Throws where all rows are zero. */
		result(): RowStatistics {
			let ofMean = 0;
			for (const sum of mean) ofMean += (sum / n) ** 2;
			if (norms === 0)
				throw new Error(
					"All activations to train on are zero: extract them from another hook.",
				);
			return { meanNorm: norms / n, variance: squares / n - ofMean };
		},
	};
}

/** Rows that the geometric median is of, at most. */
export const SAMPLE = 4096;

/**
 * The point with the smallest sum of distances to at most 4,096 of the rows: Weiszfeld's algorithm from their mean,
 * 30 rounds. Unlike the mean it is not moved by a few huge rows.
 */
export function geometricMedian(
	{ data, d_in }: Values,
	rows: Uint32Array,
	source: Random,
): Float64Array {
	const sample =
		rows.length <= SAMPLE
			? rows
			: Uint32Array.from(
					{ length: SAMPLE },
					() => rows[source.int(rows.length)],
				);
	let median = new Float64Array(d_in);
	for (let round = 0; round <= 30; round++) {
		const next = new Float64Array(d_in);
		let total = 0;
		for (const row of sample) {
			let square = 0;
			for (let i = 0; i < d_in; i++)
				square += (data[row * d_in + i] - median[i]) ** 2;
			const weight = round === 0 ? 1 : 1 / Math.max(Math.sqrt(square), 1e-12);
			total += weight;
			for (let i = 0; i < d_in; i++) next[i] += weight * data[row * d_in + i];
		}
		median = next.map((sum) => sum / total);
	}
	return median;
}

/**
 * Serves the rows in random order, for ever: each epoch in a new order, a batch may span two.
 * Each call fills `into` [batch, d_in] with rows, multiplied by `scale`.
 */
export function shuffledBatches(
	{ data, d_in }: Values,
	rows: Uint32Array,
	scale: number,
	source: Random,
): (into: Float32Array) => void {
	const order = rows.slice();
	let next = order.length;
	return (into) => {
		for (let to = 0; to < into.length; to += d_in) {
			if (next === order.length) {
				source.shuffle(order);
				next = 0;
			}
			const from = order[next++] * d_in;
			for (let i = 0; i < d_in; i++) into[to + i] = scale * data[from + i];
		}
	};
}
