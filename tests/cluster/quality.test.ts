import assert from "node:assert/strict";
import { test } from "node:test";
import { adjustedRandIndex, agreementOf } from "../../src/cluster/quality";
import { silhouette } from "../../src/cluster/silhouette";
import { random } from "../../src/random";
import { dense, sparse } from "../matrices";

const near = (a: number, b: number, by = 1e-12) =>
	assert.ok(Math.abs(a - b) < by, `${a} is not ${b}`);

test("the adjusted Rand index of known cases", () => {
	near(adjustedRandIndex([0, 0, 1, 1], [0, 0, 1, 2]), 4 / 7);
	near(adjustedRandIndex([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]), 8 / 33);
	near(adjustedRandIndex([0, 1, 0, 1], [0, 0, 1, 1]), -0.5);
	near(adjustedRandIndex([0, 0, 0, 0], [0, 1, 2, 3]), 0);
});

test("the same groups under other names agree fully", () => {
	near(adjustedRandIndex([0, 0, 1, 2, 2], ["b", "b", "a", "c", "c"]), 1);
	near(adjustedRandIndex([3, 3, 3], ["x", "x", "x"]), 1);
	near(adjustedRandIndex([1, 2, 3], ["a", "b", "c"]), 1);
});

test("the index does not depend on names, order of things, or which grouping comes first", () => {
	const draw = random(5);
	const a = Array.from({ length: 60 }, () => draw.int(4));
	const b = a.map((c) => (draw.uniform() < 0.5 ? c : draw.int(3)));
	const index = adjustedRandIndex(a, b);
	near(adjustedRandIndex(b, a), index);
	const renamed = a.map((c) => [7, 2, 9, 0][c]);
	near(adjustedRandIndex(renamed, b), index);
	const order = draw.shuffle(Array.from({ length: 60 }, (_, i) => i));
	near(
		adjustedRandIndex(
			order.map((i) => a[i]),
			order.map((i) => b[i]),
		),
		index,
	);
});

test("random groupings agree by about 0", () => {
	const draw = random(6);
	let sum = 0;
	for (let i = 0; i < 200; i++)
		sum += adjustedRandIndex(
			Array.from({ length: 50 }, () => draw.int(3)),
			Array.from({ length: 50 }, () => draw.int(4)),
		);
	assert.ok(Math.abs(sum / 200) < 0.01);
});

test("four in two clusters of two classes: the entropies are worked by hand", () => {
	// Clusters {a, a}, {a, b}: H(C) = ln 4 − ¾ ln 3, H(K) = ln 2, H(C|K) = ½ ln 2.
	const found = agreementOf([0, 0, 1, 1], ["a", "a", "a", "b"]);
	const classes = Math.log(4) - 0.75 * Math.log(3);
	const mutual = classes - 0.5 * Math.LN2;
	near(found.homogeneity, mutual / classes);
	near(found.completeness, mutual / Math.LN2);
	near(found.nmi, (2 * mutual) / (classes + Math.LN2));
	near(found.v_measure, found.nmi);
	near(found.ari, 0);
});

test("clusters finer than the classes are homogeneous and not complete; no things agree in no way", () => {
	const found = agreementOf([0, 1, 2, 2], ["a", "a", "b", "b"]);
	near(found.homogeneity, 1);
	assert.ok(found.completeness < 1);
	for (const value of Object.values(agreementOf([], [])))
		assert.ok(Number.isNaN(value));
});

const points = [
	[0, 0],
	[0, 2],
	[4, 0],
	[4, 2],
	[4, 1],
];

// silhouette_score of scikit-learn 1.2.1
const SILHOUETTE = 0.6193039370629301;

test("the silhouette is the one worked by hand, dense and sparse", async () => {
	// Distances: within {1, 2}: 2; within {3, 4, 5}: 2, 1, 1; across: 4, √20, √17.
	const [left, right] = [
		(4 + Math.sqrt(20) + Math.sqrt(17)) / 3,
		(4 + Math.sqrt(20)) / 2,
	];
	const expected =
		(2 * (1 - 2 / left) + 2 * (1 - 1.5 / right) + (1 - 1 / Math.sqrt(17))) / 5;
	near(expected, SILHOUETTE);
	for (const x of [dense(points), sparse(points)])
		near(await silhouette(x, [0, 0, 1, 1, 1], { seed: 0 }), expected, 1e-7);
});

test("a row alone in its cluster counts 0", async () => {
	const x = dense([[0], [1], [10]]);
	const expected = (1 - 1 / 10 + (1 - 1 / 9)) / 3;
	near(await silhouette(x, [0, 0, 1], { seed: 0 }), expected, 1e-7);
});

test("one cluster has no silhouette", async () => {
	assert.ok(
		Number.isNaN(await silhouette(dense(points), [0, 0, 0, 0, 0], { seed: 0 })),
	);
});

test("a sample is drawn by its seed and is near the whole", async () => {
	const draw = random(7);
	const truth = Array.from({ length: 400 }, (_, i) => i % 2);
	const x = dense(truth.map((c) => [6 * c + draw.normal(), draw.normal()]));
	const whole = await silhouette(x, truth, { seed: 0 });
	const part = await silhouette(x, truth, { seed: 1, sample: 100 });
	assert.equal(part, await silhouette(x, truth, { seed: 1, sample: 100 }));
	near(part, whole, 0.05);
});
