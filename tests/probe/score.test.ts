import assert from "node:assert/strict";
import { test } from "node:test";
import { scorePredictions, wilsonInterval } from "../../src/probe/score";

test("the interval of 8 hits in 10 is the one worked by hand", () => {
	// z² = 3.841459; (0.8 + 0.19207) / 1.384146 ± 1.959964 √(0.016 + 0.0096036) / 1.384146
	const [low, high] = wilsonInterval(8, 10);
	assert.ok(Math.abs(low - 0.4901625) < 1e-6);
	assert.ok(Math.abs(high - 0.9433178) < 1e-6);
});

test("both ends solve the equation of the score test", () => {
	for (const [hits, n] of [
		[3, 7],
		[50, 60],
		[999, 1000],
	])
		for (const end of wilsonInterval(hits, n)) {
			const z = (hits / n - end) / Math.sqrt((end * (1 - end)) / n);
			assert.ok(Math.abs(Math.abs(z) - 1.959963984540054) < 1e-9);
		}
});

test("no hits and all hits stay within 0 and 1", () => {
	assert.equal(wilsonInterval(0, 20)[0], 0);
	assert.equal(wilsonInterval(20, 20)[1], 1);
	assert.ok(wilsonInterval(20, 20)[0] > 0.83);
	assert.deepEqual(wilsonInterval(0, 0), [0, 1]);
});

test("the confusion matrix counts [truth][predicted]", () => {
	const score = scorePredictions([0, 0, 1, 2, 2], [0, 1, 1, 2, 0], 3);
	assert.deepEqual(score.confusion, [
		[1, 1, 0],
		[0, 1, 0],
		[1, 0, 1],
	]);
	assert.equal(score.accuracy, 0.6);
	assert.equal(score.n_test, 5);
});
