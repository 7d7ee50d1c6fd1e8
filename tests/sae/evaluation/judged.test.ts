import assert from "node:assert/strict";
import { test } from "node:test";
import {
	type Sentences,
	type Split,
	selectSentences,
	splitSentences,
} from "../../../src/dataset";
import {
	judgedSentences,
	trainingSentences,
} from "../../../src/sae/evaluation/judged";
import { trainedOn } from "../../../src/sae/trained-on";

const sentences: Sentences = {
	...{ kind: "sentences", name: "by hand", offsets: {} },
	text: Array.from({ length: 400 }, (_, i) => `text ${i}`),
	labels: { mood: Array.from({ length: 400 }, (_, i) => (i % 2 ? "a" : "b")) },
};
const made = splitSentences(sentences, { seed: 7 });
const numbers = (part: Split) =>
	[...made.parts.keys()].filter((i) => made.parts[i] === part);
const sae = { trained_on: trainedOn(sentences, numbers("train"), made.record) };

/** Numbers of the sentences that are measured. */
function measured(
	given: Sentences,
	wanted?: Split,
	of: Parameters<typeof judgedSentences>[0] = sae,
) {
	const judged = judgedSentences(of, given, wanted);
	const { split } = judged.sentences;
	const rows = [...given.text.keys()].filter(
		(i) => split?.[i] === judged.split,
	);
	assert.equal(rows.length, judged.n_sentences);
	return { ...judged, rows };
}

test("without a split the test part of the one that was made for the training is measured", () => {
	const found = measured(sentences);
	assert.deepEqual(found.rows, numbers("test"));
	assert.deepEqual([found.part, found.n_trained_on], ["test", 0]);
	assert.deepEqual(found.split_record, made.record);
	assert.deepEqual(found.notes, []);
	assert.deepEqual(
		measured(sentences, "validation").rows,
		numbers("validation"),
	);
	const own = measured(sentences, "train");
	assert.deepEqual(own.rows, numbers("train"));
	assert.match(
		own.notes[0],
		/^320 of the 320 sentences measured are among those that the autoencoder was trained on/,
	);
});

test("of some of the sentences those are measured that were not trained on", () => {
	const few = selectSentences(sentences, (i) => i < 100);
	const found = measured(few);
	assert.ok(found.rows.every((i) => made.parts[i] !== "train"));
	assert.equal(
		found.rows.length,
		100 - numbers("train").filter((i) => i < 100).length,
	);
	assert.deepEqual([found.part, found.n_trained_on], [undefined, 0]);
	assert.match(
		found.notes[0],
		/^Measured were the sentences that the autoencoder was not trained on, \d+ of 100/,
	);
});

test("where all were trained on, all are measured, and it is said", () => {
	const all = selectSentences(sentences, (i) => made.parts[i] === "train");
	const found = measured(all);
	assert.deepEqual([found.n_sentences, found.n_trained_on], [320, 320]);
	assert.match(found.notes[0], /^320 of the 320 sentences measured are among/);
});

test("of other sentences all are measured; where the training is not known, that is said", () => {
	const other = {
		...sentences,
		text: sentences.text.map((t) => `another ${t}`),
	};
	const found = measured(other);
	assert.deepEqual([found.n_sentences, found.n_trained_on], [400, 0]);
	assert.deepEqual(found.notes, []);
	const unknown = measured(sentences, undefined, {});
	assert.equal(unknown.n_sentences, 400);
	assert.equal(unknown.n_trained_on, undefined);
	assert.match(
		unknown.notes[0],
		/^All sentences were measured: they have no split, and what the autoencoder was trained on is not known/,
	);
});

test("a given split is kept, and copies of what was trained on are counted", () => {
	const split = sentences.text.map(
		(_, i): Split => (i < 100 ? "test" : "train"),
	);
	const found = measured({ ...sentences, split });
	const n = numbers("train").filter((i) => i < 100).length;
	assert.deepEqual([found.n_sentences, found.n_trained_on], [100, n]);
	assert.match(
		found.notes[0],
		new RegExp(`^${n} of the 100 sentences measured are among`),
	);
	// Copies in other letters and spaces are copies.
	const loud = {
		...sentences,
		split,
		text: sentences.text.map((t) => ` ${t.toUpperCase()}`),
	};
	assert.equal(measured(loud).n_trained_on, n);
});

test("few different texts are told, copies counting once", () => {
	const few = selectSentences(sentences, (i) => i < 40);
	const split = few.text.map((): Split => "test");
	const copies = {
		...few,
		split,
		text: few.text.map((_, i) => `other ${i % 5}`),
	};
	assert.match(
		measured(copies).notes[0],
		/^What was measured has 5 different texts only, .*: give more sentences\.$/,
	);
});

test("dead latents are sought on what was trained on", () => {
	const { split } = trainingSentences(sae, sentences);
	assert.deepEqual(
		split?.map((s) => s === "train"),
		made.parts.map((p) => p === "train"),
	);
	assert.equal(trainingSentences({}, sentences).split, undefined);
});
