import assert from "node:assert/strict";
import { test } from "node:test";
import { probeNumber } from "../../src/probe";
import { scoreNumbers } from "../../src/probe/number-score";
import { ridgeFitter } from "../../src/probe/ridge";
import { random } from "../../src/random";
import { fakeActivations, fakeLatents } from "../fake-activations";
import { dense, furthest, sparse } from "../matrices";

const near = (a: number, b: number, by = 1e-9) =>
	assert.ok(Math.abs(a - b) < by, `${a} is not ${b}`);

const draw = random(5);
const counts = Array.from({ length: 300 }, () => draw.int(9));
const text = counts.map((n, i) => `n${n} w${draw.int(7)} u${i}`);
const labels = {
	count: counts.map((n, i) => (i === 4 ? "" : `${n}`)),
	coin: counts.map(() => `${draw.int(2)}`),
};
const vector = (w: string) => [
	w.startsWith("n") ? Number(w.slice(1)) : 0,
	w.startsWith("w") ? Number(w.slice(1)) : 0,
	1,
];
const acts = fakeActivations(text, vector, { labels });
const latents = fakeLatents(acts);

test("a number that the rows hold is read from latents, activations and words, and shuffled ones are not", async () => {
	const found = await probeNumber(latents, { label: "count" });
	assert.equal(found.kind, "number-probe");
	assert.equal(found.n_train + found.n_validation + found.n_test, 299);
	for (const score of [found.latents, found.activations, found.bag_of_words]) {
		assert.ok((score?.r2 as number) > 0.99);
		assert.ok((score?.control?.r2 as number) < 0.2);
		assert.ok((score?.selectivity as number) > 0.8);
	}
	assert.ok(found.mean.r2 <= 0);
	assert.equal(found.predictions.length, found.n_test);
	for (const { row, truth, predicted } of found.predictions) {
		assert.equal(truth, counts[row]);
		assert.ok(Math.abs(predicted - truth) < 0.5);
	}
});

test("a number that nothing shows has an interval that reaches 0", async () => {
	const { activations } = await probeNumber(acts, { label: "coin" });
	assert.ok(activations.interval[0] < 0.05);
});

test("the same call gives the same result", async () => {
	const [a, b] = [
		await probeNumber(latents, { label: "count" }),
		await probeNumber(latents, { label: "count" }),
	];
	assert.deepEqual({ ...a, seconds: 0 }, { ...b, seconds: 0 });
});

test("R², errors and rank correlation of a case worked by hand", () => {
	// Errors 0, 1, −1, 0; the truth lies 5 in squares about its mean. The ranks are 1 2 3 4 and 1.5 1.5 3.5 3.5.
	const score = scoreNumbers(
		Float64Array.of(1, 2, 3, 4),
		Float64Array.of(1, 1, 4, 4),
		[0, 1, 2, 3],
		7,
		0,
	);
	near(score.r2, 1 - 2 / 5);
	near(score.mae, 0.5);
	near(score.rmse, Math.sqrt(0.5));
	near(score.spearman, 4 / Math.sqrt(5 * 4));
	assert.deepEqual([score.n_test, score.columns], [4, 7]);
	const same = scoreNumbers(
		...([Float64Array.of(2, 2), Float64Array.of(1, 3), [0, 1], 1, 0] as const),
	);
	assert.ok(Number.isNaN(same.r2) && Number.isNaN(same.spearman));
});

test("ridge regression solves its equation: slopes of the loss vanish, dense and sparse alike", async () => {
	const rows = Array.from({ length: 60 }, () =>
		Array.from({ length: 5 }, () =>
			draw.uniform() < 0.5 ? 0 : Math.fround(draw.normal() + 1),
		),
	);
	const y = Float64Array.from(rows, ([a, b]) => 2 * a - b + draw.normal());
	const l2 = 0.1;
	const fits = [dense(rows), sparse(rows)].map(async (x) => {
		const { weights, bias } = await (await ridgeFitter(x, y, "none"))(l2);
		const errors = rows.map(
			(row, i) => row.reduce((s, v, j) => s + v * weights[j], bias) - y[i],
		);
		near(errors.reduce((a, b) => a + b) / 60, 0, 1e-5);
		weights.forEach((w, j) => {
			const slope = errors.reduce((s, e, i) => s + e * rows[i][j], 0) / 60;
			near(slope + l2 * w, 0, 1e-5);
		});
		return weights;
	});
	const [a, b] = await Promise.all(fits);
	assert.ok(furthest(a, b) < 1e-5);
});

test("what is no number is refused with its place, and so is a label that is always the same", async () => {
	const words = fakeActivations(text, vector, {
		labels: {
			count: counts.map((n, i) => (i === 9 ? "nine" : `${n}`)),
			same: counts.map(() => "3"),
		},
	});
	await assert.rejects(
		probeNumber(words, { label: "count" }),
		/"count" of sentence 9 is "nine", where a number was expected/,
	);
	await assert.rejects(
		probeNumber(words, { label: "same" }),
		/"same" is 3 in every training sentence/,
	);
	await assert.rejects(
		probeNumber(words, { label: "count", l2: 0 }),
		/l2 is 0; it must be a number above 0/,
	);
	const broken = fakeActivations(text, () => [Number.NaN], { labels });
	await assert.rejects(probeNumber(broken, { label: "count" }), /not finite/);
});
