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

/** Student's 97.5 % point over the normal one, at n − 1 degrees of freedom, n from 2 to 29. */
const STUDENT = [
	12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.306, 2.26216,
	2.22814, 2.20099, 2.17881, 2.16037, 2.14479, 2.13145, 2.11991, 2.10982,
	2.10092, 2.09302, 2.08596, 2.07961, 2.07387, 2.06866, 2.0639, 2.05954,
	2.05553, 2.05183, 2.04841,
].map((t) => t / Z);

/**
 * Resamples of n units spread less than n units drawn anew would: by √((n − 1) / n), and by what Student's distribution is
 * wider than the normal one. Below 30 units that is told from the score's place (Hesterberg 2015); 1 above.
 */
function widening(n: number): number {
	const t = STUDENT[Math.max(2, Math.round(n)) - 2];
	return t === undefined ? 1 : t * Math.sqrt(n / (n - 1));
}

/** An interval of a score as wide as few units make it, within what a score may be. */
function widened(
	score: number,
	[low, high]: Interval,
	n: number,
	[least, most]: Interval,
): Interval {
	const wide = widening(n);
	return [
		Math.max(Math.min(low, least), score - wide * (score - low)),
		Math.min(Math.max(high, most), score + wide * (high - score)),
	];
}

/**
 * The interval of a score whose best is 1: the percentiles of its resamples, with fewer than 30 units as much wider as
 * these resample too little. Where they agree (all is right, or all wrong, or there is one unit only), resampling knows
 * nothing of what other units would do: then it is Wilson's interval of a share of that size among n units. NaN where the
 * score is, or where it is below 0, where no share is.
 *
 * `least`: the least that the score can be.
 */
export function intervalAround(
	score: number,
	resampled: ArrayLike<number>,
	n: number,
	least = 0,
): Interval {
	if (Number.isNaN(score)) return [Number.NaN, Number.NaN];
	const [low, high] = intervalOf(resampled);
	if (high - low >= AGREE) return widened(score, [low, high], n, [least, 1]);
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
	if (high - low >= AGREE) return widened(a - b, [low, high], n, [-1, 1]);
	const [of, than] = [wilsonInterval(a * n, n), wilsonInterval(b * n, n)];
	return [
		a - b - Math.hypot(a - of[0], than[1] - b),
		a - b + Math.hypot(of[1] - a, b - than[0]),
	];
}

/**
 * The interval of a mean over `parts` shares, where some of them are 1 or 0, so that no resample differs in them: what
 * Wilson's intervals of these (of `n` units each) reach is added, as the root of the squares.
 */
export function withStill(
	score: number,
	[low, high]: Interval,
	still: readonly { share: number; n: number }[],
	parts: number,
): Interval {
	if (still.length === parts) return [low, high]; // Wilson's already
	const reach = (own: number, end: 0 | 1) =>
		Math.hypot(
			own,
			...still.map(({ share, n }) => {
				const to = wilsonInterval(share * n, n)[end];
				return (share - to) / parts;
			}),
		);
	return [
		Math.max(0, score - reach(score - low, 0)),
		Math.min(1, score + reach(high - score, 1)),
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
