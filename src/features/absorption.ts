import { type Firings, sentencesOfLatent } from "./firings";
import {
	type ClassRows,
	firesAny,
	insideCounts,
	match,
	matchOfAny,
} from "./splitting";

/** How the latents that stand for a class fail where more specific ones fire instead. */
export interface Absorption {
	/** Share of the class's sentences that none of the latents that it is split over fires on. */
	missed: number;
	/** Share of the class's sentences that none of them fires on and an absorber does. */
	absorbed: number;
	/** The absorbers, with the share of the class's sentences that each fires on in their place; most first. */
	by: { latent: number; share: number }[];
}

/** A latent belongs to a class from this precision on, … */
const PRECISION = 0.9;
/** … and stands for it from this recall on. */
const RECALL = 0.5;
/** Beside an absorber the class's latents fire at most so often, as a share of their recall … */
const INSTEAD = 0.5;
/** … and so many standard deviations less often than by chance. */
const DEVIATIONS = 4;

/**
 * The latents that absorb a class from those that stand for it; undefined where none does. After the idea of
 * Chanin et al. 2024, "A is for absorption":
 *
 * - a class has a latent that *stands for* it where nine in ten of the sentences that its best latent fires on are of the
 *   class, and that fires on half of the class at least; the others that it is split over (`splitOver`) stand beside it;
 * - an *absorber* is a latent that is none of these, with the same precision, that fires on fewer sentences of the class
 *   than the best (it is more specific), and beside which all of them are silent: on the absorber's sentences of the class
 *   any of them fires at most half as often as on the whole class, and four standard deviations (of a binomial) less often.
 *
 * As in SAEBench, what a class is split over absorbs nothing, and only sentences count on which all of these are silent.
 * Unlike there, classes are known and no probe stands for them, a latent fires on a sentence rather than a token, and
 * firing alone counts: there an absorber's direction has to project on the probe's as well.
 *
 * @param split the latents that the class is split over, the best first
 */
export function absorbersOf(
	firings: Firings,
	rows: ClassRows,
	split: number[],
): number[] | undefined {
	const [best] = split;
	const counts = insideCounts(firings, rows);
	const fires = firesAny(firings, split);
	const of = (j: number) => {
		const all = sentencesOfLatent(firings, j).length;
		return match(counts[j], all - counts[j], rows.size);
	};
	const { precision, recall } = of(best);
	if (precision < PRECISION || recall < RECALL) return undefined;
	const together = matchOfAny(firings, rows, split).recall;
	const absorbers: number[] = [];
	for (let j = 0; j < counts.length; j++) {
		if (split.includes(j) || counts[j] >= counts[best]) continue;
		if (of(j).precision < PRECISION) continue;
		let beside = 0;
		for (const s of sentencesOfLatent(firings, j))
			if (rows.inside[s] && fires[s]) beside++;
		const expected = counts[j] * together;
		const deviation = Math.sqrt(expected * (1 - together));
		if (
			beside <= INSTEAD * expected &&
			expected - beside >= DEVIATIONS * deviation &&
			deviation > 0
		)
			absorbers.push(j);
	}
	return absorbers;
}

/** What the absorbers take from the latents of a class, on sentences that they need not have been found on. */
export function absorption(
	firings: Firings,
	{ inside, size }: ClassRows,
	split: number[],
	absorbers: number[],
): Absorption {
	const fires = firesAny(firings, split);
	const missed = inside.map((one, s) => (fires[s] ? 0 : one));
	const taken = new Uint8Array(firings.n);
	const by = absorbers.map((absorber) => {
		let sentences = 0;
		for (const s of sentencesOfLatent(firings, absorber)) {
			if (!missed[s]) continue;
			sentences++;
			taken[s] = 1;
		}
		return { latent: absorber, share: sentences / size };
	});
	const sum = (marks: Uint8Array) => marks.reduce((a, b) => a + b, 0);
	return {
		missed: sum(missed) / size,
		absorbed: sum(taken) / size,
		by: by
			.filter(({ share }) => share > 0)
			.sort((a, b) => b.share - a.share || a.latent - b.latent),
	};
}
