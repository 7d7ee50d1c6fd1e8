import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { batchStream, toBatch } from "../../data/training/batches";
import { encoder } from "../../data/training/bpe";
import { scoreBehaviour, trigramScorer } from "../../data/training/evaluate";
import { end, readModel, sizes } from "../../data/training/model-files";
import {
	batchesInStep,
	drawExcept,
	farSpans,
	readLog,
	rows,
	trainGpt2,
} from "../../data/training/run";
import { readTokenizer } from "../../data/training/tokenizer-files";
import {
	emphasisAt,
	learningRate,
	openTrainer,
	recipe,
} from "../../data/training/trainer";
import { trainTrigram } from "../../data/training/trigram";
import { loadSentences } from "../../src/dataset";
import { random } from "../../src/random";

const shipped = resolve(__dirname, "../../data/models/tiny-gpt2");
const sentences = resolve(__dirname, "../../data/sentences.csv");
const folder = mkdtempSync(join(tmpdir(), "sparselens-"));
after(() => rmSync(folder, { recursive: true }));

test("a batch gives each token as the target of the one before it, and counts no padding", () => {
	const batch = toBatch(
		[
			{ ids: [1, 2, 3], logProb: -4, far: [[1, 3]] },
			{ ids: [7], logProb: -1.5 },
		],
		9,
	);
	assert.deepEqual([...batch.ids], [9, 1, 2, 3, 9, 7, 9, 9]);
	assert.deepEqual([...batch.targets], [1, 2, 3, 9, 7, 9, -1, -1]);
	assert.deepEqual([...batch.far], [0, 1, 1, 0, 0, 0, 0, 0]);
	assert.deepEqual([batch.count, batch.best], [6, 5.5]);
});

test("he or she, a name that comes back, and the ending are what is learnt with emphasis", () => {
	const text = "Anna saw Ben as she left. It rained, said Anna, and all ran.";
	const she = text.indexOf(" she");
	const back = text.lastIndexOf(" Anna");
	const ending = text.indexOf(", and");
	assert.deepEqual(farSpans(text, ending), [
		[back, back + 5],
		[she, she + 4],
		[ending, text.length],
	]);
});

test("batches of texts of one length leave less than 3 % padding", () => {
	const draw = (r: ReturnType<typeof random>) => ({
		text: "a".repeat(20 + r.int(30)),
		logProb: 0,
	});
	const stream = batchStream(
		random(3),
		draw,
		(text) => [...text].map(() => 1),
		9,
		{
			rows: 16,
			n_ctx: 128,
		},
	);
	let [cells, counted] = [0, 0];
	for (let i = 0; i < 128; i++) {
		const { batch, seq, count } = stream.next();
		cells += batch * seq;
		counted += count;
	}
	assert.ok(counted / cells > 0.97, `${counted / cells}`);
});

test("a stream of batches goes on from its state exactly where it stood", () => {
	const draw = (r: ReturnType<typeof random>) => ({
		text: "a".repeat(1 + r.int(40)),
		logProb: -r.uniform(),
	});
	const open = (seed: number, skip = 0) =>
		batchStream(random(seed), draw, (text) => [...text].map(() => 1), 9, {
			rows: 4,
			n_ctx: 128,
			skip,
		});
	for (const before of [1, 63, 64, 65, 100]) {
		const one = open(11);
		for (let i = 0; i < before; i++) one.next();
		const { pool, used } = one.state();
		const other = open(pool, used);
		for (let i = 0; i < 70; i++) assert.deepEqual(other.next(), one.next());
	}
});

test("the learning rate rises in a line, stays level while the end is unknown, and falls to 0", () => {
	const rate = (step: number, steps: number) =>
		learningRate(recipe, step, steps);
	assert.equal(rate(recipe.warmUp / 2, 0), recipe.lr / 2);
	assert.equal(rate(100_000, 0), recipe.lr);
	assert.equal(rate(1000, 1000), 0);
	assert.ok(rate(900, 1000) < rate(800, 1000));
	assert.equal(rate(600, 1000), recipe.lr);
});

test("far targets count more after the first steps, until the learning rate falls", () => {
	const { plainSteps, emphasis } = recipe;
	const at = (step: number) => emphasisAt(recipe, step, 10_000);
	assert.deepEqual(
		[1, plainSteps, plainSteps + 1, 6000, 6001, 10_000].map(at),
		[1, 1, emphasis, emphasis, 1, 1],
	);
});

test("the trigram model's probabilities sum to 1 and follow the counts", () => {
	const model = trainTrigram(
		[
			[0, 1],
			[0, 1],
			[0, 2],
		],
		{ d_vocab: 5, end: 4 },
	);
	const sum = (before: number, last: number) =>
		[0, 1, 2, 3, 4].reduce(
			(s, t) => s + Math.exp(model.logProb(before, last, t)),
			0,
		);
	for (const context of [
		[4, 0],
		[4, 4],
		[3, 3],
	])
		assert.ok(Math.abs(sum(context[0], context[1]) - 1) < 1e-12);
	assert.ok(model.logProb(4, 0, 1) > model.logProb(4, 0, 2));
	assert.ok(model.logProb(4, 0, 2) > model.logProb(4, 0, 3));
});

test("a forced choice is right when the right continuation is the likeliest", async () => {
	const model = trainTrigram(
		[
			[1, 2],
			[1, 2],
			[1, 3],
		],
		{ d_vocab: 6, end: 5 },
	);
	const encode = (text: string) => [...text].map(Number);
	const item = (right: string, foils: string[]) => ({
		prefix: "1",
		right,
		foils,
		answer: right,
		text: `1${right}`,
	});
	const score = await scoreBehaviour(
		"agreement",
		[item("2", ["3"]), item("3", ["2"]), item("2", ["3", "4"])],
		encode,
		trigramScorer(model, 5),
	);
	assert.equal(score.accuracy, 2 / 3);
	const tie = await scoreBehaviour(
		"agreement",
		[item("3", ["4", "5"])],
		encode,
		(of) => of.map(() => -1),
	);
	assert.equal(tie.accuracy, 1 / 3);
	assert.ok(Math.abs(score.chance - (1 / 2 + 1 / 2 + 1 / 3) / 3) < 1e-12);
});

test("a run that is stopped and resumed gives the weights of one that is not", async () => {
	const run = (name: string, until: number, resume: boolean) =>
		trainGpt2({
			folder: join(folder, name),
			checkpoint: join(folder, `${name}.checkpoint`),
			seed: 2,
			excluded: new Set(),
			steps: 6,
			until,
			resume,
		});
	const whole = await run("whole", 6, false);
	await run("stopped", 2, false);
	const resumed = await run("stopped", 6, true);
	assert.equal(resumed.tokens, whole.tokens);
	const read = async (name: string) => {
		const { weights, dispose } = await openTrainer(sizes, 1);
		readModel(join(folder, name), weights);
		await dispose();
		return weights;
	};
	assert.deepEqual(await read("stopped"), await read("whole"));
	assert.deepEqual(
		readLog(join(folder, "stopped")),
		readLog(join(folder, "whole")),
	);
});

test("the first 20 steps of the committed training log come out again", async () => {
	const log = readLog(shipped).slice(0, 20);
	const { text, split } = await loadSentences(sentences);
	const excluded = new Set(text.filter((_, i) => split?.[i] !== "train"));
	const encode = encoder(readTokenizer(shipped));
	const { seed } = log[0];
	const stream = batchStream(random(seed), drawExcept(excluded), encode, end, {
		rows,
		n_ctx: sizes.n_ctx,
	});
	const trainer = await openTrainer(sizes, seed);
	for (const { step, loss, lr, emphasis } of log) {
		const batches = Array.from({ length: batchesInStep }, stream.next);
		const made = await trainer.step(batches, { lr, step, emphasis });
		assert.ok(
			Math.abs(made.loss - loss) < 1e-4,
			`step ${step}: ${made.loss}, not ${loss}`,
		);
	}
	await trainer.dispose();
});
