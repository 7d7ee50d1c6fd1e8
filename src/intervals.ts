/** From, to: where 95 % lie. */
export type Interval = [number, number];

/** The normal distribution's 97.5 % point. */
const Z = 1.959963984540054;
/** Resamples that differ by less agree, as far as anybody reads them. */
const AGREE = 1e-3;

/**
 * The 95 % Wilson score interval of a proportion: the proportions that a two-sided score test would not reject
 * (E. B. Wilson, 1927). Unlike the textbook p ± 1.96 s it holds near 0 and 1. `hits` and `n` may be fractions.
 */
export function wilsonInterval(hits: number, n: number): Interval {
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

/** The 2.5 and the 97.5 % percentile, between two values by linear interpolation, as numpy's. NaN does not count. */
export function intervalOf(values: ArrayLike<number>): Interval {
	const sorted = Float64Array.from(values)
		.filter((v) => !Number.isNaN(v))
		.sort();
	const percentile = (share: number) => {
		const at = share * (sorted.length - 1);
		const below = Math.floor(at);
		const [a, b] = [
			sorted[below],
			sorted[Math.min(below + 1, sorted.length - 1)],
		];
		return a + (at - below) * (b - a);
	};
	return [percentile(0.025), percentile(0.975)];
}

/**
 * The interval of a score whose best is 1: the percentiles of its resamples. Where these agree (all is right, or all
 * wrong, or there is one unit only), resampling knows nothing of what other units would do: then it is Wilson's interval
 * of a share of that size among n units. NaN where the score is, or where it is below 0, where no share is.
 */
export function intervalAround(
	score: number,
	resampled: ArrayLike<number>,
	n: number,
): Interval {
	if (Number.isNaN(score)) return [Number.NaN, Number.NaN];
	const [low, high] = intervalOf(resampled);
	if (high - low >= AGREE) return [low, high];
	if (score < 0) return [Number.NaN, Number.NaN];
	return wilsonInterval(Math.min(1, score) * n, n);
}

/**
 * The interval of a difference of two shares of the same rows, from the difference of each resample; where these agree,
 * the root of the squares of what Wilson's intervals of both reach (R. G. Newcombe, 1998).
 */
export function differenceInterval(
	[a, b]: [number, number],
	resampled: ArrayLike<number>,
	n: number,
): Interval {
	const [low, high] = intervalOf(resampled);
	if (high - low >= AGREE) return [low, high];
	const [of, than] = [wilsonInterval(a * n, n), wilsonInterval(b * n, n)];
	return [
		a - b - Math.hypot(a - of[0], than[1] - b),
		a - b + Math.hypot(of[1] - a, b - than[0]),
	];
}

/** How many units a mean over classes is worth: as many as there are where each class has the same number, else fewer. */
export function unitsOfMean(
	units: ArrayLike<number>,
	classOf: ArrayLike<number>,
): number {
	const classes = new Map<number, Set<number>>();
	for (let i = 0; i < units.length; i++) {
		const own = classes.get(classOf[i]) ?? new Set();
		classes.set(classOf[i], own.add(units[i]));
	}
	let inverse = 0;
	for (const { size } of classes.values()) inverse += 1 / size;
	// Units of several classes, as tokens of one sentence may be, are not there twice.
	const all = new Set(Array.from(units)).size;
	return Math.min(all, classes.size ** 2 / inverse);
}
