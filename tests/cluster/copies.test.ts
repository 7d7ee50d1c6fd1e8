import assert from "node:assert/strict";
import { test } from "node:test";
import {
	type Clustering,
	cluster,
	clusterLatents,
	howManyClusters,
} from "../../src/cluster";
import { foundAgain, resamples } from "../../src/cluster/stability";
import { random } from "../../src/random";
import { fakeActivations, fakeLatents } from "../fake-activations";
import { saeOf } from "./firing";

/** Every text `times` over, in turn, some of them with other case and spaces. */
function copied<T>(of: T[], times: number): T[] {
	return Array.from({ length: times * of.length }, (_, i) => of[i % of.length]);
}

const spelled = (text: string, i: number, n: number) =>
	i < n ? text : i % 3 ? text.toUpperCase() : `  ${text.replace(" ", "  ")} `;

/** One word a sentence, with a random vector. */
function noise(n: number, times: number, d = 8) {
	const draw = random(n);
	const texts = Array.from({ length: n }, (_, i) => `w${i}`);
	const rows = texts.map(() => Array.from({ length: d }, () => draw.normal()));
	const all = copied(texts, times).map((t, i) => spelled(t, i, n));
	return fakeActivations(all, (w) => rows[Number(w.slice(1))]);
}

test("howManyClusters: what it says of noise stays, to the digit, when every text is there six times", async () => {
	const how = { ks: [2, 3, 4], repeats: 5 };
	for (const of of [(a: ReturnType<typeof noise>) => a, fakeLatents]) {
		const alone = await howManyClusters(of(noise(40, 1)), how);
		const copies = await howManyClusters(of(noise(40, 6)), how);
		assert.deepEqual(copies.rows, alone.rows);
		assert.equal(copies.recommended, 1);
		assert.ok(copies.rows.every(({ stability }) => !(stability > 0.75)));
		assert.deepEqual(
			[copies.n_sentences, copies.copies, copies.n_units, copies.unit],
			[240, 200, 40, "text"],
		);
		assert.equal(alone.copies, 0);
	}
});

const draw = random(3);
const topics = ["sea wave", "law court", "oil paint"];
const texts = Array.from(
	{ length: 45 },
	(_, i) => `${topics[i % 3]} n${i} m${draw.int(9)}`,
);
const coin = texts.map(() => String(draw.int(2)));
const topic = texts.map((_, i) => topics[i % 3].slice(0, 3));
const vector = (word: string) => {
	const w = word.toLowerCase();
	return [
		...topics.map((words) => (words.split(" ").includes(w) ? 4 : 0)),
		w[0] === "n" ? Number(w.slice(1)) / 9 : 0,
		w[0] === "m" ? Number(w.slice(1)) : 0,
	];
};
const planted = (times: number) => {
	const all = copied(texts, times).map((t, i) => spelled(t, i, texts.length));
	const labels = { coin: copied(coin, times), topic: copied(topic, times) };
	return fakeActivations(all, vector, { labels });
};

for (const of of [(a: ReturnType<typeof planted>) => a, fakeLatents] as const)
	test(`cluster: silhouette, agreement, p-values and tokens of ${of(planted(1)).kind} are those of the texts, however often each is there`, async () => {
		const alone = await cluster(of(planted(1)), { k: 3 });
		const found = await cluster(of(planted(5)), { k: 3 });
		assert.deepEqual([found.copies, found.n_units, alone.copies], [180, 45, 0]);
		assert.deepEqual(found.sizes, [75, 75, 75]);
		const name = [0, 1, 2].map(
			(c) => alone.assignment[found.assignment.indexOf(c)],
		);
		assert.ok(Math.abs(found.silhouette - alone.silhouette) < 1e-6);
		assert.deepEqual(found.agreement, alone.agreement);
		assert.ok(found.agreement.topic.ari > 0.999);
		const p = (c: Clustering, names: number[]): Record<string, number> =>
			Object.fromEntries([
				...c.enrichment.map((e) => [
					`${e.label} ${e.class} ${names[e.cluster]}`,
					e.p_value,
				]),
				...c.marks.map((m) => [`${m.latent} ${names[m.cluster]}`, m.p_value]),
			]);
		const [own, other] = [p(found, name), p(alone, [0, 1, 2])];
		assert.deepEqual(Object.keys(own).sort(), Object.keys(other).sort());
		for (const [key, value] of Object.entries(own))
			assert.ok(Math.abs(value - other[key]) <= 1e-9 * other[key], key);
		for (const { cluster: c, token, score } of alone.tokens) {
			const same = found.tokens.find(
				(t) => name[t.cluster] === c && t.token.toLowerCase() === token,
			);
			if (/^[a-z]+$/.test(token))
				assert.ok(same, `${token} marks cluster ${c} (${score})`);
		}
	});

test("cluster: copies of one text are one of the exemplars and one of the farthest", async () => {
	const found = await cluster(planted(5), { k: 3 });
	for (const list of [found.exemplars, found.farthest]) {
		const seen = list.map(
			({ cluster, sentence }) => `${cluster} ${sentence % texts.length}`,
		);
		assert.equal(new Set(seen).size, 15);
	}
	// Of six texts one is there a hundred times: the five exemplars are five texts.
	const few = ["a b", "a c", "a d", "a e", "a f", "a g"];
	const many = fakeActivations([...new Array(100).fill("a b"), ...few], (w) => [
		3,
		"abcdefg".indexOf(w),
	]);
	const { exemplars, sentences } = await cluster(many, { k: 1 });
	const listed = exemplars.map((e) => sentences.text[e.sentence]);
	assert.equal(new Set(listed).size, 5);
	assert.equal(exemplars[0].sentence, 0);
});

/** Eight things in two clusters of four; the class is the cluster. */
const eight = (name: (i: number, copy: number) => string, times: number) => {
	const n = 8 * times;
	const text = Array.from({ length: n }, (_, i) =>
		name(i % 8, Math.floor(i / 8)),
	);
	const author = Array.from({ length: n }, (_, i) => `author ${i % 8}`);
	const side = Array.from({ length: n }, (_, i) => (i % 8 < 4 ? "l" : "r"));
	const of = (w: string) => [w[0] === "l" ? 2 : 0, w[0] === "r" ? 2 : 0];
	return fakeActivations(text, of, { labels: { author, side } });
};
const tea = (i: number, more: string) => `${i < 4 ? "l" : "r"}${i}${more}`;

test("the lady tasting tea eight cups, each poured ten times: p is 1 in 70, twice for two clusters", async () => {
	const { enrichment } = await cluster(
		eight((i) => tea(i, ""), 10),
		{ k: 2 },
	);
	const own = enrichment.filter((e) => e.label === "side" && e.inside === 1);
	assert.equal(own.length, 2);
	for (const { p_value, n } of own) {
		assert.ok(Math.abs(p_value - 2 / 70) < 1e-12, `${p_value}`);
		assert.equal(n, 40);
	}
});

test("with a group the same is true of ten different texts by each of eight authors; without, they are eighty witnesses", async () => {
	const acts = eight((i, copy) => tea(i, `x${copy}`), 10);
	const side = async (group?: string) => {
		const found = await cluster(acts, { k: 2, ...(group && { group }) });
		const row = found.enrichment.find((e) => e.label === "side" && e.lift > 1);
		return { ...found, p: row?.p_value as number };
	};
	const grouped = await side("author");
	assert.ok(Math.abs(grouped.p - 2 / 70) < 1e-12, `${grouped.p}`);
	assert.deepEqual(
		[grouped.unit, grouped.n_units, grouped.group, grouped.copies],
		["text and group", 8, "author", 0],
	);
	const alone = await side();
	assert.ok(alone.p < 1e-15);
	assert.deepEqual([alone.unit, alone.n_units], ["text", 80]);
	const group = acts.sentences.labels.author;
	const own = { ...acts, sentences: { ...acts.sentences, group } };
	const found = await cluster(own, { k: 2 });
	assert.deepEqual([found.unit, found.n_units], ["text and group", 8]);
	await assert.rejects(
		side("autor"),
		/group is "autor", and the sentences have no such label; near it are author/,
	);
});

test("a group that is shared out among clusters counts in parts, rounded so that p is not too small", async () => {
	// Each of four authors has a text in each cluster, and the class is the cluster: of four units none is whole.
	const text = Array.from({ length: 8 }, (_, i) => tea(i, ""));
	const author = text.map((_, i) => `author ${i % 4}`);
	const side = text.map((_, i) => (i < 4 ? "l" : "r"));
	const of = (w: string) => [w[0] === "l" ? 2 : 0, w[0] === "r" ? 2 : 0];
	const acts = fakeActivations(text, of, { labels: { author, side } });
	const { enrichment } = await cluster(acts, { k: 2, group: "author" });
	// Two units' worth inside, two marked, two hits of four: 1 in 6, twice for two clusters.
	const own = enrichment.find((e) => e.label === "side" && e.lift > 1);
	assert.ok(Math.abs((own?.p_value as number) - 2 / 6) < 1e-12);
});

test("groups: clusters that are an author each are stable among texts, and not when authors are drawn", async () => {
	// Nine authors write alike, three each in a way of their own.
	const own = random(17);
	const rows = Array.from({ length: 12 * 15 }, (_, i) =>
		[0, 1, 2].map((j) => (j === i % 12 ? 9 : 0) + 0.3 * own.normal()),
	);
	const acts = fakeActivations(
		rows.map((_, i) => `w${i}`),
		(w) => rows[Number(w.slice(1))],
		{ labels: { author: rows.map((_, i) => `a${i % 12}`) } },
	);
	const how = { ks: [2, 3, 4], repeats: 10 };
	const texts = await howManyClusters(acts, how);
	assert.equal(texts.recommended, 4);
	assert.equal(texts.rows[3].weakest, 1);
	const authors = await howManyClusters(acts, { ...how, group: "author" });
	assert.notEqual(authors.recommended, 4, authors.reason);
	assert.ok((authors.rows[3].weakest as number) < 0.75);
	assert.deepEqual(
		[authors.unit, authors.n_units, authors.group],
		["text and group", 12, "author"],
	);
	await assert.rejects(
		howManyClusters(acts, { ks: [7], group: "author" }),
		/only 12 groups are there to draw samples of/,
	);
});

test("a resample draws whole units, as many as there are", () => {
	const unit = Uint32Array.of(5, 5, 5, 9, 9, 2, 7);
	const identity = Uint32Array.from(unit.keys());
	for (const drawn of resamples({ unit, identity }, 20, 1, 3)) {
		assert.equal(new Set(drawn.slice(0, 3)).size, 1);
		assert.equal(drawn[3], drawn[4]);
		assert.equal(drawn[0] + drawn[3] + drawn[5] + drawn[6], 4);
	}
});

test("a cluster that a sample has none of was not found again in it", () => {
	const own = Uint32Array.of(0, 0, 1);
	const fits = [Int32Array.of(0, 0, 1), Int32Array.of(0, 0, -1)];
	assert.deepEqual(foundAgain(own, fits, 2), [1, 1 / 2]);
});

test("clusterLatents: a text that is there fifty times makes no latents co-active", async () => {
	const words = ["a", "b", "c", "d", "e", "f"];
	const base = ["a b", "a b c", "c d", "c d", "e f", "e f a", "d e", "b f"];
	const of = (more: string[]) =>
		fakeLatents(
			fakeActivations([...base, ...more], (w) =>
				words.map((own) => (own === w.toLowerCase() ? 1 : 0)),
			),
		);
	const how = { by: "coactivation", k: 3 } as const;
	const alone = await clusterLatents(of([]), how);
	const found = await clusterLatents(of(new Array(50).fill("D E")), how);
	assert.equal(alone.copies, 1); // "c d"
	assert.equal(found.copies, 51);
	const { copies: _a, seconds: _b, ...same } = alone;
	const { copies: _c, seconds: _d, ...other } = found;
	assert.deepEqual(other, same);
});

test("clusterLatents: latents of one direction are one in the samples, whatever their length", async () => {
	const directions = Array.from({ length: 40 }, () =>
		Array.from({ length: 6 }, () => draw.normal()),
	);
	const how = { k: 5, repeats: 6 };
	const alone = await clusterLatents(saeOf(directions), how);
	const copies = copied(directions, 6).map((row, i) =>
		row.map((v) => v * (1 + Math.floor(i / 40) / 3)),
	);
	const found = await clusterLatents(saeOf(copies), how);
	assert.equal(found.stability, alone.stability);
	assert.ok((found.stability as number) < 0.7);
	assert.equal(found.repeats, 6);
	assert.equal(found.n_candidates, 240);
});
