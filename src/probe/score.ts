import { intervalAround, unitsOfMean, withStill } from "../intervals";
import { resamples } from "../resamples";
import type { Calibration, ProbeScore } from "./result";

const RESAMPLES = 1000;
const BINS = 10;

/** What a classifier says of the test rows. */
export interface Predictions {
	truth: ArrayLike<number>; // class of each row
	predicted: ArrayLike<number>;
	nClasses: number;
	/** [rows, nClasses]; absent where the classifier gives none. */
	probabilities?: Float32Array;
	/** How many columns the classifier read. */
	columns: number;
	/** The unit of each row: rows of one are drawn together, so that neither copies nor tokens count as more than they are. */
	units: ArrayLike<number>;
	/** Of the resamples. */
	seed: number;
}

/**
 * Accuracy and its kin, with 95 % intervals from 1,000 resamples of the units of the test, with all their rows. Where all
 * resamples agree, since all rows are right or none is, they are Wilson's: see `intervalAround`.
 */
export function scorePredictions(predictions: Predictions): ProbeScore {
	const { truth, predicted, nClasses, probabilities, columns, seed, units } =
		predictions;
	const n = truth.length;
	const ranked = probabilities && rankClasses(truth, probabilities, nClasses);
	const ones = new Uint32Array(n).fill(1);
	const confusion = confusionOf(truth, predicted, nClasses, ones);
	const score = measure(confusion);
	const kept = { accuracy: [], balanced: [], f1: [], auc: [] } as Record<
		string,
		number[]
	>;
	for (const weights of resamples(units, RESAMPLES, seed)) {
		const of = measure(confusionOf(truth, predicted, nClasses, weights));
		kept.accuracy.push(of.accuracy);
		kept.balanced.push(of.balanced_accuracy);
		kept.f1.push(of.macro_f1);
		if (ranked) kept.auc.push(weightedAuc(truth, ranked, weights));
	}
	const auc = ranked ? weightedAuc(truth, ranked, ones) : Number.NaN;
	const independent = new Set(Array.from(units)).size;
	const mean = unitsOfMean(units, truth);
	const { accuracy, balanced_accuracy, macro_f1 } = score;
	const { still, classes } = stillClasses(confusion, truth, units);
	const overClasses = (value: number, resampled: number[]) =>
		withStill(value, intervalAround(value, resampled, mean), still, classes);
	return {
		...score,
		interval: intervalAround(accuracy, kept.accuracy, independent),
		auc,
		intervals: {
			balanced_accuracy: overClasses(balanced_accuracy, kept.balanced),
			macro_f1: overClasses(macro_f1, kept.f1),
			auc: intervalAround(auc, kept.auc, mean),
		},
		...(probabilities && {
			calibration: calibrate(truth, predicted, probabilities, nClasses),
		}),
		n_test: n,
		confusion,
		columns,
	};
}

/** [truth][predicted], each row as often as its weight says. */
function confusionOf(
	truth: ArrayLike<number>,
	predicted: ArrayLike<number>,
	nClasses: number,
	weights: Uint32Array,
): number[][] {
	const confusion = Array.from({ length: nClasses }, () =>
		new Array<number>(nClasses).fill(0),
	);
	for (let i = 0; i < truth.length; i++)
		confusion[truth[i]][predicted[i]] += weights[i];
	return confusion;
}

/** Over the classes that the rows have. */
function measure(
	confusion: number[][],
): Pick<ProbeScore, "accuracy" | "balanced_accuracy" | "macro_f1"> {
	let hits = 0;
	let n = 0;
	let recall = 0;
	let f1 = 0;
	let classes = 0;
	let named = 0;
	for (const [c, row] of confusion.entries()) {
		const own = row.reduce((sum, v) => sum + v, 0);
		const said = confusion.reduce((sum, of) => sum + of[c], 0);
		hits += row[c];
		n += own;
		if (own > 0) {
			recall += row[c] / own;
			classes++;
		}
		if (own + said > 0) {
			f1 += (2 * row[c]) / (own + said);
			named++;
		}
	}
	return {
		accuracy: hits / n,
		balanced_accuracy: recall / classes,
		macro_f1: f1 / named,
	};
}

/** The classes that are found in all their rows, or in none, with their units; and how many classes have rows at all. */
function stillClasses(
	confusion: number[][],
	truth: ArrayLike<number>,
	units: ArrayLike<number>,
) {
	const unitsOf = confusion.map(() => new Set<number>());
	for (let i = 0; i < truth.length; i++) unitsOf[truth[i]].add(units[i]);
	const own = confusion.map((row) => row.reduce((sum, v) => sum + v, 0));
	const still = [...confusion.keys()]
		.filter((c) => own[c] > 0)
		.map((c) => ({ share: confusion[c][c] / own[c], n: unitsOf[c].size }))
		.filter(({ share }) => share === 0 || share === 1);
	return { still, classes: own.filter((n) => n > 0).length };
}

/** For each class its rows from the least probable to the most, in runs of equal probability. */
interface Ranked {
	order: Uint32Array;
	/** 1 where a run of equal values ends. */
	ends: Uint8Array;
	class: number;
}

function rankClasses(
	truth: ArrayLike<number>,
	probabilities: Float32Array,
	nClasses: number,
): Ranked[] {
	const n = truth.length;
	// Two classes are one question.
	const asked = nClasses === 2 ? [1] : [...new Array(nClasses).keys()];
	return asked.map((c) => {
		const of = (i: number) => probabilities[i * nClasses + c];
		const order = Uint32Array.from({ length: n }, (_, i) => i).sort(
			(a, b) => of(a) - of(b),
		);
		const ends = new Uint8Array(n);
		for (let i = 0; i < n; i++)
			ends[i] = i + 1 === n || of(order[i + 1]) !== of(order[i]) ? 1 : 0;
		return { order, ends, class: c };
	});
}

/** Mean over the classes that have rows and others beside them; NaN where none has. */
function weightedAuc(
	truth: ArrayLike<number>,
	ranked: Ranked[],
	weights: Uint32Array,
): number {
	let sum = 0;
	let classes = 0;
	for (const { order, ends, class: own } of ranked) {
		let below = 0; // others with a lower value
		let [ones, others] = [0, 0]; // in the run
		let [pairs, all] = [0, 0];
		for (let i = 0; i < order.length; i++) {
			if (truth[order[i]] === own) ones += weights[order[i]];
			else others += weights[order[i]];
			if (!ends[i]) continue;
			pairs += ones * (below + others / 2); // ties count half
			below += others;
			all += ones;
			[ones, others] = [0, 0];
		}
		if (all === 0 || below === 0) continue;
		sum += pairs / (all * below);
		classes++;
	}
	return classes > 0 ? sum / classes : Number.NaN;
}

/** Ten bins of equal width by the probability of what was predicted (Guo et al. 2017). */
function calibrate(
	truth: ArrayLike<number>,
	predicted: ArrayLike<number>,
	probabilities: Float32Array,
	nClasses: number,
): Calibration {
	const sums = Array.from({ length: BINS }, () => ({
		sure: 0,
		right: 0,
		n: 0,
	}));
	for (let i = 0; i < truth.length; i++) {
		const p = probabilities[i * nClasses + predicted[i]];
		const bin = sums[Math.min(BINS - 1, Math.floor(p * BINS))];
		bin.sure += p;
		bin.right += truth[i] === predicted[i] ? 1 : 0;
		bin.n++;
	}
	const bins = sums
		.filter(({ n }) => n > 0)
		.map(({ sure, right, n }) => ({
			confidence: sure / n,
			accuracy: right / n,
			n,
		}));
	const ece = bins.reduce(
		(sum, { confidence, accuracy, n }) =>
			sum + (n / truth.length) * Math.abs(confidence - accuracy),
		0,
	);
	return { bins, ece };
}
