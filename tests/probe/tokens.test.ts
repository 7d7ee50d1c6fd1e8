import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Activations, extract } from "../../src/activations";
import { splitSentences } from "../../src/dataset";
import { loadModel } from "../../src/model";
import { probe, type TokenLabel } from "../../src/probe";
import { tokenTask, typeTask } from "../../src/probe/tokens";
import { random } from "../../src/random";
import { fakeActivations, fakeLatents } from "../fake-activations";
import { writeRandomGpt2 } from "../tiny";

/** Sentences of 8 words out of 40, with "not" in their midst. */
const draw = random(3);
const text = Array.from({ length: 300 }, () => {
	const words = Array.from({ length: 8 }, () => `w${draw.int(40)}`);
	words[2 + draw.int(4)] = "not";
	return words.join(" ");
});
/** The first dimension is 1 from "not" on and -1 before it; the others tell the word, and its parity. */
const vectors = text.flatMap((t) => {
	const words = t.split(" ");
	return words.map((word, i) => {
		const number = word === "not" ? 40 : Number(word.slice(1));
		const negated = i >= words.indexOf("not");
		return [negated ? 1 : -1, number / 40, number % 2, number % 3];
	});
});
let at = 0;
const acts = fakeActivations(text, () => vectors[at++]);
const latents = fakeLatents(acts);

const tasked = (
	given: Activations,
	label: TokenLabel,
	how: { seed: number; max_tokens?: number; before?: string },
) => tokenTask(given, label, splitSentences(given.sentences, how), how);

/** Whether "not" stands before the token, or is it. */
const after: TokenLabel = {
	name: "after not",
	of: ({ sentence, end }) => text[sentence].slice(0, end).includes("not"),
};

test("a token's class is read from what the model carries, where which token it is tells nothing", async () => {
	const result = await probe(latents, { label: after });
	assert.equal(result.label, "after not");
	assert.equal(result.unit, "token");
	assert.equal(result.pool, undefined);
	assert.deepEqual(result.classes, ["false", "true"]);
	assert.equal(result.activations.accuracy, 1);
	assert.equal(result.latents?.accuracy, 1);
	assert.ok(result.bag_of_words.accuracy < 0.75);
	assert.equal(result.control_task, "token types");
});

test("the tokens of one sentence are all for training, for validation or for the test", () => {
	const task = tasked(acts, after, { seed: 1 });
	const sentences = [task.train, task.validation, task.test].map(
		(part) => new Set(Array.from(part, (i) => task.groups[i])),
	);
	assert.deepEqual(
		sentences.map(({ size }) => size),
		[240, 30, 30],
	);
	assert.equal(new Set(sentences.flatMap((s) => [...s])).size, 300);
	assert.equal(task.train.length, 240 * 8);
});

test("a split that the sentences have is the tokens' too", () => {
	const split = text.map((_, i) =>
		i < 100 ? "train" : i < 200 ? "validation" : "test",
	) as ("train" | "validation" | "test")[];
	const given = { ...acts, sentences: { ...acts.sentences, split } };
	const task = tasked(given, after, { seed: 1 });
	assert.ok(Array.from(task.test).every((i) => task.groups[i] >= 200));
	assert.ok(Array.from(task.train).every((i) => task.groups[i] < 100));
});

test("a control task gives every token type one class, drawn as often as the training tokens have it", () => {
	const rare: TokenLabel = {
		name: "rare",
		of: ({ token }) => (token % 10 === 0 ? "a" : "b"),
	};
	const many = Array.from({ length: 400 }, (_, i) => `${i} x${i} y${i} z${i}`);
	const task = tasked(
		fakeActivations(many, () => [1]),
		rare,
		{ seed: 0 },
	);
	const token = Uint32Array.from({ length: 1600 }, (_, i) => i);
	const control = typeTask(task, token, 5);
	const share = control.truth.filter((c) => c === 0).length / 1600;
	assert.ok(share > 0.07 && share < 0.13, `${share}`);
	const own = tasked(acts, after, { seed: 0 });
	const { truth, rows } = typeTask(own, acts.rows.token, 5);
	const classes = new Map<number, Set<number>>();
	for (const [i, row] of rows.entries()) {
		const type = acts.rows.token[row];
		classes.set(type, (classes.get(type) ?? new Set()).add(truth[i]));
	}
	assert.ok([...classes.values()].every(({ size }) => size === 1));
	assert.ok(new Set(truth).size === 2);
	assert.deepEqual(own.truth, tasked(acts, after, { seed: 0 }).truth);
});

test("what can be learned by heart of the token alone has no selectivity from which token it is", async () => {
	const parity: TokenLabel = {
		name: "parity",
		of: ({ text: word }) => (word === "not" ? "" : Number(word.slice(1)) % 2),
	};
	const { bag_of_words, activations } = await probe(acts, { label: parity });
	assert.equal(bag_of_words.accuracy, 1);
	assert.equal(bag_of_words.control?.accuracy, 1);
	assert.equal(bag_of_words.selectivity, 0);
	// One dimension is the parity, and four cannot know forty words by heart.
	assert.equal(activations.accuracy, 1);
	assert.ok((activations.selectivity as number) > 0.15);
});

test("intervals are by sentence: tokens that err together widen them", async () => {
	// The label is the sentence's, shown to every token of it, and shown wrongly in a fifth of the sentences.
	const truth = text.map((_, i) => i % 2);
	const shown = truth.map((c, i) => (i % 5 === 0 ? 1 - c : c));
	let word = 0;
	const labelled = fakeActivations(
		text,
		() => [shown[Math.floor(word++ / 8)]],
		{ labels: { topic: truth.map(String) } },
	);
	const { activations, n_test, n_test_sentences } = await probe(labelled, {
		label: "topic",
		unit: "token",
	});
	assert.deepEqual([n_test, n_test_sentences], [240, 30]);
	const p = activations.accuracy;
	const width = activations.interval[1] - activations.interval[0];
	const of = (n: number) => 2 * 1.96 * Math.sqrt((p * (1 - p)) / n);
	assert.ok(p > 0.6 && p < 0.95, `${p}`);
	assert.ok(Math.abs(width / of(30) - 1) < 0.15, `${width} ${of(30)}`);
	assert.ok(width > 2 * of(240));
});

test("max_tokens reads the tokens of whole sentences, drawn at random, and says so", async () => {
	const { rows, groups } = tasked(acts, after, { max_tokens: 100, seed: 2 });
	assert.equal(rows.length, 96);
	assert.equal(new Set(groups).size, 12);
	assert.ok(Math.max(...groups) > 100);
	const few = await probe(acts, { label: after, max_tokens: 100 });
	assert.match(
		few.notes.join(" "),
		/The labelled tokens of 12 of 300 sentences were/,
	);
	const other = tasked(acts, after, { max_tokens: 100, seed: 3 });
	assert.notDeepEqual(other.rows, rows);
});

test("`before` leaves out the tokens behind it", () => {
	const half = Uint32Array.from(text, (t) => t.indexOf("not") + 3);
	const cut = {
		...acts,
		sentences: { ...acts.sentences, offsets: { half } },
	};
	const first: TokenLabel = {
		name: "first",
		of: ({ position }) => position === 1,
	};
	const { rows } = tasked(cut, first, { before: "half", seed: 0 });
	assert.ok(rows.length > 300 && rows.length < 300 * 8);
	const ends = (row: number) => acts.rows.end[row];
	assert.ok(rows.every((row) => ends(row) <= half[acts.rows.sentence[row]]));
});

test("an untrained model's tokens are the same tokens, whatever rows of BOS the activations have", async () => {
	const folder = writeRandomGpt2(mkdtempSync(join(tmpdir(), "tokens-")));
	const model = await loadModel(folder);
	const letters = Array.from({ length: 80 }, () =>
		Array.from({ length: 6 }, () => "abcd"[draw.int(4)]).join(""),
	);
	try {
		const real = await extract(model, letters, {
			hook_name: "blocks.0.hook_resid_pre",
			include_bos: true,
		});
		const letter: TokenLabel = { name: "letter", of: ({ text }) => text };
		const how = { label: letter, model, max_tokens: 400 };
		const result = await probe(real, how);
		const { n_train, n_validation, n_test } = result;
		assert.equal(n_train + n_validation + n_test, 396);
		// Embeddings that nobody trained tell the letters apart; those of other tokens would not.
		const { activations, untrained_model, bag_of_words } = result;
		for (const score of [activations, untrained_model, bag_of_words])
			assert.equal(score?.accuracy, 1);
	} finally {
		await model.dispose();
		rmSync(folder, { recursive: true });
	}
});

test("what is no label of tokens is refused, the token named", async () => {
	const refused = (label: unknown, message: RegExp, more = {}) =>
		assert.rejects(
			probe(acts, { label: label as TokenLabel, ...more }),
			message,
		);
	await refused(
		{ name: "x", of: () => undefined },
		/The label "x" of the token "\w+" in sentence \d+ is undefined, where a string, a number or a boolean/,
	);
	await refused({ name: "x", of: () => "a" }, /one class only \("a"\)/);
	await refused({ name: "x" }, /neither a label's name nor \{ name, of \}/);
	await refused(after, /unit is "sentence"; give the name of a column/, {
		unit: "sentence",
	});
	await refused(after, /unit is "word", where/, { unit: "word" });
	await refused(after, /nothing to pool/, { pool: "mean" });
	await refused(after, /max_tokens is 0/, { max_tokens: 0 });
	const long = fakeActivations([`${"a b ".repeat(9)}`], () => [1]);
	await assert.rejects(
		probe(long, { label: after, max_tokens: 10 }),
		/max_tokens is 10, but sentence 0 alone has 18 labelled tokens/,
	);
	await refused(
		{
			name: "id",
			of: (t: { sentence: number; start: number }) => t.sentence + t.start / 99,
		},
		/2400 different values in 2400 tokens, all of them numbers/,
	);
});
