import assert from "node:assert/strict";
import { test } from "node:test";
import { type Sentences, splitSentences } from "../../src/dataset";
import { makeTask } from "../../src/probe/task";

function sentences(
	labels: Record<string, string[]>,
	split?: Sentences["split"],
): Sentences {
	const text = Object.values(labels)[0].map((_, i) => `sentence ${i}`);
	return {
		kind: "sentences",
		name: "by hand",
		text,
		labels,
		offsets: {},
		split,
	};
}

const taskOf = (given: Sentences, label: string, seed: number) =>
	makeTask(given, label, splitSentences(given, { seed }));

const topics = Array.from({ length: 100 }, (_, i) => (i % 4 ? "sea" : "law"));

test("without a split column, each class gives a tenth to validation and a tenth to the test", () => {
	const task = taskOf(sentences({ topic: topics }), "topic", 0);
	assert.deepEqual(task.classes, ["law", "sea"]);
	const count = (members: Uint32Array, c: number) =>
		members.filter((i) => task.truth[i] === c).length;
	assert.deepEqual(
		[task.train.length, task.validation.length, task.test.length],
		[80, 10, 10],
	);
	assert.ok([2, 3].includes(count(task.test, 0)));
	assert.ok([2, 3].includes(count(task.validation, 0)));
	const all = [...task.train, ...task.validation, ...task.test].sort(
		(a, b) => a - b,
	);
	assert.deepEqual(all, [...topics.keys()]);
});

test("the seed decides the split, and the same seed gives the same one", () => {
	const of = (seed: number) => [
		...taskOf(sentences({ topic: topics }), "topic", seed).test,
	];
	assert.deepEqual(of(1), of(1));
	assert.notDeepEqual(of(1), of(2));
});

test("a split column is kept to", () => {
	const split = topics.map(
		(_, i) => (["train", "validation", "test"] as const)[i % 3],
	);
	const task = taskOf(sentences({ topic: topics }, split), "topic", 0);
	assert.ok(task.test.every((i) => i % 3 === 2));
	assert.ok(task.validation.every((i) => i % 3 === 1));
});

test("without validation sentences a tenth of the training sentences is taken", () => {
	const split = topics.map(
		(_, i) => (i < 80 ? "train" : "test") as "train" | "test",
	);
	const task = taskOf(sentences({ topic: topics }, split), "topic", 0);
	assert.deepEqual(
		[task.train.length, task.validation.length, task.test.length],
		[72, 8, 20],
	);
	assert.ok(task.validation.every((i) => i < 80));
});

test("sentences without a value take no part", () => {
	const some = topics.map((topic, i) => (i % 2 ? topic : ""));
	const task = taskOf(
		sentences({ topic: some.map((t, i) => (i % 10 === 1 ? "law" : t)) }),
		"topic",
		0,
	);
	assert.deepEqual(task.classes, ["law", "sea"]);
	for (const part of [task.train, task.validation, task.test])
		assert.ok(part.every((i) => i % 2 === 1));
});

test("a label that is not there is refused with near names", () => {
	assert.throws(
		() => taskOf(sentences({ topic: topics, tense: topics }), "topik", 0),
		/no label "topik"; near it are topic, tense/,
	);
	assert.throws(
		() => taskOf({ ...sentences({ topic: topics }), labels: {} }, "topic", 0),
		/no labels at all/,
	);
});

test("a label with one class is refused", () => {
	assert.throws(
		() => taskOf(sentences({ topic: topics.map(() => "sea") }), "topic", 0),
		/one class only \("sea"\)/,
	);
});

test("a column of identifiers is refused, and one of numbers is sent to probeNumber", () => {
	const refused = (id: string[], message: RegExp) =>
		assert.throws(() => taskOf(sentences({ id }), "id", 0), message);
	refused(
		topics.map((_, i) => `user-${i}`),
		/100 different values in 100 sentences, as a column of identifiers has; give one of at most 1000 values/,
	);
	refused(
		topics.map((_, i) => String(i / 7)),
		/100 sentences, all of them numbers, .* to read a number there is probeNumber/,
	);
});

test("10,000 different labels that repeat are refused before anything is allocated for them", () => {
	const id = Array.from({ length: 50_000 }, (_, i) => `user-${i % 10_000}`);
	assert.throws(
		() => taskOf(sentences({ id }), "id", 0),
		/10000 different values in 50000 sentences, as a column of identifiers has/,
	);
});

test("classes that are numbers stand in their order, others in that of their letters", () => {
	const numbers = topics.map((_, i) => String((i % 12) - 1));
	const task = taskOf(sentences({ numbers }), "numbers", 0);
	assert.deepEqual(task.classes.slice(0, 4), ["-1", "0", "1", "2"]);
	assert.equal(task.classes[11], "10");
	const words = topics.map((_, i) => ["b", "10", "a", "9"][i % 4]);
	assert.deepEqual(taskOf(sentences({ words }), "words", 0).classes, [
		...["10", "9", "a", "b"],
	]);
});

test("a column that says train only lacks the rest, which is taken from it", () => {
	const all = topics.map(() => "train" as const);
	const {
		train,
		validation,
		test: held,
		split,
	} = taskOf(sentences({ topic: topics }, all), "topic", 0);
	assert.deepEqual(
		[train.length, validation.length, held.length],
		[80, 10, 10],
	);
	assert.deepEqual([split.given, split.made, split.seed], [true, true, 0]);
});

test("a split without training sentences is refused", () => {
	assert.throws(
		() =>
			taskOf(
				sentences(
					{ topic: topics },
					topics.map(() => "test"),
				),
				"topic",
				0,
			),
		/is in the train split/,
	);
});

test("no sentences, and too few to split, are refused", () => {
	assert.throws(
		() => taskOf(sentences({ topic: [] }), "topic", 0),
		/no sentences to probe/,
	);
	assert.throws(
		() => taskOf(sentences({ topic: ["a", "b", "a", "b"] }), "topic", 0),
		/Only 4 different texts have the label "topic" \(4 sentences\)/,
	);
});
