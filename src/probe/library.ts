import { setImmediate } from "node:timers/promises";
import LogisticRegression from "ml-logistic-regression";
import { Matrix as Rows } from "ml-matrix";
import { columnMoments, forEachEntry, type Matrix } from "../activations";

const STEPS = 300;
/** Rows × columns × classes that the library gets through in about a minute. */
const LIMIT = 5_000_000;

/**
 * The classes that the npm library ml-logistic-regression gives the rows of `test`.
 *
 * Its limits, and what is done about them here: it takes dense rows only (they are made dense, so this is for small
 * data); it has no intercept (a column of ones is added); it has no penalty; it follows the summed gradient by a
 * fixed step with no stopping rule (columns are scaled to a mean of 0 and a deviation of 1, the step is fitted to the
 * rows, and 300 steps are made, which need not be enough); it fits each class against the rest.
 */
export async function predictWithLibrary(
	train: Matrix,
	y: ArrayLike<number>,
	nClasses: number,
	test: Matrix,
): Promise<Uint32Array> {
	const work = train.rows * train.columns * nClasses;
	if (work > LIMIT)
		throw new Error(
			`solver "ml-logistic-regression" is for small data: ${train.rows} sentences × ${train.columns} columns × ${nClasses} classes is ${work}, more than ${LIMIT}; give fewer sentences, or leave the solver out.`,
		);
	await setImmediate();
	const moments = columnMoments(train);
	const rows = new Rows(standardised(train, moments));
	const model = new LogisticRegression({
		numSteps: STEPS,
		// The loss's second derivative is at most a quarter of the largest eigenvalue of XᵀX.
		learningRate: 4 / largestEigenvalue(rows),
	});
	// It numbers the classes that it meets from 0.
	const met = [...new Set(Array.from(y))].sort((a, b) => a - b);
	model.train(rows, Rows.columnVector(Array.from(y, (c) => met.indexOf(c))));
	const predicted = model.predict(new Rows(standardised(test, moments)));
	return Uint32Array.from(predicted, (c) => met[c]);
}

/** Of XᵀX, by power iteration: a little too small, which a step of 4 / it (the bound is 8) allows. */
function largestEigenvalue(rows: Rows): number {
	let v = Rows.ones(rows.columns, 1);
	let size = 1;
	for (let i = 0; i < 20; i++) {
		v = rows.transpose().mmul(rows.mmul(v));
		size = v.norm();
		v = v.div(size);
	}
	return size;
}

function standardised(
	x: Matrix,
	{ mean, deviation }: ReturnType<typeof columnMoments>,
): number[][] {
	const scale = deviation.map((s) => (s > 0 ? 1 / s : 0));
	const zero = Array.from(mean, (m, j) => -m * scale[j]);
	const rows = Array.from({ length: x.rows }, () => [...zero, 1]);
	forEachEntry(x, (i, j, value) => {
		rows[i][j] += value * scale[j];
	});
	return rows;
}
