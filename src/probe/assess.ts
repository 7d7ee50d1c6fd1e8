import { type Matrix, takeRows } from "../activations";
import { balancedWeights } from "./classifier";
import { predictWithLibrary } from "./library";
import {
	type Classified,
	classify,
	type LinearModel,
	type LogisticFit,
	logisticFitter,
	type Scaling,
} from "./logistic";
import type { ProbeResult, ProbeScore } from "./result";
import { scorePredictions } from "./score";
import { type Task, testUnits } from "./task";

/** How a probe is fitted: `ProbeOptions` has them. */
export interface FitChoice {
	solver?: ProbeResult["solver"];
	l2?: number;
	class_weight?: "balanced" | undefined;
	/** Of each fit. Default: 1,000. */
	maxIterations?: number;
	/** The final fit ends where no entry of the gradient is larger, in nats a row. Default: 1e-5. */
	tolerance?: number;
	/** Of the resamples of the test. */
	seed: number;
	signal?: AbortSignal;
}

export const PENALTIES = [1, 0.1, 0.01, 1e-3, 1e-4, 1e-5];
/** Tolerances of the gradient, in nats a row: to compare penalties, and for what is kept. */
export const ROUGH = 1e-4;
const FINE = 1e-5;

export interface Assessment {
	score: ProbeScore;
	/** Class of each test row. */
	predicted: Uint32Array;
	model?: LinearModel;
}

/** Fits on the training rows, chooses on the validation rows, scores on the test rows. */
export async function assess(
	x: Matrix,
	scaling: Scaling,
	task: Task,
	options: FitChoice,
	onProgress: (share: number) => void,
): Promise<Assessment> {
	const { truth, classes, train, validation, test } = task;
	const { tolerance = FINE } = options;
	const nClasses = classes.length;
	const of = (members: Uint32Array) => members.map((i) => truth[i]);
	const y = of(train);
	const score = (said: Pick<Classified, "predicted"> & Partial<Classified>) =>
		scorePredictions({
			truth: of(test),
			predicted: said.predicted,
			probabilities: said.probabilities,
			nClasses,
			columns: x.columns,
			units: testUnits(task),
			seed: options.seed,
		});
	const trainRows = takeRows(x, train);
	const testRows = takeRows(x, test);
	if (options.solver === "ml-logistic-regression") {
		options.signal?.throwIfAborted();
		const predicted = await predictWithLibrary(
			trainRows,
			y,
			nClasses,
			testRows,
		);
		return { score: score({ predicted }), predicted };
	}
	const weights = options.class_weight && balancedWeights(y, nClasses);
	const { fit, release } = await logisticFitter(
		trainRows,
		y,
		nClasses,
		scaling,
		weights,
	);
	const validationRows = takeRows(x, validation);
	const model = await choose(
		options.l2 === undefined ? PENALTIES : [options.l2],
		tolerance,
		(l2, tolerance, start) =>
			fit({
				...{ l2, start, tolerance },
				maxIterations: options.maxIterations,
				signal: options.signal,
			}),
		async (model) =>
			(await classify(model, validationRows, of(validation))).loss,
		onProgress,
	).finally(release);
	const { l2, converged } = model;
	const said = await classify(model, testRows, of(test));
	const { predicted } = said;
	return { score: { ...score(said), l2, converged }, predicted, model };
}

/**
 * From the strongest penalty to the weakest, each roughly fitted from the last, until the loss has risen twice; the
 * best is fitted to the end.
 */
async function choose(
	penalties: number[],
	finalTolerance: number,
	fit: (
		l2: number,
		tolerance: number,
		start?: Float64Array,
	) => Promise<LogisticFit>,
	validationLoss: (model: LogisticFit) => Promise<number>,
	onProgress: (share: number) => void,
): Promise<LogisticFit> {
	let best: LogisticFit | undefined;
	let last: LogisticFit | undefined;
	let least = Number.POSITIVE_INFINITY;
	let worse = 0;
	for (const [i, l2] of penalties.entries()) {
		onProgress(i / penalties.length);
		last = await fit(l2, ROUGH, last?.parameters);
		const loss = await validationLoss(last);
		if (loss < least) {
			best = last;
			least = loss;
			worse = 0;
		} else if (++worse === 2) break;
	}
	const { l2, parameters } = best as LogisticFit;
	const fitted = await fit(l2, finalTolerance, parameters);
	onProgress(1);
	return fitted;
}
