/** The probability of at least `hits` marked ones among `drawn`, see `fisherTest`. */
export type FisherTest = (
	hits: number,
	drawn: number,
	marked: number,
) => number;

/** What is left of a sum of falling terms when the next is below this share of it is below the rounding. */
const NEGLIGIBLE = 1e-18;

/**
 * Fisher's exact test, one-sided, among `all` things of which some are marked: how probable it is that `drawn` of them,
 * drawn by chance, hold at least `hits` of the `marked`. It is the upper tail of the hypergeometric distribution, whose
 * terms fall on both sides of the mode: the smaller side is summed, from its largest term outward.
 */
export function fisherTest(all: number): FisherTest {
	const logs = logFactorials(all);
	return (hits, drawn, marked) => {
		const least = Math.max(0, drawn + marked - all);
		const most = Math.min(drawn, marked);
		if (hits <= least) return 1;
		if (hits > most) return 0;
		const mode = Math.floor(((drawn + 1) * (marked + 1)) / (all + 2));
		return hits > mode
			? Math.min(1, sumOf(hits, 1))
			: Math.max(0, 1 - sumOf(hits - 1, -1));

		function sumOf(from: number, step: 1 | -1): number {
			let term = Math.exp(logProbability(from));
			let sum = 0;
			for (let x = from; x >= least && x <= most; x += step) {
				sum += term;
				// The next term over this one.
				const up = (n: number) =>
					((marked - n) * (drawn - n)) /
					((n + 1) * (all - marked - drawn + n + 1));
				term *= step > 0 ? up(x) : 1 / up(x - 1);
				if (term < NEGLIGIBLE * sum) break;
			}
			return sum;
		}

		function logProbability(x: number): number {
			const rest = all - marked;
			const others = drawn - x;
			return (
				logs[marked] -
				logs[x] -
				logs[marked - x] +
				(logs[rest] - logs[others] - logs[rest - others]) -
				(logs[all] - logs[drawn] - logs[all - drawn])
			);
		}
	};
}

/** log n! for n from 0 to `most`, summed with what rounding loses carried along. */
function logFactorials(most: number): Float64Array {
	const logs = new Float64Array(most + 1);
	let lost = 0;
	for (let n = 2; n <= most; n++) {
		const more = Math.log(n) - lost;
		logs[n] = logs[n - 1] + more;
		lost = logs[n] - logs[n - 1] - more;
	}
	return logs;
}

/**
 * p-values corrected so that among those below a threshold the expected share of false ones is at most the threshold
 * (Benjamini & Hochberg 1995): p · m / rank, and never above that of a larger p.
 */
export function benjaminiHochberg(p: Float64Array): Float64Array {
	const order = Uint32Array.from(p, (_, i) => i).sort((a, b) => p[a] - p[b]);
	const corrected = new Float64Array(p.length);
	let least = 1;
	for (let rank = p.length; rank > 0; rank--) {
		const i = order[rank - 1];
		least = Math.min(least, (p[i] * p.length) / rank);
		corrected[i] = least;
	}
	return corrected;
}
