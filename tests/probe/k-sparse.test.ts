import assert from "node:assert/strict";
import { test } from "node:test";
import { kSparseProbe } from "../../src/probe";
import { random } from "../../src/random";
import { fakeActivations, fakeLatents } from "../fake-activations";

const draw = random(3);
const kinds = Array.from({ length: 400 }, () => draw.int(3));
const text = kinds.map((kind, i) => `k${kind} w${draw.int(9)} u${i}`);
const labels = { kind: kinds.map((kind) => ["ant", "bee", "cat"][kind]) };
/** Dimension 2 + c fires for class c; the others are noise, the same for a word wherever it stands. */
const noise = new Map<string, number[]>();
const vector = (word: string) => {
	const known = noise.get(word) ?? [draw.normal(), draw.normal()];
	noise.set(word, known);
	return [...known, ...[0, 1, 2].map((c) => (word === `k${c}` ? 5 : 0.01))];
};
const acts = fakeActivations(text, vector, { labels });
const latents = fakeLatents(acts);

test("one latent that carries a class is found first and reads it alone", async () => {
	const found = await kSparseProbe(latents, { label: "kind", ks: [1, 2] });
	assert.equal(found.kind, "k-sparse");
	assert.deepEqual(found.classes, ["ant", "bee", "cat"]);
	assert.deepEqual(
		found.top.map(({ latents: [first] }) => first),
		[2, 3, 4],
	);
	const [one, , all] = found.points;
	assert.deepEqual([one.input, one.k, one.accuracy], ["latents", 1, 1]);
	assert.deepEqual([all.input, all.k], ["latents", undefined]);
	assert.equal(found.points.length, 6);
});

test("the numbers stand under SAEBench's names too", async () => {
	const { points, eval_result_metrics } = await kSparseProbe(latents, {
		label: "kind",
		ks: [2, 1],
	});
	const of = (input: string, k?: number) =>
		points.find((p) => p.input === input && p.k === k)?.accuracy;
	assert.deepEqual(eval_result_metrics, {
		llm: {
			llm_top_1_test_accuracy: of("activations", 1),
			llm_top_2_test_accuracy: of("activations", 2),
			llm_test_accuracy: of("activations"),
		},
		sae: {
			sae_top_1_test_accuracy: of("latents", 1),
			sae_top_2_test_accuracy: of("latents", 2),
			sae_test_accuracy: of("latents"),
		},
	});
});

test("the test sentences choose nothing: with their labels turned round the columns are the same", async () => {
	const split = kinds.map((_, i) =>
		i % 10 === 0 ? "test" : i % 10 === 1 ? "validation" : "train",
	);
	const given = (kind: string[]) => {
		const sentences = { ...acts.sentences, labels: { kind }, split };
		return {
			...latents,
			acts: { ...acts, sentences: sentences as typeof acts.sentences },
		};
	};
	const turned = labels.kind.map((name, i) =>
		split[i] === "test" ? (name === "ant" ? "bee" : "ant") : name,
	);
	const options = { label: "kind", ks: [1, 3] };
	const [a, b] = [
		await kSparseProbe(given(labels.kind), options),
		await kSparseProbe(given(turned), options),
	];
	for (const [i, { class: name }] of b.top.entries())
		assert.deepEqual(
			b.top[i],
			a.top.find((own) => own.class === name),
		);
	assert.ok(b.points[0].accuracy < 0.5);
});

test("shuffled labels are read no better than a coin falls, within the interval", async () => {
	const order = random(8).shuffle(Uint32Array.from(kinds.keys()));
	const kind = Array.from(order, (i) => labels.kind[i]);
	const shuffled = fakeActivations(text, vector, { labels: { kind } });
	const { points } = await kSparseProbe(fakeLatents(shuffled), {
		label: "kind",
		ks: [1],
	});
	for (const { interval } of points)
		assert.ok(interval[0] <= 0.55 && interval[1] >= 0.45);
});

test("notes say how far the sets are from SAEBench's, and which numbers of columns there are not", async () => {
	const { notes, points } = await kSparseProbe(latents, {
		label: "kind",
		ks: [1, 50],
	});
	assert.match(notes.join(" "), /SAEBench fits on 2000 sentences of a class/);
	assert.match(
		notes.join(" "),
		/5 columns of latents, so there is no probe on 50/,
	);
	assert.ok(points.every(({ k }) => k !== 50));
});

test("what is no latents, and ks that are no numbers of columns, are refused", async () => {
	await assert.rejects(
		kSparseProbe(acts as unknown as typeof latents, { label: "kind" }),
		/needs what sae\.encode\(acts\) returned/,
	);
	for (const ks of [[], [0], [1.5]])
		await assert.rejects(
			kSparseProbe(latents, { label: "kind", ks }),
			/where numbers of columns such as \[1, 2, 5\] were expected/,
		);
	await assert.rejects(
		kSparseProbe(latents, { label: "kin" }),
		/no label "kin"/,
	);
});
