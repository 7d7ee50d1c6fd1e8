import assert from "node:assert/strict";
import { test } from "node:test";
import { logisticRegression, predict } from "../../src/probe";
import { ridgeFitter } from "../../src/probe/ridge";
import { scorePredictions } from "../../src/probe/score";
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
				const model = await logisticRegression(matrix(train), given.y, {
					...{ C, tolerance: 1e-7 },
				});
				assert.ok(furthest(model.weights, turned) < 1e-3 * most);
				assert.ok(furthest(model.bias, peer.intercept) < 1e-3 * most);
				const said = await predict(model, matrix(given.test));
				assert.deepEqual(said.map(Number), peer.predicted);
			}
		});

test("accuracy, balanced accuracy, macro F1 and area under the curve are scikit-learn's", {
	skip: noScikitLearn,
}, () => {
	for (const nClasses of [2, 4]) {
		const draw = random(nClasses);
		const truth = Array.from({ length: 90 }, () => draw.int(nClasses));
		// In sixteenths, so that there are ties.
		const scores = truth.map((c) =>
			Array.from({ length: nClasses }, (_, j) =>
				Math.exp(draw.int(16) / 8 + (j === c ? 0.5 : 0)),
			),
		);
		const p = scores.map((row) => {
			const total = row.reduce((a, b) => a + b);
			return row.map((v) => Math.fround(v / total));
		});
		const predicted = p.map((row) => row.indexOf(Math.max(...row)));
		const own = scorePredictions({
			...{ truth, predicted, nClasses, columns: 1, seed: 0 },
			probabilities: Float32Array.from(p.flat()),
		});
		const script = `
from sklearn.metrics import *
p = np.array(p)
auc = roc_auc_score(y, p[:, 1]) if p.shape[1] == 2 else np.mean([roc_auc_score(np.array(y) == c, p[:, c]) for c in range(p.shape[1])])
result = [accuracy_score(y, said), balanced_accuracy_score(y, said), f1_score(y, said, average="macro"), auc]
`;
		const peer = scikitLearn<number[]>(script, {
			p,
			y: truth,
			said: predicted,
		});
		const { accuracy, balanced_accuracy, macro_f1, auc } = own;
		[accuracy, balanced_accuracy, macro_f1, auc].forEach((value, i) => {
			assert.ok(Math.abs(value - peer[i]) < 1e-9, `${value}, not ${peer[i]}`);
		});
	}
});

test("with balanced class weights the coefficients are scikit-learn's", {
	skip: noScikitLearn,
}, async () => {
	const { x, y } = rows(300, 20, 3, 11);
	const few = y.map((c, i) => (c === 2 && i % 4 ? 0 : c));
	const script = `
from sklearn.linear_model import LogisticRegression
model = LogisticRegression(class_weight="balanced", solver="newton-cg", tol=1e-10, max_iter=1000)
result = model.fit(np.array(x), y).coef_.tolist()
`;
	const peer = scikitLearn<number[][]>(script, { x, y: few });
	const turned = peer[0].flatMap((_, j) => peer.map((row) => row[j]));
	const { weights } = await logisticRegression(sparse(x), few, {
		...{ class_weight: "balanced", tolerance: 1e-7 },
	});
	const most = Math.max(...turned.map(Math.abs));
	assert.ok(furthest(weights, turned) < 1e-3 * most);
});

test("ridge regression has scikit-learn's coefficients", {
	skip: noScikitLearn,
}, async () => {
	const { x, y } = rows(200, 15, 4, 3);
	const script = `
from sklearn.linear_model import Ridge
model = Ridge(alpha=alpha, tol=1e-12).fit(np.array(x), y)
result = [*model.coef_.tolist(), float(model.intercept_)]
`;
	const l2 = 0.05;
	const peer = scikitLearn<number[]>(script, { x, y, alpha: l2 * 200 });
	const fit = await ridgeFitter(sparse(x), Float64Array.from(y), "none");
	const { weights, bias } = await fit(l2);
	assert.ok(furthest([...weights, bias], peer) < 1e-4);
});
