import type { Random } from "../../random";
import { normalizeRows, scalesRows } from "../normalize";
import type { Normalization } from "../types";

/** What training needs to know of its rows before it begins. */
export interface RowStatistics {
	/** Mean over rows of ‖x‖. */
	meanNorm: number;
	/** E‖x‖² − ‖E x‖²: the error of always answering with the mean. */
	variance: number;
	mean: Float64Array; // [d_in]
}

/** Takes in row after row, in order. */
export interface RowSums {
	/** Rows [n, d_in]; gives which one holds a value that is not finite, −1 where none does. */
	add(rows: Float32Array): number;
	/** Throws where all rows are zero. */
	result(): RowStatistics;
}

/** Sums over rows as they are after the row by row normalisation that `mode` asks for. */
export function rowSums(d_in: number, mode: Normalization): RowSums {
	const sums = new Float64Array(d_in);
	let [n, norms, squares] = [0, 0, 0];
	const scaled = scalesRows(mode);
	return {
		add(given) {
			const rows = scaled ? given.slice() : given;
			normalizeRows(rows, d_in, mode);
			for (let at = 0; at < rows.length; n++) {
				let square = 0;
				for (let i = 0; i < d_in; i++, at++) {
					square += rows[at] * rows[at];
					sums[i] += rows[at];
				}
				norms += Math.sqrt(square);
				squares += square;
				if (!Number.isFinite(square)) return at / d_in - 1;
			}
			return -1;
		},
		result() {
			const mean = sums.map((sum) => sum / n);
			let ofMean = 0;
			for (const v of mean) ofMean += v * v;
			if (norms === 0)
				throw new Error(
					"All activations to train on are zero: extract them from another hook.",
				);
			return { meanNorm: norms / n, variance: squares / n - ofMean, mean };
		},
	};
}

/** Draws at most `limit` rows from all that pass by, each set as likely as any other (reservoir sampling). */
export function reservoir(d_in: number, limit: number, source: Random) {
	let sample: Float32Array = new Float32Array(0);
	let n = 0;
	return {
		add(rows: Float32Array): void {
			for (let at = 0; at < rows.length; at += d_in) {
				const place = n < limit ? n : source.int(n + 1);
				n++;
				if (place >= limit) continue;
				if ((place + 1) * d_in > sample.length) sample = grown(sample);
				sample.set(rows.subarray(at, at + d_in), place * d_in);
			}
		},
		/** [rows, d_in] */
		result: () => sample.subarray(0, Math.min(n, limit) * d_in),
	};

	function grown(old: Float32Array): Float32Array {
		const rows = Math.min(limit, 64 + (2 * old.length) / d_in);
		const larger = new Float32Array(rows * d_in);
		larger.set(old);
		return larger;
	}
}

/**
 * The point with the smallest sum of distances to rows [n, d_in]: Weiszfeld's algorithm from their mean, 30 rounds.
 * Unlike the mean it is not moved by a few huge rows.
 */
export function geometricMedian(
	rows: Float32Array,
	d_in: number,
): Float64Array {
	let median = new Float64Array(d_in);
	for (let round = 0; round <= 30; round++) {
		const next = new Float64Array(d_in);
		let total = 0;
		for (let at = 0; at < rows.length; at += d_in) {
			let square = 0;
			for (let i = 0; i < d_in; i++) square += (rows[at + i] - median[i]) ** 2;
			const weight = round === 0 ? 1 : 1 / Math.max(Math.sqrt(square), 1e-12);
			total += weight;
			for (let i = 0; i < d_in; i++) next[i] += weight * rows[at + i];
		}
		median = next.map((sum) => sum / total);
	}
	return median;
}
