import type { Activations } from "../activations";
import type { Random } from "../random";

/** What training needs to know of its rows before it begins. */
export interface RowStatistics {
	/** Mean over rows of ‖x‖. */
	meanNorm: number;
	/** E‖x‖² − ‖E x‖²: the error of always answering with the mean. */
	variance: number;
}

/** Goes through the rows once. Throws where a value is not a finite number, with its row and sentence. */
export function rowStatistics(
	acts: Activations,
	rows: Uint32Array,
): RowStatistics {
	const { data, d_in } = acts;
	const mean = new Float64Array(d_in);
	let [norms, squares] = [0, 0];
	for (const row of rows) {
		let square = 0;
		for (let i = 0, at = row * d_in; i < d_in; i++, at++) {
			square += data[at] * data[at];
			mean[i] += data[at];
		}
		if (!Number.isFinite(square))
			throw new Error(
				`Row ${row} of the activations (sentence ${acts.rows.sentence[row]}) holds a value that is not a finite number: extract them again, or leave that sentence out.`,
			);
		norms += Math.sqrt(square);
		squares += square;
	}
	const n = rows.length;
	let ofMean = 0;
	for (const sum of mean) ofMean += (sum / n) ** 2;
	if (norms === 0)
		throw new Error(
			"All activations to train on are zero: extract them from another hook.",
		);
	return { meanNorm: norms / n, variance: squares / n - ofMean };
}

/**
 * The point with the smallest sum of distances to at most 4,096 of the rows: Weiszfeld's algorithm from their mean,
 * 30 rounds. Unlike the mean it is not moved by a few huge rows.
 */
export function geometricMedian(
	{ data, d_in }: Activations,
	rows: Uint32Array,
	source: Random,
): Float64Array {
	const sample =
		rows.length <= 4096
			? rows
			: Uint32Array.from({ length: 4096 }, () => rows[source.int(rows.length)]);
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
	{ data, d_in }: Activations,
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
