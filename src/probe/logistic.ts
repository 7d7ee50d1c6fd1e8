import {
	checkValues,
	columnMoments,
	type Matrix,
	type Products,
	products,
} from "../activations";
import { firstNotFinite } from "../finite";
import { allowedThreads } from "../threads";
import { crossEntropy, softmax } from "./cross-entropy";
import { minimise } from "./lbfgs";

/** A linear classifier in the units of the rows it was fitted on. */
export interface LinearModel {
	/** Two classes need one score, the second class's log-odds; more need one score each. */
	k: number;
	weights: Float32Array; // [columns, k]
	bias: Float64Array; // [k]
}

export interface LogisticFit extends LinearModel {
	l2: number;
	/** The objective that was minimised, in nats a row. */
	objective: number;
	iterations: number;
	converged: boolean;
	/** Where a fit with another penalty may start. */
	parameters: Float64Array;
}

/**
 * How columns are scaled before the penalty is counted: "each" to a deviation of 1, "common" all by the one number
 * that makes their mean squared deviation 1 (a rare latent stays small), "none" not at all.
 */
export type Scaling = "each" | "common" | "none";

/** Fits one problem with any penalty. */
export interface LogisticFitter {
	fit(options: FitOptions): Promise<LogisticFit>;
	/** Ends its threads, where it has any. */
	release(): Promise<void>;
}

export interface FitOptions {
	/** The penalty's weight; scikit-learn's C is 1 / (l2 · rows). */
	l2: number;
	/** Another fit's `parameters`, to start from. Default: zeros. */
	start?: Float64Array;
	/** The largest element of the gradient that counts as zero, in nats a row. Default: 1e-5. */
	tolerance?: number;
	/** Default: 1,000. */
	maxIterations?: number;
	signal?: AbortSignal;
}

/**
 * Multinomial logistic regression: minimises mean cross-entropy + l2/2 · Σ weights², the intercept free of penalty,
 * by L-BFGS. Two classes are one row of weights, as in scikit-learn. Columns are scaled and centred by arithmetic on
 * the weights, so sparse rows stay sparse; centring does not change the minimum, only how fast it is found.
 *
 * Returns what fits with one penalty, so that several share the preparation. Whoever makes it releases it.
 */
export async function logisticFitter(
	x: Matrix,
	y: ArrayLike<number> /* class of each row, 0 to nClasses − 1 */,
	nClasses: number,
	scaling: Scaling,
	weights?: ArrayLike<number> /* how much a row of each class counts; default: 1 */,
): Promise<LogisticFitter> {
	const threads = threadsFor(x, nClasses);
	const prepared = await prepare(x, y, nClasses, scaling, threads);
	const problem = { ...prepared, weights };
	const { d, k, data } = problem;
	const fit = async (options: FitOptions) => {
		const minimum = await minimise(
			(parameters, gradient) =>
				objective(problem, options.l2, parameters, gradient),
			options.start ?? new Float64Array(d * k + k),
			{
				tolerance: options.tolerance ?? 1e-5,
				maxIterations: options.maxIterations ?? 1000,
				signal: options.signal,
			},
		);
		return {
			...unscale(problem, minimum.x),
			k,
			l2: options.l2,
			objective: minimum.value,
			iterations: minimum.iterations,
			converged: minimum.converged,
			parameters: minimum.x,
		};
	};
	return { fit, release: data.release };
}

/** What a fitted model says of each row, and the mean cross-entropy against the truth. */
export interface Classified {
	predicted: Uint32Array; // class of each row
	probabilities: Float32Array; // [rows, nClasses]
	loss: number;
}

export async function classify(
	model: LinearModel,
	x: Matrix,
	truth: ArrayLike<number>,
): Promise<Classified> {
	const { k, bias } = model;
	const scores = await (await products(x)).times(model.weights, k);
	addToRows(scores, bias);
	checkScores(scores, k, x);
	const predicted = new Uint32Array(x.rows);
	for (let i = 0; i < x.rows; i++) {
		if (k === 1) predicted[i] = scores[i] > 0 ? 1 : 0;
		else
			for (let c = 1; c < k; c++)
				if (scores[i * k + c] > scores[i * k + predicted[i]]) predicted[i] = c;
	}
	const loss = crossEntropy(scores, truth, k) / x.rows;
	return { predicted, loss, probabilities: softmax(scores, k) };
}

/** Throws where a score is not finite: so it is where a number of its row is not. */
function checkScores(scores: Float32Array, k: number, x: Matrix): void {
	const at = firstNotFinite(scores);
	if (at < 0) return;
	checkValues(x);
	throw new Error(
		`The score of row ${Math.floor(at / k)} is out of range of 32-bit numbers: its numbers, or the classifier's weights, are too large; divide the rows by a constant, and fit again.`,
	);
}

/** Adds `more` [k] to each row of x [rows, k]. */
function addToRows(x: Float32Array, more: Float64Array): void {
	const k = more.length;
	for (let at = 0; at < x.length; at += k)
		for (let c = 0; c < k; c++) x[at + c] += more[c];
}

/** Below so many products an evaluation a second thread costs more than it gives. */
const WORTH = 5e6;

function threadsFor(x: Matrix, nClasses: number): number {
	const worth = x.kind === "sparse" && x.indptr[x.rows] * nClasses >= WORTH;
	return worth ? allowedThreads() : 1;
}

/** What every evaluation of the loss needs. With more than one thread the caller releases `data`. */
export async function prepare(
	x: Matrix,
	y: ArrayLike<number>,
	nClasses: number,
	scaling: Scaling,
	threads = 1,
): Promise<Problem> {
	const { mean, deviation } = columnMoments(x);
	if (firstNotFinite(mean) >= 0) checkValues(x); // a mean is finite where all its numbers are
	const k = nClasses === 2 ? 1 : nClasses;
	return {
		data: await products(x, threads),
		y,
		mean,
		factor: scalingFactors(deviation, scaling),
		k,
		d: x.columns,
		n: x.rows,
		room: new Float32Array(x.columns * k),
	};
}

function scalingFactors(
	deviation: Float64Array,
	scaling: Scaling,
): Float64Array {
	let squares = 0;
	for (const s of deviation) squares += s * s;
	const common = squares > 0 ? Math.sqrt(deviation.length / squares) : 1;
	return deviation.map((s) => {
		if (s === 0) return 0; // a constant column tells nothing that the intercept does not
		if (scaling === "none") return 1;
		return scaling === "common" ? common : 1 / s;
	});
}

export interface Problem {
	data: Products;
	y: ArrayLike<number>;
	/** Of each class. */
	weights?: ArrayLike<number> | undefined;
	mean: Float64Array; // [d]
	factor: Float64Array; // [d]
	k: number;
	d: number;
	n: number;
	/** For the weights of an evaluation, used again by the next. */
	room: Float32Array; // [d, k]
}

/** The penalised loss at `parameters` (weights [d, k], then biases [k]) and its gradient. */
export async function objective(
	problem: Problem,
	l2: number,
	parameters: Float64Array,
	gradient: Float64Array,
): Promise<number> {
	const { data, y, weights, mean, factor, k, d, n } = problem;
	const own = unscale(problem, parameters, problem.room);
	const scores = await data.times(own.weights, k);
	addToRows(scores, own.bias);
	const loss = crossEntropy(scores, y, k, { differentiate: true, weights }) / n;
	if (!Number.isFinite(loss))
		throw new Error(
			"The loss of a linear classifier is not finite, though all its rows are: their numbers, or the weights of classes, are too large for 32 bits; divide them by a constant.",
		);
	const residual = new Float64Array(k);
	for (let at = 0; at < scores.length; at += k)
		for (let c = 0; c < k; c++) residual[c] += scores[at + c];
	const slopes = await data.transposedTimes(scores, k);
	let penalty = 0;
	for (let c = 0; c < k; c++) {
		const own = residual[c];
		for (let j = 0, at = c; j < d; j++, at += k) {
			const w = parameters[at];
			penalty += w * w;
			gradient[at] = (factor[j] * (slopes[at] - mean[j] * own)) / n + l2 * w;
		}
	}
	for (let c = 0; c < k; c++) gradient[d * k + c] = residual[c] / n;
	return loss + 0.5 * l2 * penalty;
}

/** The same classifier on rows that are neither scaled nor centred. */
function unscale(
	{ mean, factor, k, d }: Problem,
	parameters: Float64Array,
	weights: Float32Array = new Float32Array(d * k),
): { weights: Float32Array; bias: Float64Array } {
	const bias = parameters.slice(d * k);
	for (let c = 0; c < k; c++) {
		let moved = 0;
		for (let j = 0, at = c; j < d; j++, at += k) {
			const w = factor[j] * parameters[at];
			weights[at] = w;
			moved += mean[j] * w;
		}
		bias[c] -= moved;
	}
	return { weights, bias };
}
