import { intervalAround } from "../intervals";
import { resamples } from "../resamples";
import type { RegressionScore } from "./result";

const RESAMPLES = 1000;

/**
 * R² and its kin, with the 95 % interval of R² from 1,000 resamples of the units of the test; where these agree, since every
 * number is right, it is Wilson's: see `intervalAround`.
 */
export function scoreNumbers(
	truth: Float64Array,
	predicted: Float64Array,
	units: ArrayLike<number> /* of each row */,
	columns: number,
	seed: number,
): RegressionScore {
	const n = truth.length;
	const errors = truth.map((y, i) => y - predicted[i]);
	const values: number[] = [];
	for (const weights of resamples(units, RESAMPLES, seed))
		values.push(r2Of(truth, predicted, weights));
	const r2 = r2Of(truth, predicted, new Uint32Array(n).fill(1));
	return {
		r2,
		interval: intervalAround(
			r2,
			values,
			new Set(Array.from(units)).size,
			-Infinity,
		),
		mae: errors.reduce((sum, e) => sum + Math.abs(e), 0) / n,
		rmse: Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / n),
		spearman: correlation(ranks(truth), ranks(predicted)),
		n_test: n,
		columns,
	};
}

/** NaN where all true numbers are the same. */
function r2Of(
	truth: Float64Array,
	predicted: Float64Array,
	weights: Uint32Array,
): number {
	let n = 0;
	let sum = 0;
	for (let i = 0; i < truth.length; i++) {
		n += weights[i];
		sum += weights[i] * truth[i];
	}
	const mean = sum / n;
	let left = 0;
	let all = 0;
	for (let i = 0; i < truth.length; i++) {
		left += weights[i] * (truth[i] - predicted[i]) ** 2;
		all += weights[i] * (truth[i] - mean) ** 2;
	}
	return all > 0 ? 1 - left / all : Number.NaN;
}

/** 1 for the least; equal ones share the mean of their ranks. */
function ranks(values: Float64Array): Float64Array {
	const order = Uint32Array.from(values.keys()).sort(
		(a, b) => values[a] - values[b],
	);
	const rank = new Float64Array(values.length);
	for (let from = 0, to = 0; from < order.length; from = to) {
		while (to < order.length && values[order[to]] === values[order[from]]) to++;
		for (let at = from; at < to; at++) rank[order[at]] = (from + to + 1) / 2;
	}
	return rank;
}

/** Pearson's; NaN where one of the two does not vary. */
function correlation(a: Float64Array, b: Float64Array): number {
	const mean = (v: Float64Array) => v.reduce((s, x) => s + x, 0) / v.length;
	const [ma, mb] = [mean(a), mean(b)];
	let [ab, aa, bb] = [0, 0, 0];
	for (let i = 0; i < a.length; i++) {
		ab += (a[i] - ma) * (b[i] - mb);
		aa += (a[i] - ma) ** 2;
		bb += (b[i] - mb) ** 2;
	}
	return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : Number.NaN;
}
