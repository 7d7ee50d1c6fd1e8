import { type Firings, sentencesOfLatent } from "./firings";
import { type ClassRows, insideCounts, match } from "./splitting";

/** How a latent that stands for a class fails where more specific ones fire instead. */
export interface Absorption {
	/** Share of the class's sentences that the latent does not fire on. */
	missed: number;
	/** Share of the class's sentences that it does not fire on and an absorber does. */
	absorbed: number;
	/** The absorbers, with the share of the class's sentences that each fires on in its place; most first. */
	by: { latent: number; share: number }[];
}

/** A latent belongs to a class from this precision on, … */
const PRECISION = 0.9;
/** … and stands for it from this recall on. */
const RECALL = 0.5;
/** Beside an absorber the latent fires at most so often, as a share of its recall … */
const INSTEAD = 0.5;
/** … and so many standard deviations less often than by chance. */
const DEVIATIONS = 4;

/**
 * The latents that absorb a class from the latent that stands for it; undefined where it does not. After the idea of
 * Chanin et al. 2024, "A is for absorption", with known classes in the place of a probe:
 *
 * - a latent *stands for* a class where nine in ten of the sentences it fires on are of the class, and it fires on half of
 *   the class at least;
 * - an *absorber* is another latent with the same precision that fires on fewer sentences of the class (it is more
 *   specific), and beside which the first is silent: on the absorber's sentences of the class it fires at most half as
 *   often as on the whole class, and four standard deviations (of a binomial) less often.
 */
export function absorbersOf(
	firings: Firings,
	rows: ClassRows,
	latent: number,
): number[] | undefined {
	const counts = insideCounts(firings, rows);
	const fires = new Uint8Array(firings.n);
	for (const s of sentencesOfLatent(firings, latent)) fires[s] = 1;
	const of = (j: number) => {
		const all = sentencesOfLatent(firings, j).length;
		return match(counts[j], all - counts[j], rows.size);
	};
	const { precision, recall } = of(latent);
	if (precision < PRECISION || recall < RECALL) return undefined;
	const absorbers: number[] = [];
	for (let j = 0; j < counts.length; j++) {
		if (j === latent || counts[j] >= counts[latent]) continue;
		if (of(j).precision < PRECISION) continue;
		let beside = 0;
		for (const s of sentencesOfLatent(firings, j))
			if (rows.inside[s] && fires[s]) beside++;
		const expected = counts[j] * recall;
		const deviation = Math.sqrt(expected * (1 - recall));
		if (
			beside <= INSTEAD * expected &&
			expected - beside >= DEVIATIONS * deviation &&
			deviation > 0
		)
			absorbers.push(j);
	}
	return absorbers;
}

/** What the absorbers take from the latent, on sentences that they need not have been found on. */
export function absorption(
	firings: Firings,
	{ inside, size }: ClassRows,
	latent: number,
	absorbers: number[],
): Absorption {
	const missed = inside.slice();
	for (const s of sentencesOfLatent(firings, latent)) missed[s] = 0;
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
