import assert from "node:assert/strict";
import { test } from "node:test";
import { probe } from "../../src/probe";
import { setProgressSink } from "../../src/progress";
import { random } from "../../src/random";
import { fakeActivations, fakeLatents } from "../fake-activations";

const N = 300;
const draw = random(11);
const word = () => `w${draw.int(20)}`;
/** One word shows the topic and one the sign; after the bar comes a sign that means nothing. */
const plan = Array.from({ length: N }, () => ({
	topic: draw.int(3),
	sign: draw.int(2),
}));
const text = plan.map(({ topic, sign }) =>
	[word(), `t${topic}`, word(), `s${sign}`, "|", `s${draw.int(2)}`].join(" "),
);

const offsets = {
	bar: Uint32Array.from(text, (t) => t.indexOf("|")),
};
const labels = {
	topic: plan.map(({ topic }) => ["sea", "law", "art"][topic]),
	sign: plan.map(({ sign }) => (sign ? "positive" : "negative")),
	coin: plan.map(() => (draw.int(2) ? "heads" : "tails")),
};
/** A dimension for each topic, one for the sign, one that is noise. */
const vector = (w: string) => [
	...[0, 1, 2].map((c) => (w === `t${c}` ? 6 : 0.1)),
	w === "s1" ? 3 : w === "s0" ? -3 : 0,
	Number(w.slice(1)) || 0,
];
const acts = fakeActivations(text, vector, { labels, offsets });
const latents = fakeLatents(acts);

test("a topic that a latent shows is read from latents, activations and words", async () => {
	const result = await probe(latents, { label: "topic" });
	assert.equal(result.kind, "probe");
	assert.deepEqual(result.classes, ["art", "law", "sea"]);
	for (const score of [result.latents, result.activations, result.bag_of_words])
		assert.equal(score?.accuracy, 1);
	assert.ok(result.majority.accuracy < 0.6);
	// 289 of the 300 texts differ; copies stay together.
	assert.deepEqual([result.n_train, result.split.units.train], [239, 231]);
	assert.equal(result.latents?.n_test, 30);
	assert.equal(
		result.latents?.confusion.flat().reduce((a, b) => a + b),
		30,
	);
	assert.ok((result.latents?.interval[0] as number) < 1);
	assert.equal(result.latents?.converged, true);
});

test("the top latent of each class is the class's own", async () => {
	const { top_latents = [] } = await probe(latents, { label: "topic" });
	const first = (name: string) => top_latents.find((top) => top.class === name);
	assert.equal(first("sea")?.latent, 0);
	assert.equal(first("law")?.latent, 1);
	assert.equal(first("art")?.latent, 2);
	assert.ok((first("sea")?.weight as number) > 0);
});

test("with two classes the latent speaks for one and is not listed for the other", async () => {
	const { top_latents = [] } = await probe(latents, {
		label: "sign",
		before: "bar",
	});
	assert.equal(top_latents.find((top) => top.class === "positive")?.latent, 3);
	assert.ok(
		!top_latents.some((top) => top.class === "negative" && top.latent === 3),
	);
});

test("`before` hides what comes after from the probe and from the bag of words", async () => {
	const cut = await probe(acts, { label: "sign", before: "bar" });
	assert.equal(cut.before, "bar");
	assert.equal(cut.latents, undefined);
	assert.equal(cut.top_latents, undefined);
	assert.equal(cut.activations.accuracy, 1);
	assert.equal(cut.bag_of_words.accuracy, 1);
	const whole = await probe(acts, { label: "sign" });
	assert.ok(whole.activations.accuracy < 1);
});

test("a label that nothing shows is read no better than chance", async () => {
	const { latents: score, activations } = await probe(latents, {
		label: "coin",
	});
	for (const { interval } of [score as NonNullable<typeof score>, activations])
		assert.ok(interval[0] < 0.5 && interval[1] > 0.4);
});

test("the same call gives the same result", async () => {
	const options = { label: "sign", seed: 4 };
	const [a, b] = [await probe(latents, options), await probe(latents, options)];
	assert.deepEqual({ ...a, seconds: 0 }, { ...b, seconds: 0 });
});

test("a penalty that is given is used", async () => {
	const result = await probe(latents, { label: "topic", l2: 0.5 });
	assert.equal(result.latents?.l2, 0.5);
	await assert.rejects(probe(latents, { label: "topic", l2: 0 }), /l2 is 0/);
});

test("ml-logistic-regression runs by name", async () => {
	const result = await probe(latents, {
		label: "topic",
		solver: "ml-logistic-regression",
	});
	assert.equal(result.solver, "ml-logistic-regression");
	assert.equal(result.latents?.accuracy, 1);
	assert.equal(result.activations.accuracy, 1);
	assert.equal(result.latents?.l2, undefined);
});

test("a solver that does not exist is refused", async () => {
	const solver = "newton" as "lbfgs";
	await assert.rejects(
		probe(latents, { label: "topic", solver }),
		/no solver "newton"/,
	);
});

test("progress rises to its total, and a signal stops the probe", async () => {
	const seen: number[] = [];
	setProgressSink(({ label, done, total }) => {
		if (label === "probe sign") seen.push(done / total); // not the random autoencoder's encoding
	});
	await probe(latents, { label: "sign" });
	setProgressSink(undefined);
	assert.equal(seen.at(-1), 1);
	assert.deepEqual(
		seen,
		[...seen].sort((a, b) => a - b),
	);
	const signal = AbortSignal.abort();
	await assert.rejects(probe(latents, { label: "sign", signal }), /aborted/);
});

test("beside the latents stand as many channels, a random autoencoder, and each probe's control task", async () => {
	const result = await probe(latents, { label: "topic" });
	const active = Math.round(latents.values.length / acts.n_tokens);
	assert.equal(result.top_channels?.columns, active);
	assert.equal(result.random_sae?.columns, latents.d_sae);
	assert.equal(result.control_task, "shuffled sentences");
	for (const input of ["latents", "activations", "bag_of_words"] as const) {
		const { accuracy, control, selectivity } = result[input] ?? {};
		assert.ok((control?.accuracy as number) < 0.67);
		assert.equal(
			selectivity,
			(accuracy as number) - (control?.accuracy as number),
		);
	}
	const plain = { label: "topic", baselines: false, control: false };
	const without = await probe(latents, plain);
	assert.equal(without.random_sae, undefined);
	assert.equal(without.latents?.selectivity, undefined);
	assert.equal(without.latents?.accuracy, result.latents?.accuracy);
});

test("with k, the probe reads the k latents that tell most, and as many channels", async () => {
	const result = await probe(latents, { label: "sign", k: 1 });
	assert.equal(result.latents?.columns, 1);
	assert.equal(result.top_channels?.columns, 1);
	await assert.rejects(
		probe(latents, { label: "sign", k: 0 }),
		/k is 0, where a whole number/,
	);
});

test("a class with one member is named, and counts as wrong where training has none of it", async () => {
	const topic = labels.topic.map((name, i) => (i === 7 ? "once" : name));
	const split = topic.map((_, i) =>
		i % 10 === 7 ? "test" : i % 10 === 8 ? "validation" : "train",
	);
	const odd = fakeActivations(text, vector, { labels: { topic }, offsets });
	odd.sentences.split = split as typeof odd.sentences.split;
	const result = await probe(odd, { label: "topic" });
	assert.match(result.notes.join(" "), /one sentence[^.]*: once\./);
	assert.match(result.notes.join(" "), /no training sentence has[^.]*: once\./);
	assert.equal(result.activations.accuracy, 29 / 30);
});

test("latents that never fire are said to tell nothing", async () => {
	const dead = {
		...latents,
		values: new Float32Array(),
		indices: new Uint32Array(),
	};
	dead.indptr = new Float64Array(latents.indptr.length);
	const { notes } = await probe(dead, { label: "topic", baselines: false });
	assert.match(notes.join(" "), /All columns of the latents are constant/);
});

test("numbers that are not finite are refused", async () => {
	const broken = fakeActivations(text, () => [Number.NaN, 0, 1], { labels });
	await assert.rejects(probe(broken, { label: "topic" }), /not finite/);
});
