import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clustering } from "../../src/cluster";
import { selectSentences } from "../../src/dataset";
import { neurons } from "../../src/features";
import { sentenceMeans } from "../../src/features/means";
import { fakeModel, fakeSentences } from "./fake";

const model = fakeModel();
const sentences = fakeSentences();

test("the neurons that carry a class are found, and measured on held-out sentences", async () => {
	const report = await neurons(model, sentences, { layer: 0 });
	const best = Object.fromEntries(
		report.factors.map((f) => [`${f.label}=${f.class}`, f.neurons[0]]),
	);
	assert.deepEqual(Object.keys(best), [
		"number=plural",
		"number=singular",
		"sentiment=negative",
		"sentiment=positive",
	]);
	assert.equal(best["number=singular"], undefined); // no neuron fires more for it
	assert.equal(best["number=plural"].neuron, 0);
	assert.equal(best["sentiment=positive"].neuron, 2);
	assert.equal(best["sentiment=negative"].neuron, 3);
	assert.ok(Object.values(best).every((n) => n === undefined || n.auc === 1));
	assert.deepEqual(
		[report.n_chosen_on, report.n_held_out, report.hook_name],
		[20, 20, "blocks.0.mlp.hook_post"],
	);
});

test("a mean is over the sentence's own tokens: the token that begins a text is left out", async () => {
	const report = await neurons(model, sentences, { layer: 0 });
	const plural = report.factors[0].neurons.find(({ neuron }) => neuron === 0);
	assert.ok(Math.abs((plural?.mean_inside ?? 0) - 1 / 9) < 1e-6);
	assert.equal(plural?.mean_outside, 0);
	const { data } = await sentenceMeans(
		model,
		sentences,
		Uint32Array.from([0, 2]),
		"blocks.0.mlp.hook_post",
		6,
	);
	assert.deepEqual([data[4], data[6 + 4]], [1, 1]); // 1000 on the first token
});

test("neurons that act together form a group with the class it goes with", async () => {
	const { groups } = await neurons(model, sentences, { layer: 0 });
	assert.equal(groups.length, 1);
	assert.deepEqual(groups[0].neurons, [0, 1]);
	assert.ok(groups[0].correlation > 0.999);
	assert.deepEqual(
		[groups[0].label, groups[0].class, groups[0].auc],
		["number", "plural", 1],
	);
});

test("zeroing the neuron an answer rests on costs what was worked out by hand, others nothing", async () => {
	const { effects, score, n_prompts } = await neurons(model, sentences, {
		layer: 0,
	});
	assert.equal(score, "log-probability");
	assert.equal(n_prompts, 20);
	const of = (neuron: number) =>
		effects.find((e) => e.neurons.length === 1 && e.neurons[0] === neuron);
	const sentiment = of(2) ?? of(3);
	assert.equal(sentiment?.before, -1);
	assert.ok(Math.abs((sentiment?.change ?? 0) + 1.5) < 0.16); // 3 nats on about half of the prompts
	assert.equal(of(0)?.change, 0);
	assert.deepEqual(of(0)?.interval, [Number.NaN, Number.NaN]);
});

test("with right and wrong answers the score is the difference of their log-probabilities", async () => {
	const answers = [
		{ text: "the soup was warm", right: " yum", wrong: " meh" },
		{ text: "the soup was warm today", right: " yum", wrong: " meh" },
	];
	const { effects, score } = await neurons(model, sentences, {
		layer: 0,
		labels: ["sentiment"],
		answers,
	});
	assert.equal(score, "logit difference");
	const [effect] = effects;
	assert.equal(effect.before, 0);
	assert.equal(effect.change, effect.neurons[0] === 2 ? -3 : 3);
	assert.equal(effect.flipped, 0); // a tie was not right before
});

test("clusters are looked for like a label", async () => {
	const assignment = Uint32Array.from(sentences.labels.sentiment, (s) =>
		s === "positive" ? 1 : 0,
	);
	const clusters = { assignment, sentences } as Clustering;
	const report = await neurons(model, sentences, {
		layer: 0,
		labels: ["number"],
		clusters,
	});
	assert.deepEqual(
		report.clusters?.map((c) => [c.class, c.neurons[0].neuron]),
		[
			["0", 3],
			["1", 2],
		],
	);
	const few = { assignment: assignment.slice(0, 3), sentences } as Clustering;
	await assert.rejects(
		neurons(model, sentences, { layer: 0, clusters: few }),
		/clusters are of 3 sentences and 40/,
	);
});

/** The fake sentences without a split, each a text of its own. */
const unsplit = () => {
	const { split: _, ...without } = sentences;
	const own = (text: string, i: number) => `${"the ".repeat(i + 1)}${text}`;
	return { ...without, text: sentences.text.map(own), offsets: {} };
};

test("sentences without a split get that of the library, and the limit holds", async () => {
	const report = await neurons(model, unsplit(), { layer: 0 });
	assert.deepEqual([report.n_chosen_on, report.n_held_out], [32, 4]);
	assert.equal(report.split.made, true);
	assert.match(report.notes.join(" "), /4 different texts only/);
	const few = await neurons(model, unsplit(), { layer: 0, limit: 16 });
	assert.deepEqual([few.n_chosen_on, few.n_held_out], [12, 4]);
	const other = await neurons(model, unsplit(), { layer: 0, seed: 1 });
	assert.equal(other.split.seed, 1);
});

test("pairs in turn give both halves both classes", async () => {
	const given = unsplit();
	const mood = given.text.map((_, i) => (i % 2 ? "bad" : "good"));
	const text = given.text.map(
		(_, i) => `${"the ".repeat(i + 1)}${i % 2 ? "cold" : "warm"} soup`,
	);
	const { factors } = await neurons(
		model,
		{ ...given, text, labels: { mood } },
		{ layer: 0 },
	);
	const [bad, good] = factors;
	assert.deepEqual([bad.class, good.class], ["bad", "good"]);
	assert.deepEqual([bad.neurons[0].neuron, bad.neurons[0].auc], [3, 1]);
	assert.deepEqual([good.neurons[0].neuron, good.neurons[0].auc], [2, 1]);
});

test("sentences without a label are in no class and in no mean", async () => {
	const number = sentences.labels.number.map((name, i) =>
		i % 8 < 6 ? name : " ",
	);
	const given = { ...sentences, labels: { number } };
	const { factors, notes, table } = await neurons(model, given, { layer: 0 });
	assert.deepEqual(
		factors.map((f) => f.class),
		["plural", "singular"],
	);
	assert.equal(factors[0].neurons[0].auc, 1);
	assert.equal(table.auc[0].length, 2);
	assert.match(
		notes.join(" "),
		/10 of 40 sentences have no "number" and take no part/,
	);
});

test("the same call gives the same report", async () => {
	const [a, b] = [
		await neurons(model, sentences, { layer: 0 }),
		await neurons(model, sentences, { layer: 0 }),
	];
	assert.deepEqual({ ...a, seconds: 0 }, { ...b, seconds: 0 });
});

test("bad input gives one clear sentence", async () => {
	const run = (options: Partial<Parameters<typeof neurons>[2]>) =>
		neurons(model, sentences, { layer: 0, ...options });
	await assert.rejects(run({ layer: 7 }), /layer 7.*0 to 0/);
	await assert.rejects(
		run({ labels: ["nummer"] }),
		/no label "nummer".*number/,
	);
	await assert.rejects(run({ labels: ["same"] }), /"same" has a single class/);
	await assert.rejects(
		run({ answers: [{ text: "the", right: "" }] }),
		/no token of its own/,
	);
	await assert.rejects(
		run({
			answers: [
				{ text: "the", right: " cat", wrong: " cats" },
				{ text: "the", right: " cat" },
			],
		}),
		/1 of 2 prompts have a wrong answer/,
	);
	const none = selectSentences(sentences, () => false);
	await assert.rejects(
		neurons(model, none, { layer: 0 }),
		/0 sentences were given/,
	);
	const train = selectSentences(sentences, (i) => i % 2 === 0);
	await assert.rejects(
		neurons(model, train, { layer: 0 }),
		/20 in the train split and 0 in the test split/,
	);
});

test("a signal stops the work", async () => {
	await assert.rejects(
		neurons(model, sentences, { layer: 0, signal: AbortSignal.abort() }),
		{ name: "AbortError" },
	);
});
