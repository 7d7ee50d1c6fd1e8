import assert from "node:assert/strict";
import { test } from "node:test";
import { assignSentences, cluster, howManyClusters } from "../../src/cluster";
import { type ResultRecord, recordHtml } from "../../src/notebook/records";
import { fakeActivations, fakeLatents } from "../fake-activations";

/** Sentences that fire latent 0 or 1, with another of four; the last three fire none. */
const loud = Array.from(
	{ length: 20 },
	(_, i) => `${i % 2 ? "sea" : "law"}${i} w${i % 4}`,
);
const vector = (w: string) => [
	w.startsWith("sea") ? 2 : 0,
	w.startsWith("law") ? 2 : 0,
	...[0, 1, 2, 3].map((i) => (w === `w${i}` ? 1 : 0)),
];
const shown = (record: unknown) => recordHtml(record as ResultRecord).text;
const of = (text: string[]) => fakeLatents(fakeActivations(text, vector));
const source = of([...loud, "mute", "dumb", "still", "still"]);

for (const metric of ["euclidean", "spherical"] as const)
	test(`${metric}: sentences in which no latent fires are counted and told, and stand for no cluster`, async () => {
		const found = await cluster(source, { k: 2, metric });
		assert.equal(found.silent, 4);
		assert.equal(found.assignment.length, 24);
		for (const { sentence, distance } of [
			...found.exemplars,
			...found.farthest,
		]) {
			assert.ok(sentence < 20);
			assert.ok(Number.isFinite(distance));
		}
		assert.match(
			shown(found),
			/copies of another's text among them: 1; in which no latent fires, .*: 4/,
		);
		const all = await cluster(of(loud), { k: 2, metric });
		assert.equal(all.silent, 0);
		assert.doesNotMatch(shown(all), /no latent fires/);
	});

test("a cluster of such sentences alone has no exemplar, and is shown with none", async () => {
	const text = ["sea1 x", "sea2 x", "sea3 x", "m1", "m2", "m3"];
	const found = await cluster(of(text), { k: 2 });
	assert.equal(found.silent, 3);
	const mute = found.assignment[3];
	assert.notEqual(mute, found.assignment[0]);
	assert.deepEqual(
		found.exemplars.filter((e) => e.cluster === mute),
		[],
	);
	assert.match(shown(found), /no latent fires/);
});

test("howManyClusters and assignSentences count them too", async () => {
	const counts = await howManyClusters(source, { ks: [2], repeats: 3 });
	assert.deepEqual([counts.silent, counts.copies], [4, 1]);
	assert.match(shown(counts), /no latent fires, .*: 4/);
	const clustering = await cluster(of(loud), { k: 2 });
	const found = await assignSentences(
		clustering,
		of(["sea9 w1", "other", "law7 w2"]),
	);
	assert.equal(found.silent, 1);
	assert.match(shown(found), /no latent fires, .*: 1/);
});
