import { type Firings, sentencesOfLatent } from "./firings";

/** How well "it fires" says "it is of the class". */
export interface Match {
	/** Harmonic mean of precision and recall. */
	f1: number;
	/** Share of the sentences it fires on that are of the class; 0 where it never fires. */
	precision: number;
	/** Share of the class's sentences that it fires on. */
	recall: number;
}

/** Sentences of one class, told by `inside`, among those of some firings. */
export interface ClassRows {
	inside: Uint8Array; // [n]
	size: number;
}

/** A latent more counts where it raises F1 by at least so much, as in Chanin et al. 2024. */
const WORTH = 0.03;
/** And so many at most. */
const MOST = 10;

export function match(right: number, wrong: number, size: number): Match {
	const fired = right + wrong;
	return {
		f1: (2 * right) / (fired + size) || 0,
		precision: right / fired || 0,
		recall: right / size || 0,
	};
}

/** Of each latent, how many sentences of the class it fires on. */
export function insideCounts(
	firings: Firings,
	{ inside }: ClassRows,
): Float64Array {
	const counts = new Float64Array(firings.indptr.length - 1);
	for (let j = 0; j < counts.length; j++)
		for (const s of sentencesOfLatent(firings, j)) counts[j] += inside[s];
	return counts;
}

/** 1 for each sentence that any of the latents fires on. */
export function firesAny(firings: Firings, latents: number[]): Uint8Array {
	const fires = new Uint8Array(firings.n);
	for (const latent of latents)
		for (const s of sentencesOfLatent(firings, latent)) fires[s] = 1;
	return fires;
}

/** The match of "any of the latents fires". */
export function matchOfAny(
	firings: Firings,
	{ inside, size }: ClassRows,
	latents: number[],
): Match {
	let [right, wrong] = [0, 0];
	firesAny(firings, latents).forEach((one, s) => {
		if (!one) return;
		if (inside[s]) right++;
		else wrong++;
	});
	return match(right, wrong, size);
}

/**
 * The latents that a class is split over: the one with the largest F1, then, one by one, the latent that raises the F1
 * of "any of them fires" the most, while it raises it by at least 0.03; ten at most. Of equal ones the first.
 */
export function splitOver(firings: Firings, rows: ClassRows): number[] {
	const counts = insideCounts(firings, rows);
	const covered = new Uint8Array(firings.n);
	const chosen: number[] = [];
	let [right, wrong, f1] = [0, 0, 0];
	while (chosen.length < MOST) {
		let best = { latent: -1, f1: chosen.length ? f1 + WORTH - 1e-12 : -1 };
		for (let latent = 0; latent < counts.length; latent++) {
			// What it reaches at most: every sentence of its own is new, and none outside the class.
			const more = Math.min(counts[latent], rows.size - right);
			if (match(right + more, wrong, rows.size).f1 <= best.f1) continue;
			let [r, w] = [right, wrong];
			for (const s of sentencesOfLatent(firings, latent)) {
				if (covered[s]) continue;
				if (rows.inside[s]) r++;
				else w++;
			}
			const reached = match(r, w, rows.size).f1;
			if (reached > best.f1) best = { latent, f1: reached };
		}
		if (best.latent < 0) break;
		chosen.push(best.latent);
		for (const s of sentencesOfLatent(firings, best.latent)) {
			if (covered[s]) continue;
			covered[s] = 1;
			if (rows.inside[s]) right++;
			else wrong++;
		}
		f1 = best.f1;
	}
	return chosen;
}
