import assert from "node:assert/strict";
import { test } from "node:test";
import { cluster } from "../../src/cluster";
import { random } from "../../src/random";
import { fakeActivations, fakeLatents } from "../fake-activations";

const draw = random(21);
const plan = Array.from({ length: 120 }, (_, i) =>
	i < 60 ? 0 : i < 100 ? 1 : 2,
);
const topicWords = [
	["wave", "boat", "tide"],
	["judge", "court", "law"],
	["paint", "brush", "oil"],
];
const text = plan.map((topic) => {
	const own = topicWords[topic];
	return `the ${own[draw.int(3)]} of ${own[draw.int(3)]} and a thing${draw.int(30)}`;
});
const labels = {
	topic: plan.map((topic) => ["sea", "law", "art"][topic]),
	coin: plan.map(() => String(draw.int(2))),
};
const vector = (w: string) => [
	...topicWords.map((own) => (own.includes(w) ? 3 : 0.02)),
	w === "the" ? 1 : 0,
	Number(w.slice(5)) / 20 || 0,
];
const acts = fakeActivations(text, vector, { labels });
const latents = fakeLatents(acts);

for (const source of [latents, acts])
	test(`${source.kind}: the topics are the clusters, largest first`, async () => {
		const found = await cluster(source, { k: 3, seed: 1 });
		assert.equal(found.source, source.kind);
		assert.deepEqual(found.sizes, [60, 40, 20]);
		assert.equal(found.agreement.topic.ari, 1);
		assert.ok(Math.abs(found.agreement.coin.ari) < 0.05);
		assert.deepEqual([...found.assignment], plan);
		assert.ok(found.silhouette > 0.2);
		assert.ok(found.inertia > 0);
		assert.equal(found.projection.length, 120);
	});

test("each cluster has five exemplars, nearest first, each in the cluster", async () => {
	const { exemplars, assignment } = await cluster(latents, { k: 3 });
	assert.equal(exemplars.length, 15);
	for (const [e, { cluster: c, sentence, distance }] of exemplars.entries()) {
		assert.equal(c, Math.floor(e / 5));
		assert.equal(assignment[sentence], c);
		if (e % 5) assert.ok(distance >= exemplars[e - 1].distance);
	}
});

test("the latents and tokens that mark a cluster are its topic's", async () => {
	const { marks, tokens } = await cluster(latents, { k: 3 });
	for (const c of [0, 1, 2]) {
		const mark = marks.find((m) => m.cluster === c);
		assert.equal(mark?.latent, c);
		assert.ok((mark?.score as number) > 1);
		const own = tokens.filter((t) => t.cluster === c).slice(0, 3);
		assert.deepEqual(own.map((t) => t.token).sort(), [...topicWords[c]].sort());
	}
});

for (const source of [latents, acts])
	test(`${source.kind}: the characters that light up in an exemplar are its topic's words`, async () => {
		const { exemplars, activating } = await cluster(source, { k: 3 });
		assert.equal(activating.length, exemplars.length);
		for (const [e, { cluster: c, sentence }] of exemplars.entries()) {
			const strong = activating[e].filter((span) => span.strength > 0.5);
			assert.ok(strong.length > 0);
			for (const { start, end, strength } of strong) {
				assert.ok(topicWords[c].includes(text[sentence].slice(start, end)));
				assert.ok(strength <= 1);
			}
		}
	});

test("activations are not marked by latents", async () => {
	assert.deepEqual((await cluster(acts, { k: 3 })).marks, []);
});

test("the same seed gives the same clustering", async () => {
	const [a, b] = [
		await cluster(latents, { seed: 3 }),
		await cluster(latents, { seed: 3 }),
	];
	assert.equal(a.k, 5);
	assert.deepEqual({ ...a, seconds: 0 }, { ...b, seconds: 0 });
});

test("ml-kmeans runs by name and finds the same groups", async () => {
	const found = await cluster(latents, { k: 3, solver: "ml-kmeans" });
	assert.equal(found.solver, "ml-kmeans");
	assert.equal(found.agreement.topic.ari, 1);
	assert.deepEqual(found.sizes, [60, 40, 20]);
});

test("a sentence whose label is empty does not count in the agreement", async () => {
	const some = {
		...acts.sentences,
		labels: { topic: labels.topic.map((t, i) => (i % 2 ? t : "")) },
	};
	const found = await cluster({ ...acts, sentences: some }, { k: 3 });
	assert.equal(found.agreement.topic.ari, 1);
});

test("one cluster has no silhouette and no marks", async () => {
	const found = await cluster(latents, { k: 1 });
	assert.ok(Number.isNaN(found.silhouette));
	assert.deepEqual(found.marks, []);
	assert.deepEqual(found.sizes, [120]);
});

test("k out of range is refused", async () => {
	await assert.rejects(
		cluster(latents, { k: 121 }),
		/k is 121, but there are only 120 sentences/,
	);
	for (const k of [0, -1, 2.5, Number.NaN])
		await assert.rejects(cluster(latents, { k }), /whole number of at least 1/);
});

test("a solver, an offsets column or sentences that are not there are refused", async () => {
	const solver = "mean-shift" as "lloyd";
	await assert.rejects(cluster(latents, { solver }), /no solver "mean-shift"/);
	await assert.rejects(
		cluster(latents, { before: "bar" }),
		/no offsets column "bar"/,
	);
	await assert.rejects(
		cluster({ ...acts, sentences: { ...acts.sentences, text: [] } }),
		/no sentences to cluster/,
	);
});

test("fewer distinct sentences than clusters are refused", async () => {
	const same = fakeActivations(["a b", "a b", "b a", "c"], (w) =>
		w === "c" ? [1, 0] : [0, 1],
	);
	await assert.rejects(
		cluster(same, { k: 3 }),
		/only 2 of the rows are distinct/,
	);
});

test("NaN is refused", async () => {
	const broken = fakeActivations(["a b", "c"], (w) => [
		w === "c" ? Number.NaN : 1,
	]);
	await assert.rejects(cluster(broken, { k: 2 }), /not finite/);
});

test("a signal stops it", async () => {
	await assert.rejects(
		cluster(latents, { signal: AbortSignal.abort() }),
		/aborted/,
	);
});
