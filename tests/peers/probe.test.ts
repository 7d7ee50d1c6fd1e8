import assert from "node:assert/strict";
import { test } from "node:test";
import { logisticRegression, predict } from "../../src/probe";
import { ridgeFitter } from "../../src/probe/ridge";
import { scorePredictions } from "../../src/probe/score";
import { random } from "../../src/random";
import { resamples } from "../../src/resamples";
import { dense, furthest, sparse } from "../matrices";
import { ask, saeLens } from "./python";
import { agreed } from "./record";

const { skip } = saeLens;

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
			skip,
		}, async () => {
			const { x, y } = rows(500, 40, nClasses, nClasses);
			const train = x.slice(0, 400);
			const given = { C, train, test: x.slice(400), y: y.slice(0, 400) };
			const peer = ask<{
				coef: number[][];
				intercept: number[];
				predicted: number[];
			}>(saeLens, script, given);
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
				agreed(
					"logistic regression: coefficients, the same predictions",
					"scikit-learn",
					furthest(model.weights, turned) / most,
				);
			}
		});

/** What a classifier that is often right says of 90 rows, in sixteenths, so that there are ties. */
function sayings(nClasses: number) {
	const draw = random(nClasses);
	const truth = Array.from({ length: 90 }, () => draw.int(nClasses));
	const p = truth.map((c) => {
		const row = Array.from({ length: nClasses }, (_, j) =>
			Math.exp(draw.int(16) / 8 + (j === c ? 0.5 : 0)),
		);
		const total = row.reduce((a, b) => a + b);
		return row.map((v) => Math.fround(v / total));
	});
	const predicted = p.map((row) => row.indexOf(Math.max(...row)));
	const probabilities = Float32Array.from(p.flat());
	const given = { truth, predicted, nClasses, columns: 1, probabilities };
	return { given, peer: { y: truth, said: predicted, p } };
}

/** Accuracy, balanced accuracy, macro F1 and the mean area under the curve of weighted rows. */
const metrics = `
from sklearn.metrics import *
y, said, p = np.array(y), np.array(said), np.array(p)
def measure(w):
    area = [roc_auc_score(y == c, p[:, c], sample_weight=w) for c in range(1 if p.shape[1] == 2 else 0, p.shape[1])]
    return [accuracy_score(y, said, sample_weight=w), balanced_accuracy_score(y, said, sample_weight=w),
            f1_score(y, said, average="macro", sample_weight=w), np.mean(area)]
`;

for (const nClasses of [2, 4])
	test(`of ${nClasses} classes, accuracy, balanced accuracy, macro F1 and area under the curve are scikit-learn's`, {
		skip,
	}, () => {
		const { given, peer } = sayings(nClasses);
		const own = scorePredictions({
			...{ ...given, seed: 0 },
			units: given.truth.map((_, i) => i),
		});
		const script = `${metrics}\nresult = measure(None)`;
		const theirs = ask<number[]>(saeLens, script, peer);
		const { accuracy, balanced_accuracy, macro_f1, auc } = own;
		const all = [accuracy, balanced_accuracy, macro_f1, auc];
		assert.ok(furthest(all, theirs) < 1e-9);
		agreed(
			"accuracy, balanced accuracy, macro F1, area under the curve",
			"scikit-learn",
			furthest(all, theirs),
		);
	});

for (const unit of ["rows", "groups"])
	test(`the intervals are the percentiles of scikit-learn's numbers on the same resamples of ${unit}`, {
		skip,
	}, () => {
		const { given, peer } = sayings(3);
		const groups = given.truth.map((_, i) =>
			unit === "rows" ? i : Math.floor(i / 3),
		);
		const own = scorePredictions({ ...given, units: groups, seed: 7 });
		const listed = Array.from(resamples(groups, 1000, 7), (w) => [...w]);
		const script = `${metrics}
each = np.array([measure(np.array(w)) for w in listed])
result = np.percentile(each, [2.5, 97.5], axis=0).T.tolist()
`;
		const theirs = ask<number[][]>(saeLens, script, { ...peer, listed });
		const { interval, intervals } = own;
		const { balanced_accuracy, macro_f1, auc } = intervals;
		const all = [interval, balanced_accuracy, macro_f1, auc].flat();
		assert.ok(furthest(all, theirs.flat()) < 1e-9);
		agreed(
			"bootstrap intervals on the same resamples",
			"scikit-learn",
			furthest(all, theirs.flat()),
		);
	});

test("with balanced class weights the coefficients are scikit-learn's", {
	skip,
}, async () => {
	const { x, y } = rows(300, 20, 3, 11);
	const few = y.map((c, i) => (c === 2 && i % 4 ? 0 : c));
	const script = `
from sklearn.linear_model import LogisticRegression
model = LogisticRegression(class_weight="balanced", solver="newton-cg", tol=1e-10, max_iter=1000)
result = model.fit(np.array(x), y).coef_.tolist()
`;
	const peer = ask<number[][]>(saeLens, script, { x, y: few });
	const turned = peer[0].flatMap((_, j) => peer.map((row) => row[j]));
	const { weights } = await logisticRegression(sparse(x), few, {
		...{ class_weight: "balanced", tolerance: 1e-7 },
	});
	const most = Math.max(...turned.map(Math.abs));
	assert.ok(furthest(weights, turned) < 1e-3 * most);
});

test("ridge regression has scikit-learn's coefficients", {
	skip,
}, async () => {
	const { x, y } = rows(200, 15, 4, 3);
	const script = `
from sklearn.linear_model import Ridge
model = Ridge(alpha=alpha, tol=1e-12).fit(np.array(x), y)
result = [*model.coef_.tolist(), float(model.intercept_)]
`;
	const l2 = 0.05;
	const peer = ask<number[]>(saeLens, script, { x, y, alpha: l2 * 200 });
	const fit = await ridgeFitter(sparse(x), Float64Array.from(y), "none");
	const { weights, bias } = await fit(l2);
	assert.ok(furthest([...weights, bias], peer) < 1e-4);
	agreed(
		"ridge regression: coefficients",
		"scikit-learn",
		furthest([...weights, bias], peer),
	);
});
