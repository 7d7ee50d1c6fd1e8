import assert from "node:assert/strict";
import { test } from "node:test";
import { classify, logisticFitter } from "../../src/probe/logistic";
import { random } from "../../src/random";
import { dense, furthest, sparse } from "../matrices";
import { noScikitLearn, scikitLearn } from "./scikit-learn";

/** Rows with many zeros around overlapping classes. */
function rows(n: number, d: number, nClasses: number, seed: number) {
	const draw = random(seed);
	const y = Array.from({ length: n }, () => draw.int(nClasses));
	const x = y.map((c) =>
		Array.from({ length: d }, (_, j) =>
			draw.uniform() < 0.6
				? 0
				: Math.fround(draw.normal() + (j % nClasses === c ? 1 : 0)),
		),
	);
	return { x, y };
}

const script = `
from sklearn.linear_model import LogisticRegression
model = LogisticRegression(C=C, solver="newton-cg", tol=1e-10, max_iter=1000)
model.fit(np.array(train), y)
result = {"coef": model.coef_.tolist(), "intercept": model.intercept_.tolist(),
          "predicted": model.predict(np.array(test)).tolist()}
`;

for (const nClasses of [2, 5])
	for (const C of [0.1, 1, 10])
		test(`${nClasses} classes at C = ${C} give scikit-learn's coefficients and predictions`, {
			skip: noScikitLearn,
		}, async () => {
			const { x, y } = rows(500, 40, nClasses, nClasses);
			const train = x.slice(0, 400);
			const given = { C, train, test: x.slice(400), y: y.slice(0, 400) };
			const peer = scikitLearn<{
				coef: number[][];
				intercept: number[];
				predicted: number[];
			}>(script, given);
			const turned = peer.coef[0].flatMap((_, j) =>
				peer.coef.map((row) => row[j]),
			);
			const most = Math.max(...turned.map(Math.abs));
			for (const matrix of [dense, sparse]) {
				const fit = await logisticFitter(
					matrix(train),
					given.y,
					nClasses,
					"none",
				);
				const model = await fit({ l2: 1 / (C * 400), tolerance: 1e-7 });
				assert.ok(furthest(model.weights, turned) < 1e-3 * most);
				assert.ok(furthest(model.bias, peer.intercept) < 1e-3 * most);
				const { predicted } = await classify(
					model,
					matrix(given.test),
					y.slice(400),
				);
				assert.deepEqual([...predicted], peer.predicted);
			}
		});
