import assert from "node:assert/strict";
import { test } from "node:test";
import { logisticRegression, predict, predictProba } from "../../src/probe";
import { dense, furthest, sparse } from "../matrices";

const rows = [[0], [1], [2], [3], [4], [5]];
const side = ["low", "low", "low", "up", "up", "up"];

test("labels may be text, numbers or booleans; numbers keep their order, false stands before true", async () => {
	const of = async (labels: (string | number | boolean)[]) =>
		(await logisticRegression(dense(rows), labels)).classes;
	assert.deepEqual(await of(side), ["low", "up"]);
	assert.deepEqual(await of([10, 10, 9, 9, 100, 100]), ["9", "10", "100"]);
	assert.deepEqual(await of([true, true, false, false, true, true]), [
		"false",
		"true",
	]);
});

test("the probabilities are those of the scores, and the class is the likeliest", async () => {
	for (const matrix of [dense, sparse]) {
		const model = await logisticRegression(matrix(rows), side, { C: 2 });
		assert.equal(model.k, 1);
		assert.equal(model.converged, true);
		assert.deepEqual(await predict(model, matrix(rows)), side);
		const p = await predictProba(model, matrix([[4]]));
		const score = 4 * model.weights[0] + model.bias[0];
		const up = 1 / (1 + Math.exp(-score));
		assert.ok(furthest(p, [1 - up, up]) < 1e-6);
	}
});

test("with balanced weights two sentences weigh as much as six, as if each stood there three times", async () => {
	const few = [[0], [1], [1], [2], [2], [3], [2], [4]];
	const labels = ["a", "a", "a", "a", "a", "a", "b", "b"];
	const balanced = await logisticRegression(dense(few), labels, {
		...{ class_weight: "balanced", tolerance: 1e-7 },
	});
	// 8 / (2 · 6) and 8 / (2 · 2): the second class three times the first.
	const own = { a: 2 / 3, b: 2 };
	const given = await logisticRegression(dense(few), labels, {
		...{ class_weight: own, tolerance: 1e-7 },
	});
	assert.deepEqual(given.weights, balanced.weights);
	const repeated = await logisticRegression(
		dense([...few, [2], [4], [2], [4]]),
		[...labels, "b", "b", "b", "b"],
		{ C: 2 / 3, tolerance: 1e-7 },
	);
	assert.ok(furthest(balanced.weights, repeated.weights) < 1e-4);
});

test("with all rows the same, the intercepts are the classes' shares and nothing else is used", async () => {
	const model = await logisticRegression(
		dense([
			[1, 2],
			[1, 2],
			[1, 2],
			[1, 2],
		]),
		["a", "b", "b", "b"],
	);
	assert.deepEqual([...model.weights], [0, 0]);
	assert.ok(Math.abs(model.bias[0] - Math.log(3)) < 1e-4);
});

const refused: [string, () => Promise<unknown>, RegExp][] = [
	[
		"fewer labels than rows",
		() => logisticRegression(dense(rows), ["a"]),
		/There are 1 labels for 6 rows/,
	],
	[
		"one class",
		() =>
			logisticRegression(
				dense(rows),
				rows.map(() => true),
			),
		/one class only \("true"\)/,
	],
	[
		"identifiers",
		() => logisticRegression(dense(rows), [1, 2, 3, 4, 5, 6]),
		/6 different values in 6 rows, as a column of identifiers has/,
	],
	[
		"labels of two types",
		() => logisticRegression(dense(rows), [1, "1", 1, "1", 1, 1]),
		/several types \(number, string\)/,
	],
	[
		"a label that is NaN",
		() => logisticRegression(dense(rows), [1, 1, Number.NaN, 2, 2, 2]),
		/label of row 2 is NaN/,
	],
	[
		"a C of 0",
		() => logisticRegression(dense(rows), side, { C: 0 }),
		/C is 0; it must be a number above 0/,
	],
	[
		"a class without weight",
		() => logisticRegression(dense(rows), side, { class_weight: { up: 1 } }),
		/class_weight of "low" is NaN/,
	],
	[
		"rows that are not finite",
		() => logisticRegression(dense([[Number.NaN], ...rows.slice(1)]), side),
		/not finite/,
	],
	[
		"rows with other columns",
		async () =>
			predict(await logisticRegression(dense(rows), side), dense([[1, 2]])),
		/reads 1 columns, and the rows have 2/,
	],
];
for (const [name, call, message] of refused)
	test(`${name}: refused`, async () => {
		await assert.rejects(call, message);
	});
