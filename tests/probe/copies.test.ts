import assert from "node:assert/strict";
import { test } from "node:test";
import { inMemory } from "../../src/activations/memory";
import type { Split } from "../../src/dataset";
import { differenceInterval, wilsonInterval } from "../../src/intervals";
import { kSparseProbe, probe, probeNumber, probeTags } from "../../src/probe";
import { scoreNumbers } from "../../src/probe/number-score";
import { scorePredictions } from "../../src/probe/score";
import { shuffledValues } from "../../src/probe/task";
import { random } from "../../src/random";
import { fakeActivations, fakeLatents } from "../fake-activations";

const D = 64;

/** 60 texts, each eight times, and labels that nothing shows. */
const draw = random(1);
const texts = Array.from(
	{ length: 60 },
	(_, i) => `d${i} common e${(i * 7) % 60}`,
);
const coin = texts.map(() => (draw.uniform() < 0.5 ? "yes" : "no"));
const number = texts.map(() => String(draw.normal()));
const vectors = new Map<string, number[]>();
const vector = (word: string) => {
	const known =
		vectors.get(word) ?? Array.from({ length: D }, () => draw.normal());
	vectors.set(word, known);
	return known;
};
const eight = <T>(values: T[]): T[] => values.flatMap((v) => Array(8).fill(v));
const tags = coin.map((c, i) => `${c};${i % 2 ? "odd" : "even"}`);
const copies = fakeActivations(eight(texts), vector, {
	labels: { coin: eight(coin), number: eight(number), tags: eight(tags) },
});

/** Whether a score of so many texts may be that of a coin: within what 19 of 20 coins do, and a little. */
function isChance(accuracy: number, interval: [number, number]): void {
	assert.ok(
		interval[0] <= 0.5 && 0.5 <= interval[1],
		`${accuracy} [${interval}]`,
	);
}

test("copies of a text tell nothing of it: a coin's label is read at chance, and the interval is one of texts", async () => {
	const scores: number[] = [];
	for (const seed of [0, 1, 2, 3, 4]) {
		const { activations, bag_of_words, split, n_test, notes } = await probe(
			copies,
			{ label: "coin", seed, baselines: false },
		);
		assert.deepEqual(split.units, { train: 48, validation: 6, test: 6 });
		assert.equal(split.test_in_training, 0);
		assert.equal(n_test, 48);
		isChance(activations.accuracy, activations.interval);
		isChance(bag_of_words.accuracy, bag_of_words.interval);
		// Six texts carry no more than this.
		const [low, high] = activations.interval;
		assert.ok(high - low > 0.3, `${low} to ${high}`);
		assert.match(notes.join(" "), /6 different texts only/);
		scores.push(activations.accuracy, bag_of_words.accuracy);
	}
	const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
	assert.ok(Math.abs(mean - 0.5) < 0.2, `${mean}`);
});

test("tokens, tags, numbers, and k-sparse probes keep copies together as well", async () => {
	const { split } = await probe(copies, { label: "coin", unit: "token" });
	assert.deepEqual(split.units, { train: 48, validation: 6, test: 6 });
	const few = await probe(copies, {
		label: "coin",
		unit: "token",
		max_tokens: 720,
	});
	// 24 tokens a text and its copies: 30 texts.
	assert.equal(
		few.split.units.train + few.split.units.validation + few.split.units.test,
		30,
	);
	const ofNumber = await probeNumber(copies, { label: "number" });
	assert.ok(ofNumber.activations.r2 < 0.5, `${ofNumber.activations.r2}`);
	assert.deepEqual(ofNumber.split.units, split.units);
	const ofTags = await probeTags(copies, { label: "tags" });
	assert.deepEqual(ofTags.split.units, split.units);
	const sparse = await kSparseProbe(fakeLatents(copies), {
		label: "coin",
		ks: [5],
	});
	assert.deepEqual(sparse.split.units, split.units);
	for (const { accuracy, interval } of sparse.points)
		isChance(accuracy, interval);
});

test("one seed gives one split, whatever is probed, and another seed another", async () => {
	const tested = async (label: string, seed: number) => {
		const { predictions } = await probeNumber(copies, { label, seed });
		return predictions.map(({ row }) => row);
	};
	assert.deepEqual(await tested("number", 3), await tested("number", 3));
	assert.notDeepEqual(await tested("number", 3), await tested("number", 4));
});

test("a given split is kept, and what its test has in common with training is told; the control task catches it", async () => {
	const split = copies.sentences.text.map(
		(_, i): Split =>
			(
				[
					"train",
					"train",
					"train",
					"train",
					"train",
					"train",
					"validation",
					"test",
				] as const
			)[i % 8],
	);
	const leaking = inMemory(copies.data, {
		...copies,
		sentences: { ...copies.sentences, split },
	});
	const {
		activations,
		notes,
		split: how,
	} = await probe(leaking, { label: "coin" });
	assert.equal(how.test_in_training, 60);
	assert.match(
		notes[0],
		/^60 of 60 test sentences are also in training \(the same text\)/,
	);
	assert.equal(activations.accuracy, 1);
	// The labels of copies are shuffled together, so what is learned by heart shows.
	assert.ok((activations.control?.accuracy as number) > 0.9);
	const [low, high] = activations.selectivity_interval as [number, number];
	assert.ok(low <= 0.1 && high > low, `${low} to ${high}`);
});

test("groups stay together, and are drawn together", async () => {
	const author = texts.map((_, i) => `author ${i % 20}`);
	const grouped = fakeActivations(texts, vector, {
		labels: { author, coin },
	});
	const { split } = await probe(grouped, { label: "coin", group: "author" });
	assert.deepEqual(split.units, { train: 16, validation: 2, test: 2 });
	assert.deepEqual([split.by, split.group], ["text and group", "author"]);
	await assert.rejects(
		probe(grouped, { label: "coin", group: "autor" }),
		/group is "autor", and the sentences have no such label; near it are author/,
	);
});

test("shuffled labels are one for all copies, one for a group whose labels are one, and as many of each", () => {
	const parts = {
		train: Uint32Array.of(0, 1, 2, 3, 4, 5),
		validation: Uint32Array.of(6, 7),
		test: Uint32Array.of(8, 9),
		units: Uint32Array.of(0, 0, 1, 1, 2, 2, 3, 3, 4, 4), // pairs; the last two are no copies
		copies: Uint32Array.of(0, 0, 1, 1, 2, 2, 3, 3, 4, 5),
	};
	const of = (values: number[], seed: number) => [
		...shuffledValues(parts, Uint32Array.from(values), seed),
	];
	const seen = new Set<string>();
	for (let seed = 0; seed < 20; seed++) {
		const found = of([0, 0, 1, 1, 0, 0, 1, 1, 2, 2], seed);
		for (let i = 0; i < 10; i += 2) assert.equal(found[i], found[i + 1]);
		assert.deepEqual([...found].sort(), [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]);
		seen.add(found.join());
		// A group of several labels is dealt text by text.
		const mixed = of([0, 0, 1, 1, 0, 0, 1, 1, 2, 3], seed);
		for (let i = 0; i < 8; i += 2) assert.equal(mixed[i], mixed[i + 1]);
	}
	assert.ok(seen.size > 10);
});

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

test("all right and all wrong have intervals of some width, for every score, by texts and not by rows", () => {
	const truth = range(40).map((i) => i % 2);
	const units = range(40).map((i) => Math.floor(i / 4)); // ten texts, each with rows of both classes
	const p = Float32Array.from(
		truth.flatMap((c) => (c ? [0.1, 0.9] : [0.9, 0.1])),
	);
	const score = (predicted: number[]) =>
		scorePredictions({
			truth,
			predicted,
			nClasses: 2,
			probabilities: p,
			units,
			columns: 1,
			seed: 0,
		});
	const right = score(truth);
	for (const interval of [right.interval, ...Object.values(right.intervals)])
		assert.deepEqual(interval, wilsonInterval(10, 10));
	const wrong = score(truth.map((c) => 1 - c));
	for (const interval of [
		wrong.interval,
		wrong.intervals.balanced_accuracy,
		wrong.intervals.macro_f1,
	])
		assert.deepEqual(interval, wilsonInterval(0, 10));
});

test("a mean over classes is worth as many texts as its rarest classes let it", () => {
	// Two of one class and 28 of the other: 2² / (1/2 + 1/28) = 7.47 texts.
	const truth = range(30).map((i) => (i < 2 ? 1 : 0));
	const { intervals, interval } = scorePredictions({
		...{ truth, predicted: truth, nClasses: 2, columns: 1, seed: 0 },
		units: range(30),
	});
	const n = 4 / (1 / 2 + 1 / 28);
	assert.deepEqual(interval, wilsonInterval(30, 30));
	assert.deepEqual(intervals.balanced_accuracy, wilsonInterval(n, n));
	assert.ok(intervals.macro_f1[0] < interval[0]);
});

test("a number that is read without a fault has an interval of some width", () => {
	const y = Float64Array.from(range(20));
	const { r2, interval } = scoreNumbers(y, y, range(20), 1, 0);
	assert.equal(r2, 1);
	assert.deepEqual(interval, wilsonInterval(20, 20));
	const almost = y.map((v) => v + 1e-9);
	assert.ok(scoreNumbers(y, almost, range(20), 1, 0).interval[0] < 0.9);
	// Two texts of ten rows each.
	const two = range(20).map((i) => i % 2);
	assert.ok(scoreNumbers(y, y, two, 1, 0).interval[0] < 0.4);
});

test("a difference of two shares that are the same in every resample has an interval of some width", () => {
	// Newcombe (1998): of 1 and 1 among 20 it reaches as far as 1 less Wilson's lower end on both sides.
	const [low] = wilsonInterval(20, 20);
	const [from, to] = differenceInterval([1, 1], [0, 0, 0], 20);
	assert.ok(
		Math.abs(from - (low - 1)) < 1e-12 && Math.abs(to - (1 - low)) < 1e-12,
	);
	assert.deepEqual(
		differenceInterval([0.9, 0.5], [0.1, 0.4, 0.7], 200).map((v) =>
			Number(v.toFixed(3)),
		),
		[0.115, 0.685],
	);
	// 20 units resample too little: 0.285 becomes 0.285 · (2.09302 / 1.95996) · √(20 / 19) = 0.312.
	assert.deepEqual(
		differenceInterval([0.9, 0.5], [0.1, 0.4, 0.7], 20).map((v) =>
			Number(v.toFixed(3)),
		),
		[0.088, 0.712],
	);
});

test("a class of which all is right or wrong widens the interval of a mean over classes by what its few texts leave open", () => {
	// Both of the rare class are right, 70 of the 80 others: a recall of 1 from two texts may be 0.342.
	const truth = range(82).map((i) => (i < 2 ? 1 : 0));
	const predicted = range(82).map((i) => (i < 12 ? 1 : 0));
	const { intervals, balanced_accuracy } = scorePredictions({
		...{ truth, predicted, nClasses: 2, columns: 1, seed: 0 },
		units: range(82),
	});
	assert.equal(balanced_accuracy, (1 + 70 / 80) / 2);
	const [low, high] = intervals.balanced_accuracy;
	assert.ok(low < balanced_accuracy - (1 - wilsonInterval(2, 2)[0]) / 2);
	assert.ok(low > 0.55 && high < 1);
	assert.ok(intervals.macro_f1[1] - intervals.macro_f1[0] > 0.3);
});

test("300 intervals of three texts of eight rows hold the true accuracy nine times in ten or more", () => {
	let held = 0;
	const source = random(5);
	for (let repeat = 0; repeat < 300; repeat++) {
		const bias = range(3).map(() => source.normal());
		const right = range(24).map((i) => source.normal() + bias[i % 3] > 0);
		const { interval } = scorePredictions({
			truth: range(24).map(() => 0),
			predicted: right.map((one) => (one ? 0 : 1)),
			...{ nClasses: 2, columns: 1, seed: repeat },
			units: range(24).map((i) => i % 3),
		});
		assert.ok(interval[0] >= 0 && interval[1] <= 1);
		if (interval[0] <= 0.5 && 0.5 <= interval[1]) held++;
	}
	assert.ok(held >= 0.9 * 300 && held < 300, `${held} of 300`);
});

test("300 intervals of texts whose copies err together hold the true accuracy nine times in ten or more", () => {
	let held = 0;
	const source = random(2);
	for (let repeat = 0; repeat < 300; repeat++) {
		const right = range(18).map(() => source.uniform() < 0.7);
		const units = range(72).map((i) => Math.floor(i / 4));
		const truth = units.map(() => 0);
		const predicted = units.map((unit) => (right[unit] ? 0 : 1));
		const { interval } = scorePredictions({
			...{ truth, predicted, nClasses: 2, columns: 1, seed: repeat },
			units,
		});
		if (interval[0] <= 0.7 && 0.7 <= interval[1]) held++;
	}
	// A bootstrap of 18 is known to hold a little less often than 95 times in a hundred.
	assert.ok(held >= 0.87 * 300 && held <= 0.97 * 300, `${held} of 300`);
});

test("sentences without a label are counted, those of white space alone among them", async () => {
	const some = fakeActivations(texts, vector, {
		labels: {
			coin: coin.map((c, i) => (i < 5 ? "" : i < 10 ? "  " : c)),
			number: number.map((n, i) => (i < 10 ? " " : n)),
		},
	});
	const { notes, classes, split } = await probe(some, { label: "coin" });
	assert.deepEqual(classes, ["no", "yes"]);
	assert.equal(
		split.sentences.train + split.sentences.validation + split.sentences.test,
		50,
	);
	assert.match(notes[0], /^10 of 60 sentences have no "coin" and take no part/);
	const other = await probeNumber(some, { label: "number" });
	assert.match(other.notes[0], /^10 of 60 sentences have no "number"/);
});
