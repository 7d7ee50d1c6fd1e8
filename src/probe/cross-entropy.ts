export interface CrossEntropyOptions {
	differentiate?: boolean;
	/** Of each class; default: 1. */
	weights?: ArrayLike<number> | undefined;
}

/**
 * −Σ log p(truth) over the rows, from scores [rows, k]. With `differentiate`, scores become the slope of the
 * sum with respect to each score: p − 1 at the truth, p elsewhere. A row counts as often as the weight of its class says.
 */
export function crossEntropy(
	scores: Float32Array,
	truth: ArrayLike<number>,
	k: number,
	{ differentiate = false, weights }: CrossEntropyOptions = {},
): number {
	let sum = 0;
	for (let i = 0; i < truth.length; i++) {
		const at = i * k;
		const weight = weights ? weights[truth[i]] : 1;
		if (k === 1) {
			// log(1 + e^−m), with the margin m that is positive when the sign is right
			const margin = truth[i] === 1 ? scores[i] : -scores[i];
			const loss =
				Math.max(-margin, 0) + Math.log1p(Math.exp(-Math.abs(margin)));
			sum += weight * loss;
			if (differentiate)
				scores[i] = weight * (1 / (1 + Math.exp(-scores[i])) - truth[i]);
			continue;
		}
		let most = scores[at];
		for (let c = 1; c < k; c++) most = Math.max(most, scores[at + c]);
		const own = scores[at + truth[i]] - most;
		let total = 0;
		for (let c = 0; c < k; c++) {
			const e = Math.exp(scores[at + c] - most);
			total += e;
			if (differentiate) scores[at + c] = e;
		}
		sum += weight * (Math.log(total) - own);
		if (!differentiate) continue;
		for (let c = 0; c < k; c++) scores[at + c] *= weight / total;
		scores[at + truth[i]] -= weight;
	}
	return sum;
}

/** Probabilities [rows, nClasses] from scores [rows, k]; of two classes there is one score, the second's log-odds. */
export function softmax(scores: Float32Array, k: number): Float32Array {
	if (k === 1) {
		const out = new Float32Array(2 * scores.length);
		for (let i = 0; i < scores.length; i++) {
			out[2 * i] = 1 / (1 + Math.exp(scores[i]));
			out[2 * i + 1] = 1 / (1 + Math.exp(-scores[i]));
		}
		return out;
	}
	const out = new Float32Array(scores.length);
	for (let at = 0; at < scores.length; at += k) {
		const row = scores.subarray(at, at + k);
		const most = row.reduce((m, v) => Math.max(m, v), Number.NEGATIVE_INFINITY);
		let total = 0;
		for (let c = 0; c < k; c++) {
			out[at + c] = Math.exp(row[c] - most);
			total += out[at + c];
		}
		for (let c = 0; c < k; c++) out[at + c] /= total;
	}
	return out;
}
