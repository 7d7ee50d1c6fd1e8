/**
 * Logistic regression beside scikit-learn and ml-logistic-regression: the same rows, the same penalty, in turns on
 * the same machine. "minimum" is the penalised loss that each ended at: less is better.
 *
 *     npx tsx bench/probe.ts
 */
import type { Matrix } from "../src/activations/matrix";
import { predictWithLibrary } from "../src/probe/library";
import { logisticRegression } from "../src/probe/logistic";
import { type Contender, compare, madeRows, scikitLearn } from "./peer";

const CLASSES = 4;
const l2 = 1e-3;

function ours(x: Matrix, y: Uint32Array): Contender {
	return {
		name: "sparselens",
		async run() {
			const start = performance.now();
			const fit = await logisticRegression(x, y, CLASSES, "none");
			const { objective } = await fit({ l2 });
			const seconds = (performance.now() - start) / 1000;
			return { seconds, value: objective };
		},
	};
}

/** It makes 300 steps and has no penalty, so that its value is no minimum. */
function library(x: Matrix, y: Uint32Array): Contender {
	return {
		name: "ml-logistic-regression",
		async run() {
			const start = performance.now();
			await predictWithLibrary(x, y, CLASSES, x);
			return { seconds: (performance.now() - start) / 1000, value: Number.NaN };
		},
	};
}

async function main(): Promise<void> {
	const small = madeRows(2000, 128, CLASSES);
	const dense = madeRows(4000, 512, CLASSES);
	const sparse = madeRows(4000, 24576, CLASSES, 32);
	const settings = { l2, tolerance: 1e-4 };
	await compare(
		"logistic regression, dense 2000 × 128, 4 classes",
		[
			ours(small.x, small.y),
			await scikitLearn(small.x, settings, small.y),
			library(small.x, small.y),
		],
		1,
	);
	await compare("logistic regression, dense 4000 × 512, 4 classes", [
		ours(dense.x, dense.y),
		await scikitLearn(dense.x, settings, dense.y),
	]);
	await compare(
		"logistic regression, sparse 4000 × 24576, 32 a row, 4 classes",
		[ours(sparse.x, sparse.y), await scikitLearn(sparse.x, settings, sparse.y)],
	);
}

main();
