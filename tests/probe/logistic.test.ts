import assert from "node:assert/strict";
import { test } from "node:test";
import {
	classify,
	logisticFitter,
	objective,
	prepare,
	type Scaling,
} from "../../src/probe/logistic";
import { random } from "../../src/random";
import { dense, furthest, sparse } from "../matrices";

const rows = [
	[0, 1, 0],
	[1, 0, 0],
	[2, 1, 0],
	[0, 0, 3],
	[1, 0, 2],
	[0, 2, 1],
	[3, 0, 0],
	[0, 1, 1],
	[1, 1, 0],
	[0, 0, 1],
];
const y = [0, 0, 0, 1, 1, 2, 0, 2, 2, 1];

// LogisticRegression(C=C, solver="newton-cg", tol=1e-12) of scikit-learn 1.2.1: coef_, one class a row; intercept_
const reference = {
	0.1: {
		coefficients: [
			[0.18051293162352605, -0.03521600072443852, -0.22104425246667594],
			[-0.08274980429817073, -0.14892837625725874, 0.2550121064346314],
			[-0.09776312732535526, 0.18414437698169728, -0.03396785396795553],
		],
		intercept: [0.2414526281397886, -0.1616342181667375, -0.07981840997305144],
	},
	1: {
		coefficients: [
			[0.449708593918361, -0.1536819161373058, -0.8288104944566737],
			[-0.22500157850027125, -0.6824495813465479, 0.847961392239945],
			[-0.22470701541808943, 0.8361314974838537, -0.019150897783270955],
		],
		intercept: [0.5605973968308767, -0.28205326785523904, -0.2785441289756339],
	},
	10: {
		coefficients: [
			[0.4737544944625868, -0.2986512211716886, -2.0810934745523424],
			[-0.5143306077769308, -1.8266344359297175, 1.7092475414543877],
			[0.04057611331433829, 2.1252856571014096, 0.3718459330979558],
		],
		intercept: [1.4488451128165454, -0.2690140340055985, -1.179831078810954],
	},
};

test("three classes give scikit-learn's coefficients at C = 0.1, 1 and 10, dense and sparse", async () => {
	for (const x of [dense(rows), sparse(rows)]) {
		const { fit } = await logisticFitter(x, y, 3, "none");
		for (const [C, { coefficients, intercept }] of Object.entries(reference)) {
			const model = await fit({ l2: 1 / (Number(C) * 10), tolerance: 1e-7 });
			const turned = [0, 1, 2].flatMap((j) =>
				coefficients.map((row) => row[j]),
			);
			assert.ok(furthest(model.weights, turned) < 2e-6, `C ${C}, ${x.kind}`);
			assert.ok(furthest(model.bias, intercept) < 2e-6);
			assert.equal(model.converged, true);
		}
	}
});

test("two classes are one row of weights, with scikit-learn's coefficients", async () => {
	const two = y.map((c) => (c > 0 ? 1 : 0));
	const { fit } = await logisticFitter(sparse(rows), two, 2, "none");
	const model = await fit({ l2: 0.1, tolerance: 1e-7 });
	assert.equal(model.k, 1);
	const expected = [-0.6289175058388856, 0.2334521424957591, 1.054363004429323];
	assert.ok(furthest(model.weights, expected) < 2e-6);
	assert.ok(Math.abs(model.bias[0] - 0.10269348027192272) < 2e-6);
});

test("with constant columns only, the intercepts are the classes' log-odds", async () => {
	const x = dense([[7], [7], [7], [7]]);
	const { fit } = await logisticFitter(x, [1, 1, 1, 0], 2, "each");
	const model = await fit({ l2: 1, tolerance: 1e-9 });
	assert.ok(Math.abs(model.bias[0] - Math.log(3)) < 1e-6);
	assert.equal(model.weights[0], 0);
});

test("a separable pair with a penalty has the weight that its equation says", async () => {
	// x = ±1, y = sign: minimise log(1 + e^−w) + l2/2 w², so 1 / (1 + e^w) = l2 w
	const { fit } = await logisticFitter(dense([[1], [-1]]), [1, 0], 2, "none");
	const { weights } = await fit({ l2: 0.1, tolerance: 1e-9 });
	assert.ok(Math.abs(1 / (1 + Math.exp(weights[0])) - 0.1 * weights[0]) < 1e-7);
});

test("the gradient equals differences of the loss, for every scaling and number of classes", async () => {
	const draw = random(2);
	for (const nClasses of [2, 3])
		for (const scaling of ["none", "common", "each"] as Scaling[]) {
			const classes = y.map((c) => c % nClasses);
			const problem = await prepare(sparse(rows), classes, nClasses, scaling);
			const n = problem.d * problem.k + problem.k;
			const at = Float64Array.from({ length: n }, () => draw.normal());
			const gradient = new Float64Array(n);
			await objective(problem, 0.3, at, gradient);
			for (let j = 0; j < n; j++) {
				const step = (h: number) => {
					const moved = at.slice();
					moved[j] += h;
					return objective(problem, 0.3, moved, new Float64Array(n));
				};
				const slope = ((await step(1e-2)) - (await step(-1e-2))) / 2e-2;
				assert.ok(
					Math.abs(slope - gradient[j]) < 1e-4,
					`${scaling} ${nClasses} ${j}`,
				);
			}
		}
});

test("scaling one column changes nothing when each column is scaled", async () => {
	const loud = rows.map(([a, b, c]) => [a, 1000 * b, c]);
	const of = async (data: number[][]) => {
		const { fit } = await logisticFitter(sparse(data), y, 3, "each");
		return (await fit({ l2: 0.01, tolerance: 1e-8 })).objective;
	};
	assert.ok(Math.abs((await of(loud)) - (await of(rows))) < 1e-6);
});

test("a fit may start from another's parameters and ends in the same place", async () => {
	const { fit } = await logisticFitter(dense(rows), y, 3, "common");
	const first = await fit({ l2: 1, tolerance: 1e-7 });
	const cold = await fit({ l2: 0.1, tolerance: 1e-7 });
	const warm = await fit({ l2: 0.1, tolerance: 1e-7, start: first.parameters });
	assert.ok(furthest(warm.parameters, cold.parameters) < 1e-5);
});

test("classify gives the class of the highest score and the mean cross-entropy", async () => {
	const model = {
		k: 2,
		weights: Float32Array.of(1, 0, 0, 1),
		bias: Float64Array.of(0, 0.5),
	};
	const { predicted, loss } = await classify(
		model,
		dense([
			[1, 0],
			[0, 1],
		]),
		[0, 0],
	);
	assert.deepEqual([...predicted], [0, 1]);
	const nats = (own: number, other: number) =>
		Math.log(1 + Math.exp(other - own));
	assert.ok(Math.abs(loss - (nats(1, 0.5) + nats(0, 1.5)) / 2) < 1e-6);
});

test("NaN in the rows is refused", async () => {
	const rows = dense([[1], [Number.NaN], [2]]);
	await assert.rejects(
		logisticFitter(rows, [0, 1, 0], 2, "none"),
		/^Error: Row 1 is not finite \(column 0 is NaN\): /,
	);
});
