import type { ProbeScore } from "./result";

/** The normal distribution's 97.5 % point. */
const Z = 1.959963984540054;

/**
 * The 95 % Wilson score interval of a proportion: the proportions that a two-sided score test would not reject
 * (E. B. Wilson, 1927). Unlike the textbook p ± 1.96 s it holds near 0 and 1.
 */
export function wilsonInterval(hits: number, n: number): [number, number] {
	if (n === 0) return [0, 1];
	const p = hits / n;
	const centre = p + (Z * Z) / (2 * n);
	const half = Z * Math.sqrt((p * (1 - p)) / n + (Z * Z) / (4 * n * n));
	const scale = 1 + (Z * Z) / n;
	return [
		Math.max(0, (centre - half) / scale),
		Math.min(1, (centre + half) / scale),
	];
}

/** Accuracy, its interval and the confusion matrix of predictions. */
export function scorePredictions(
	truth: ArrayLike<number>,
	predicted: ArrayLike<number>,
	nClasses: number,
): ProbeScore {
	const confusion = Array.from({ length: nClasses }, () =>
		new Array<number>(nClasses).fill(0),
	);
	for (let i = 0; i < truth.length; i++) confusion[truth[i]][predicted[i]]++;
	const hits = confusion.reduce((sum, row, c) => sum + row[c], 0);
	return {
		accuracy: hits / truth.length,
		interval: wilsonInterval(hits, truth.length),
		n_test: truth.length,
		confusion,
	};
}
