import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { inMemory } from "../../../src/activations/memory";
import { type Sentences, splitSentences } from "../../../src/dataset";
import { factorLatents } from "../../../src/features";
import { probe } from "../../../src/probe";
import { random } from "../../../src/random";
import {
	loadSae,
	type TrainOptions,
	trainSae,
	trainSweep,
} from "../../../src/sae";
import { rowsInMemory } from "../../../src/sae/training/data";
import { temporaryFolder } from "../../tiny";
import { info } from "../fakes";

const { folder, remove } = temporaryFolder();
after(remove);

const D = 8;
const draw = random(4);

/** Rows of two tokens a sentence, whose first dimension is the sentence's class. */
function activations(sentences: Sentences) {
	const n = 2 * sentences.text.length;
	const data = Float32Array.from({ length: n * D }, (_, i) => {
		const s = Math.floor(i / (2 * D));
		const shown = sentences.labels.mood?.[s] === "good" ? 4 : -4;
		return i % D === 0 ? shown : draw.normal();
	});
	const row = Uint32Array.from({ length: n }, (_, i) => i);
	return inMemory(data, {
		...{ hook_name: "blocks.0.hook_resid_post", d_in: D, sentences },
		rows: {
			sentence: row.map((i) => i >> 1),
			position: Uint16Array.from(row, (i) => 1 + (i % 2)),
			token: row.map(() => 1),
			...{ start: row.map(() => 0), end: row.map(() => 1) },
		},
		model: info,
		...{ prepend_bos: true, center_writing_weights: false },
	});
}

/** Contrast pairs: good, bad, good, bad, … */
const pairs = (n: number, more: Partial<Sentences> = {}): Sentences => ({
	...{ kind: "sentences", name: "pairs", offsets: {} },
	text: Array.from({ length: n }, (_, i) => `text ${i}`),
	labels: {
		mood: Array.from({ length: n }, (_, i) => (i % 2 ? "bad" : "good")),
		author: Array.from({ length: n }, (_, i) => `author ${i >> 2}`),
	},
	...more,
});

const options: TrainOptions = {
	...{ architecture: "topk", d_sae: 16, k: 2 },
	train_batch_size_tokens: 32,
	training_tokens: 32 * 40,
};

test("without a split the train part of the library's is trained on, and the same rows give the same weights", async () => {
	const sentences = pairs(100);
	const acts = activations(sentences);
	const sae = await trainSae(acts, options);
	const { parts, record } = splitSentences(sentences, { seed: 0 });
	assert.deepEqual(sae.trained_on?.split, record);
	assert.deepEqual(sae.history.split, record);
	assert.equal(sae.history.n_rows, 160);
	assert.equal(sae.history.rounds, (32 * 40) / 160);
	const given = activations(pairs(100));
	given.data?.set(acts.data as Float32Array);
	given.sentences.split = parts;
	const byHand = await trainSae(given, options);
	assert.deepEqual(byHand.W_dec, sae.W_dec);
	assert.equal(byHand.trained_on?.split.given, true);
	assert.deepEqual(byHand.trained_on?.texts, sae.trained_on?.texts);
});

test("another seed trains on another part, in a sweep as alone", async () => {
	const acts = activations(pairs(100));
	const { runs } = await trainSweep(acts, options, { seed: [0, 1] });
	for (const [seed, { sae }] of runs.entries()) {
		assert.equal(sae.trained_on?.split.seed, seed);
		const alone = await trainSae(acts, { ...options, seed });
		assert.deepEqual(alone.W_dec, sae.W_dec);
		assert.deepEqual(alone.trained_on, sae.trained_on);
	}
	assert.notDeepEqual(
		runs[0].sae.trained_on?.texts,
		runs[1].sae.trained_on?.texts,
	);
});

test("a probe of latents, and their match with factors, are by the autoencoder's split, whatever seed they have", async () => {
	const sentences = pairs(100);
	const acts = activations(sentences);
	const sae = await trainSae(acts, { ...options, seed: 3, group: "author" });
	const latents = await sae.encode(acts);
	const own = splitSentences(sentences, { seed: 3, group: "author" });
	assert.deepEqual(sae.trained_on?.split, own.record);
	const found = await probe(latents, { label: "mood", baselines: false });
	assert.deepEqual(found.split, own.record);
	assert.ok(!found.notes.join(" ").includes("trained on"));
	const matched = await factorLatents(latents, { labels: ["mood"], seed: 5 });
	assert.deepEqual(matched.split, own.record);
	// The sentences in another order, or others: what is in the test and was trained on is told.
	const split = sentences.text.map((_, i) =>
		i % 5 === 0 ? "test" : i % 5 === 1 ? "validation" : "train",
	) as Sentences["split"];
	const elsewhere = { ...acts, sentences: { ...sentences, split } };
	const told = await probe(await sae.encode(elsewhere), {
		label: "mood",
		baselines: false,
	});
	const n = own.parts.filter(
		(part, i) => part === "train" && i % 5 === 0,
	).length;
	assert.ok(n > 10);
	assert.ok(
		told.notes.some((note) =>
			note.startsWith(
				`${n} of 20 test sentences are among those that the autoencoder was trained on`,
			),
		),
		told.notes.join(" "),
	);
});

test("a given split is trained on as it is; where it lacks the test part, that is held out", async () => {
	const rowsOf = async (
		part: (i: number) => "train" | "validation" | "test",
		more = {},
	) => {
		const split = Array.from({ length: 100 }, (_, i) => part(i));
		const acts = activations(pairs(100, { split }));
		const sae = await trainSae(acts, { ...options, ...more });
		return [sae.history.n_rows, sae.history.split?.made];
	};
	assert.deepEqual(await rowsOf((i) => (i < 80 ? "train" : "test")), [
		160,
		true,
	]);
	// A tenth of the training sentences is for validation where that is asked for.
	assert.deepEqual(
		await rowsOf((i) => (i < 80 ? "train" : "test"), {
			validation_split: "validation",
		}),
		[144, true],
	);
	assert.deepEqual(await rowsOf(() => "train"), [160, true]);
	assert.deepEqual(await rowsOf((i) => (i < 80 ? "train" : "validation")), [
		144,
		true,
	]);
	assert.deepEqual(
		await rowsOf((i) => (i < 60 ? "train" : i < 80 ? "validation" : "test")),
		[120, false],
	);
});

test("too few texts are all trained on, and many rounds are told", async () => {
	const acts = activations(pairs(6));
	const sae = await trainSae(acts, {
		...options,
		train_batch_size_tokens: 12,
		training_tokens: 12 * 101,
	});
	assert.deepEqual([sae.history.n_rows, sae.history.rounds], [12, 101]);
	const [held, rounds] = sae.history.notes ?? [];
	assert.match(
		held,
		/^Nothing was held out, since the sentences have fewer than 10 different texts/,
	);
	assert.match(rounds, /^Trained for 101 rounds over 12 tokens/);
	assert.equal(
		(await trainSae(activations(pairs(100)), options)).history.notes,
		undefined,
	);
});

test("what was trained on is saved with the autoencoder; one saved without still loads, and a damaged file is none", async () => {
	const acts = activations(pairs(100));
	const sae = await trainSae(acts, { ...options, group: "author" });
	const to = join(folder, "sae");
	sae.save(to);
	assert.deepEqual((await loadSae(to)).trained_on, sae.trained_on);
	const file = join(to, "trained_on.json");
	const good = JSON.parse(readFileSync(file, "utf8"));
	for (const bad of [
		"{",
		"[]",
		{ ...good, texts: 3 },
		{ ...good, split: { ...good.split, seed: "x" } },
		{ ...good, texts: "AAAA" },
	]) {
		writeFileSync(file, typeof bad === "string" ? bad : JSON.stringify(bad));
		const loaded = await loadSae(to);
		assert.equal(loaded.trained_on, undefined);
		assert.deepEqual(loaded.W_dec, sae.W_dec);
	}
	const plain = Object.assign(await loadSae(to), {});
	plain.save(to);
	assert.throws(() => readFileSync(file), /ENOENT/);
	assert.deepEqual(sae.fold_W_dec_norm().trained_on, sae.trained_on);
});

test("a training that stopped by its validation rows has seen them", async () => {
	const acts = activations(pairs(100));
	const stopped = {
		validation_split: "test",
		early_stopping_patience: 50,
	} as const;
	const sae = await trainSae(acts, { ...options, ...stopped });
	assert.equal(sae.trained_on?.texts.length, 90);
	assert.equal((await trainSae(acts, options)).trained_on?.texts.length, 80);
});

test("the rows of a part are those of its sentences", () => {
	const acts = activations(pairs(20));
	const parts = Array.from({ length: 20 }, (_, i): "train" | "test" =>
		i < 3 ? "train" : "test",
	);
	assert.equal(rowsInMemory(acts, acts.data as Float32Array, parts).n, 6);
});
