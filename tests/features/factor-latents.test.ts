import assert from "node:assert/strict";
import { test } from "node:test";
import { factorLatents } from "../../src/features";
import { firings, sentencesOfLatent } from "../../src/features/firings";
import { wilsonInterval } from "../../src/intervals";
import { random } from "../../src/random";
import { fakeActivations, fakeLatents } from "../fake-activations";

const d_sae = 8;

interface Made {
	/** Latents that fire on the sentence, each on a token of its own. */
	fires: number[];
	class: string;
	split?: "train" | "test";
}

/** Latents that fire as is said; by default half of the sentences, in turn, are to be chosen on. */
function made(rows: Made[]) {
	const text = rows.map(({ fires }) =>
		["the", ...fires.map((latent) => `l${latent}`)].join(" "),
	);
	const acts = fakeActivations(
		text,
		(word) =>
			Array.from({ length: d_sae }, (_, i) => (word === `l${i}` ? 0.1 : -1)),
		{
			labels: { kind: rows.map((row) => row.class) },
			split: rows.map((row, i) => row.split ?? (i % 2 ? "test" : "train")),
		},
	);
	return fakeLatents(acts);
}

/** So many sentences of each half, as `row` says. */
function times(n: number, row: (i: number) => Made): Made[] {
	return Array.from({ length: 2 * n }, (_, i) => row(Math.floor(i / 2)));
}

const of = async (rows: Made[], name: string) => {
	const { classes } = await factorLatents(made(rows));
	const found = classes.find((c) => c.class === name);
	assert.ok(found);
	return found;
};

function close(actual: number | undefined, expected: number): void {
	assert.ok(
		actual !== undefined && Math.abs(actual - expected) < 1e-9,
		`${actual} is not ${expected}`,
	);
}

test("a latent fires on a sentence once, however often and wherever above zero, but not on the model's own tokens", async () => {
	const acts = fakeActivations(["a b a", "b c", "b <s>"], (word) =>
		word === "<s>" ? [9, 9] : word === "a" ? [1, 0] : [0, 0],
	);
	const token = acts.rows.token;
	acts.model.bos_token_id = token[token.length - 1];
	const fired = await firings(fakeLatents(acts), Uint32Array.of(2, 0));
	assert.deepEqual([...sentencesOfLatent(fired, 0)], [1]); // sentence 0, second of those chosen
	assert.deepEqual([...sentencesOfLatent(fired, 1)], []);
});

test("rows in any order give the same", async () => {
	const acts = fakeActivations(["a b", "a", "b a"], (word) =>
		word === "a" ? [1, 0] : [0, 1],
	);
	const latents = fakeLatents(acts);
	const back = fakeLatents({
		...acts,
		data: Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1, 1, 0),
		rows: { ...acts.rows, sentence: Uint32Array.of(2, 0, 2, 0, 1) },
	});
	const all = Uint32Array.of(0, 1, 2);
	assert.deepEqual(await firings(back, all), await firings(latents, all));
});

test("the best latent's precision, recall and F1 are those worked by hand", async () => {
	// Latent 1 fires on 15 of 20 sentences of x and on 5 of 20 others; latent 2 on all 40.
	const rows = [
		...times(20, (i) => ({ class: "x", fires: i < 15 ? [1, 2] : [2] })),
		...times(20, (i) => ({ class: "y", fires: i < 5 ? [1, 2] : [2] })),
	];
	const x = await of(rows, "x");
	assert.equal(x.latent, 1);
	close(x.precision, 15 / 20);
	close(x.recall, 15 / 20);
	close(x.f1, 0.75);
	close(x.f1_always, 2 / 3);
	assert.deepEqual([x.n, x.label], [20, "kind"]);
	assert.equal(x.absorption, undefined); // three in four is not nine in ten
	assert.equal((await of(rows, "y")).latent, 2);
});

test("latents are chosen on the train split, and measured on the test split", async () => {
	const rows: Made[] = Array.from({ length: 80 }, (_, i) => {
		const split = i < 40 ? "train" : "test";
		const inside = i % 2 === 0;
		const luck = i < 40 === inside; // latent 3 turns round
		return { class: inside ? "x" : "y", split, fires: luck ? [3] : [] };
	});
	const x = await of(rows, "x");
	assert.equal(x.latent, 3);
	assert.equal(x.f1_chosen, 1);
	assert.equal(x.f1, 0);
	assert.equal(x.split.f1, 0);
});

test("a class that three latents share is split over three, and a latent that adds little is left out", async () => {
	const x = await of(
		[
			// 40, 35 and 24 of 100; latent 4 has the last one.
			...times(100, (i) => ({
				class: "x",
				fires: [i < 40 ? 1 : i < 75 ? 2 : i < 99 ? 3 : 4],
			})),
			...times(100, () => ({ class: "y", fires: [5] })),
		],
		"x",
	);
	assert.deepEqual(x.split.latents, [1, 2, 3]);
	close(x.split.f1, (2 * 99) / (99 + 100));
	close(x.f1, (2 * 40) / (40 + 100));
	assert.equal(x.absorption, undefined); // no single latent stands for it
});

test("where more specific latents fire in the place of the one that stands for the class, that share is absorbed", async () => {
	const rows = [
		// Latent 1 stands for x, and misses 50: in 8 of them each latent 2, 3 or 4 fires instead. Each raises the F1 by less than
		// 0.03 (158 / 179 − 150 / 175 = 0.026), so that x is split over none of them.
		...times(200, (i) => ({
			class: "x",
			fires:
				i < 150 ? [1, ...(i % 5 ? [] : [5])] : i < 174 ? [2 + (i % 3)] : [],
		})),
		...times(200, () => ({ class: "y", fires: [6] })),
	];
	const { split, absorption } = await of(rows, "x");
	assert.deepEqual(split.latents, [1]);
	close(absorption?.missed, 50 / 200);
	close(absorption?.absorbed, 24 / 200);
	assert.deepEqual(absorption?.by, [
		{ latent: 2, share: 0.04 },
		{ latent: 3, share: 0.04 },
		{ latent: 4, share: 0.04 },
	]);
	const { factors } = await factorLatents(made(rows));
	close(factors[0].absorbed, (0.12 + 0) / 2);
	assert.deepEqual([factors[0].n_absorbed, factors[0].n_classes], [2, 2]);
});

test("what a class is split over absorbs nothing, and counts as silent only where all of it is", async () => {
	// Latent 1 has 55 of x, latent 2 the other 45: a class split over two, as in SAEBench, and nothing absorbed.
	const two = await of(
		[
			...times(100, (i) => ({ class: "x", fires: [i < 55 ? 1 : 2] })),
			...times(100, () => ({ class: "y", fires: [4] })),
		],
		"x",
	);
	assert.deepEqual(two.split.latents, [1, 2]);
	assert.deepEqual(two.absorption, { missed: 0, absorbed: 0, by: [] });
	// Latent 3 fires only where latent 2 does: not in its place.
	const beside = await of(
		[
			...times(100, (i) => ({
				class: "x",
				fires: i < 55 ? [1] : i < 90 ? [2, ...(i < 75 ? [3] : [])] : [],
			})),
			...times(100, () => ({ class: "y", fires: [4] })),
		],
		"x",
	);
	assert.deepEqual(beside.split.latents, [1, 2]);
	close(beside.absorption?.missed, 0.1);
	close(beside.absorption?.absorbed, 0);
});

test("a mean over classes says how many stand in it", async () => {
	const { factors } = await factorLatents(
		made([
			...times(20, () => ({ class: "x", fires: [1] })),
			...times(20, (i) => ({ class: "y", fires: i % 3 ? [] : [3] })), // no latent stands for it
		]),
	);
	assert.deepEqual([factors[0].n_classes, factors[0].n_absorbed], [2, 1]);
	close(factors[0].absorbed, 0);
});

test("a specific latent beside the main one, or one of many classes, absorbs nothing", async () => {
	const r = random(3);
	const rows = [
		...times(200, (i) => ({
			class: "x",
			fires: [
				...(i < 160 ? [1] : []),
				...(i % 4 === 0 ? [2] : []), // as often with latent 1 as without
				...(i >= 160 ? [3] : []), // in its place, but on y as well
			],
		})),
		...times(200, () => ({
			class: "y",
			fires: [4, ...(r.uniform() < 0.5 ? [3] : [])],
		})),
	];
	const { split, absorption } = await of(rows, "x");
	assert.deepEqual(split.latents, [1, 2]);
	close(absorption?.missed, 0.15);
	close(absorption?.absorbed, 0);
	assert.deepEqual(absorption?.by, []);
});

test("a few sentences that coincide are no absorption", async () => {
	const { absorption } = await of(
		[
			// Latent 2 fires on 4 of x alone, by chance on 3 of the 40 that latent 1 misses: 3 of 4 is not so rare.
			...times(100, (i) => ({
				class: "x",
				fires: i < 60 ? [1, ...(i === 0 ? [2] : [])] : i < 63 ? [2] : [],
			})),
			...times(100, () => ({ class: "y", fires: [4] })),
		],
		"x",
	);
	close(absorption?.missed, 0.4);
	close(absorption?.absorbed, 0);
});

test("latents that never fire match nothing", async () => {
	const x = await of(
		times(20, (i) => ({ class: i % 2 ? "x" : "y", fires: [] })),
		"x",
	);
	assert.deepEqual([x.f1, x.precision, x.recall], [0, 0, 0]);
	assert.equal(x.split.latents.length, 1);
	assert.equal(x.absorption, undefined);
});

test("a factor's numbers are means over its classes", async () => {
	const rows = [
		...times(20, (i) => ({ class: "x", fires: [i % 2 ? 1 : 2] })),
		...times(20, () => ({ class: "y", fires: [3] })),
	];
	const { factors, ...rest } = await factorLatents(made(rows));
	assert.equal(factors.length, 1);
	const [kind] = factors;
	close(kind.f1, (2 / 3 + 1) / 2);
	close(kind.latents, 1.5);
	close(kind.f1_split, 1);
	close(kind.absorbed, 0);
	assert.deepEqual([rest.n_chosen_on, rest.n_held_out], [40, 40]);
});

test("bad input is refused in a sentence", async () => {
	const rows = times(4, (i) => ({ class: i % 2 ? "x" : "y", fires: [1] }));
	await assert.rejects(
		factorLatents(made(rows), { labels: ["kin"] }),
		/no label "kin".*kind/,
	);
	await assert.rejects(
		factorLatents(made(rows.map((row) => ({ ...row, class: "x" })))),
		/no label of 2 to 12 classes/,
	);
	await assert.rejects(
		factorLatents(made(rows.map((row) => ({ ...row, split: "train" })))),
		/0 in the test split: latents are chosen/,
	);
	await assert.rejects(
		factorLatents(made(rows), { signal: AbortSignal.abort() }),
		{ name: "AbortError" },
	);
});

/** Good, bad, good, bad, …, each a text of its own, without a split; latent 0 fires on good and 1 on bad. */
function pairs(n: number, mood: (i: number) => string) {
	const text = Array.from({ length: n }, (_, i) => `w${i} l${i % 2}`);
	const acts = fakeActivations(
		text,
		(word) => [0, 1, 2].map((i) => (word === `l${i}` ? 0.1 : -1)),
		{ labels: { mood: text.map((_, i) => mood(i)) } },
	);
	return fakeLatents(acts);
}
const moodOf = (i: number) => (i % 2 ? "bad" : "good");

test("pairs in turn have both classes in both parts of the split that is made", async () => {
	const found = await factorLatents(pairs(40, moodOf));
	assert.deepEqual([found.n_chosen_on, found.n_held_out], [32, 4]);
	assert.deepEqual(
		found.classes.map((c) => [c.class, c.latent, c.n, c.f1]),
		[
			["bad", 1, 2, 1],
			["good", 0, 2, 1],
		],
	);
	// Two texts fire or should: they carry no more than Wilson's interval of two.
	for (const { f1_interval } of found.classes)
		assert.deepEqual(f1_interval, wilsonInterval(2, 2));
	assert.match(found.notes.join(" "), /4 different texts only/);
	assert.deepEqual([found.split.made, found.split.seed], [true, 0]);
	const other = await factorLatents(pairs(40, moodOf), { seed: 1 });
	assert.equal(other.split.seed, 1);
	await assert.rejects(
		factorLatents(pairs(8, moodOf)),
		/8 sentences were given, of 8 different texts: .* at least 10 are needed/,
	);
});

test("sentences without a label are in no class, count in no mean, and are told", async () => {
	// On those without one latent 0 fires as well: with them its precision would be a half.
	const given = pairs(400, (i) =>
		i % 4 === 2 ? "" : i % 4 === 3 ? " " : moodOf(i),
	);
	const found = await factorLatents(given);
	assert.deepEqual(
		found.classes.map((c) => [c.class, c.latent, c.f1, c.precision]),
		[
			["bad", 1, 1, 1],
			["good", 0, 1, 1],
		],
	);
	const [factor] = found.factors;
	assert.equal(factor.n_unlabelled, 160 + 20);
	assert.equal(factor.f1_always, 2 / 3);
	assert.match(
		found.notes[0],
		/^180 of 360 sentences have no "mood" and take no part/,
	);
});
