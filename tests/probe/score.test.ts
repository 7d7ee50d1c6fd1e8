import assert from "node:assert/strict";
import { test } from "node:test";
import { wilsonInterval } from "../../src/intervals";
import { scorePredictions } from "../../src/probe/score";
import { random } from "../../src/random";

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

const say = (
	truth: number[],
	predicted: number[],
	nClasses: number,
	probabilities?: number[],
) =>
	scorePredictions({
		truth,
		predicted,
		nClasses,
		...(probabilities && { probabilities: Float32Array.from(probabilities) }),
		columns: 3,
		units: truth.map((_, i) => i),
		seed: 0,
	});
const near = (a: number, b: number) =>
	assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

test("the confusion matrix counts [truth][predicted]", () => {
	const score = say([0, 0, 1, 2, 2], [0, 1, 1, 2, 0], 3);
	assert.deepEqual(score.confusion, [
		[1, 1, 0],
		[0, 1, 0],
		[1, 0, 1],
	]);
	assert.equal(score.accuracy, 0.6);
	assert.equal(score.n_test, 5);
	assert.equal(score.columns, 3);
	near(score.balanced_accuracy, (1 / 2 + 1 + 1 / 2) / 3);
	near(score.macro_f1, (2 / 4 + 2 / 3 + 2 / 3) / 3);
});

test("the area under the curve counts ties half", () => {
	// Of the four pairs (0.25, 0.75) and (0.5, 0.75) are in order, (0.25, 0.5) too, (0.5, 0.5) is a tie.
	const p = [0.25, 0.5, 0.5, 0.75].flatMap((v) => [1 - v, v]);
	near(say([0, 0, 1, 1], [0, 0, 1, 1], 2, p).auc, 3.5 / 4);
	assert.ok(Number.isNaN(say([0, 1], [0, 1], 2).auc));
});

test("calibration weighs each bin's gap by its rows", () => {
	const p = [0.75, 0.75, 0.75, 0.75, 1].flatMap((v) => [v, 1 - v]);
	const { calibration } = say([0, 0, 1, 1, 0], [0, 0, 0, 0, 0], 2, p);
	assert.deepEqual(calibration?.bins, [
		{ confidence: 0.75, accuracy: 0.5, n: 4 },
		{ confidence: 1, accuracy: 1, n: 1 },
	]);
	near(calibration?.ece ?? 0, 0.25 * 0.8);
});

test("where every row is right the interval is Wilson's, since all resamples agree", () => {
	const truth = Array.from({ length: 20 }, (_, i) => i % 2);
	assert.deepEqual(say(truth, truth, 2).interval, wilsonInterval(20, 20));
});

test("2,000 intervals of a known accuracy hold it 93 to 97 times in a hundred", () => {
	const draw = random(1);
	let held = 0;
	for (let repeat = 0; repeat < 2000; repeat++) {
		const truth = Array.from({ length: 200 }, () => draw.int(2));
		const predicted = truth.map((c) => (draw.uniform() < 0.8 ? c : 1 - c));
		const { interval } = scorePredictions({
			...{ truth, predicted, nClasses: 2, columns: 1 },
			units: truth.map((_, i) => i),
			seed: repeat,
		});
		if (interval[0] <= 0.8 && 0.8 <= interval[1]) held++;
	}
	assert.ok(held >= 0.93 * 2000 && held <= 0.97 * 2000, `${held} of 2000`);
});
