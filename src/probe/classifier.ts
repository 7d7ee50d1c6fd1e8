import { checkMatrix, type Matrix } from "../activations";
import { listenTo } from "../interrupt";
import {
	classify,
	type LinearModel,
	logisticFitter,
	type Scaling,
} from "./logistic";

/** A label of a row: all of one type. */
export type LabelValue = string | number | boolean;

export interface LogisticRegressionOptions {
	/** scikit-learn's: the fit minimises C · Σ loss + ½ Σ weights². Default: 1. */
	C?: number;
	/** "balanced": a row of class c counts n / (classes · rows of c); or a number for each class. Default: 1 each. */
	class_weight?: "balanced" | Record<string, number>;
	/** Of the columns, before the penalty is counted: "each" to a deviation of 1, "common" all by one number. Default: "none". */
	scaling?: Scaling;
	/** The largest element of the gradient that counts as zero, in nats a row. Default: 1e-6, which 32-bit products reach. */
	tolerance?: number;
	/** Default: 1,000. */
	max_iterations?: number;
	/** Ends the work, with the signal's reason as error. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

/** A fitted logistic regression: `logisticRegression` returns it. */
export interface Classifier extends LinearModel {
	kind: "classifier";
	/** Numbers in their order, else sorted as text. */
	classes: string[];
	C: number;
	iterations: number;
	/** False where `max_iterations` ran out first. */
	converged: boolean;
}

/**
 * Multinomial logistic regression on rows of your own, dense or sparse: mean cross-entropy and an L2 penalty on the weights,
 * not on the intercept, by L-BFGS. Two classes are one score, as in scikit-learn: `weights` are [columns, k] with k = 1
 * then, else a score for each class.
 *
 * Throws when labels and rows are not as many, when labels are of several types or there is one class only, when they
 * look like identifiers, when C or another option is out of range, when a class has no weight, when the rows are no
 * matrix (too few numbers, columns that are not there), and when numbers are not finite, with their row and column.
 */
export async function logisticRegression(
	x: Matrix,
	labels: ArrayLike<LabelValue>,
	options: LogisticRegressionOptions = {},
): Promise<Classifier> {
	const { C = 1, scaling = "none", tolerance = 1e-6 } = options;
	if (!(C > 0)) throw new Error(`C is ${C}; it must be a number above 0.`);
	if (!(tolerance > 0))
		throw new Error(
			`tolerance is ${tolerance}; it must be a number above 0, in nats a row.`,
		);
	const { max_iterations = 1000 } = options;
	if (!Number.isSafeInteger(max_iterations) || max_iterations < 1)
		throw new Error(
			`max_iterations is ${max_iterations}; it must be a whole number of at least 1.`,
		);
	const signal = listenTo(options.signal);
	checkMatrix(x);
	const { classes, y } = readLabels(x, labels);
	const weights = classWeights(options.class_weight, classes, y);
	const { fit, release } = await logisticFitter(
		x,
		y,
		classes.length,
		scaling,
		weights,
	);
	const found = await fit({
		l2: 1 / (C * x.rows),
		tolerance,
		maxIterations: max_iterations,
		...(signal && { signal }),
	}).finally(release);
	const { k, bias, iterations, converged } = found;
	return {
		kind: "classifier",
		classes,
		k,
		weights: found.weights,
		bias,
		C,
		iterations,
		converged,
	};
}

/**
 * The class of each row. Throws where the rows have other columns than those it was fitted on, are no matrix, or hold a
 * number that is not finite.
 */
export async function predict(model: Classifier, x: Matrix): Promise<string[]> {
	const { predicted } = await said(model, x);
	return Array.from(predicted, (c) => model.classes[c]);
}

/** The probability of each class, in the order of `classes`. Throws as `predict` does. */
export async function predictProba(
	model: Classifier,
	x: Matrix,
): Promise<Float32Array /* [rows, classes] */> {
	return (await said(model, x)).probabilities;
}

function said(model: Classifier, x: Matrix): ReturnType<typeof classify> {
	checkMatrix(x);
	const columns = model.weights.length / model.k;
	if (x.columns !== columns)
		throw new Error(
			`The classifier reads ${columns} columns, and the rows have ${x.columns}; give rows made in the same way.`,
		);
	return classify(model, x, new Uint32Array(x.rows));
}

function readLabels(
	x: Matrix,
	labels: ArrayLike<LabelValue>,
): { classes: string[]; y: Uint32Array } {
	if (labels.length !== x.rows)
		throw new Error(
			`There are ${labels.length} labels for ${x.rows} rows; give one label a row.`,
		);
	const values = Array.from(labels);
	const types = new Set(values.map((value) => typeof value));
	if (types.size > 1)
		throw new Error(
			`Labels are of several types (${[...types].join(", ")}); make them all text, numbers or booleans.`,
		);
	const bad = values.findIndex(
		(value) => typeof value === "number" && !Number.isFinite(value),
	);
	if (bad >= 0)
		throw new Error(
			`The label of row ${bad} is ${values[bad]}, which is not finite; leave the row out.`,
		);
	const different = [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
	const classes = different.map(String);
	if (classes.length < 2)
		throw new Error(
			`The labels have ${classes.length === 1 ? `one class only ("${classes[0]}")` : "no values"}; a classifier needs two or more.`,
		);
	if (classes.length > x.rows / 2)
		throw new Error(
			`The labels have ${classes.length} different values in ${x.rows} rows, as a column of identifiers has; give labels that repeat.`,
		);
	const code = new Map(different.map((value, c) => [value, c]));
	return {
		classes,
		y: Uint32Array.from(values, (value) => code.get(value) as number),
	};
}

function classWeights(
	given: LogisticRegressionOptions["class_weight"],
	classes: string[],
	y: Uint32Array,
): Float64Array | undefined {
	if (given === undefined) return undefined;
	if (given === "balanced") return balancedWeights(y, classes.length);
	return Float64Array.from(classes, (name) => {
		const weight = Object.hasOwn(given, name) ? given[name] : Number.NaN;
		if (weight > 0 && Number.isFinite(weight)) return weight;
		throw new Error(
			`class_weight of "${name}" is ${weight}; give a number above 0 for each class.`,
		);
	});
}

/** n / (classes · rows of the class); 0 for a class that has none. */
export function balancedWeights(
	y: ArrayLike<number>,
	nClasses: number,
): Float64Array {
	const sizes = new Float64Array(nClasses);
	for (let i = 0; i < y.length; i++) sizes[y[i]]++;
	return sizes.map((n) => (n > 0 ? y.length / (nClasses * n) : 0));
}
