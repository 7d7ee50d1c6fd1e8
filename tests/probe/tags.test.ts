import assert from "node:assert/strict";
import { test } from "node:test";
import { probeTags } from "../../src/probe";
import { scoreTags } from "../../src/probe/tags";
import { random } from "../../src/random";
import { fakeActivations, fakeLatents } from "../fake-activations";

const draw = random(9);
const plan = Array.from({ length: 240 }, () => ({
	sea: draw.int(2),
	law: draw.int(3) === 0,
	luck: draw.int(2),
}));
const text = plan.map(
	({ sea, law }, i) => `${sea ? "sea" : "dry"} ${law ? "law" : "art"} u${i}`,
);
const tags = plan.map(({ sea, law, luck }, i) =>
	[sea && "sea", law && " law", luck && "luck", i === 3 && "once"]
		.filter(Boolean)
		.join(";"),
);
const vector = (w: string) => [
	w === "sea" ? 2 : 0,
	w === "law" ? 2 : 0,
	w === "the" ? 1 : 0.1,
];
const acts = fakeActivations(text, vector, { labels: { tags } });
const latents = fakeLatents(acts);

test("tags that the rows show are read, one that they do not is not, and one with a single sentence is left out", async () => {
	const found = await probeTags(latents, { label: "tags" });
	assert.deepEqual(found.tags, ["law", "luck", "sea"]);
	const of = (tag: string) => found.scores.find((s) => s.tag === tag);
	for (const tag of ["law", "sea"]) {
		assert.equal(of(tag)?.latents?.accuracy, 1);
		assert.equal(of(tag)?.activations.accuracy, 1);
		assert.equal(of(tag)?.bag_of_words.accuracy, 1);
		assert.ok((of(tag)?.majority.accuracy as number) < 1);
	}
	assert.ok((of("luck")?.latents?.accuracy as number) < 0.85);
	assert.match(found.notes.join(" "), /Left out[^:]*: once\./);
	assert.ok((found.overall.latents?.micro_f1 as number) > 0.7);
});

test("F1 of all tags and of each, and the share of sentences that are all right, by hand", () => {
	// Tag 1: found in one of two, said once too often; tag 2: found.
	const truth = [Uint32Array.of(1, 1, 0), Uint32Array.of(0, 1, 0)];
	const said = [Uint32Array.of(1, 0, 1), Uint32Array.of(0, 1, 0)];
	const { micro_f1, macro_f1, exact_match } = scoreTags(
		...([truth, said, [0, 1, 2], 0] as const),
	);
	assert.ok(Math.abs(micro_f1 - 4 / 6) < 1e-12);
	assert.ok(Math.abs(macro_f1 - (1 / 2 + 1) / 2) < 1e-12);
	assert.ok(Math.abs(exact_match - 1 / 3) < 1e-12);
});

test("tags that hold a comma or a bar are named, with the option that separates by it", async () => {
	const mixed = [
		"joy, anger",
		"anger",
		"joy,anger ",
		"",
		"joy|anger",
		"joy;anger",
	];
	const own = fakeActivations(text, vector, {
		labels: {
			mixed: text.map((_, i) => mixed[i % 6]),
			places: text.map(
				(_, i) => ["Paris, France", "Rome, Italy", "sea"][i % 3],
			),
		},
	});
	const { notes } = await probeTags(own, { label: "mixed" });
	assert.match(notes.join("\n"), /holds ",": .* separator: ","/);
	assert.match(
		notes.join("\n"),
		/The tag "joy\|anger" of "mixed" holds "\|": .* separator: "\|"/,
	);
	const places = await probeTags(own, { label: "places" });
	assert.doesNotMatch(places.notes.join(), /holds/); // no part of one comes again
});

test("columns without tags, of identifiers, and an empty separator are refused", async () => {
	const odd = fakeActivations(text, vector, {
		labels: { none: text.map(() => ""), id: text.map((_, i) => `x${i}`) },
	});
	await assert.rejects(
		probeTags(odd, { label: "none" }),
		/No sentence has a tag/,
	);
	await assert.rejects(
		probeTags(odd, { label: "id" }),
		/240 different tags in 240 sentences, as a column of identifiers has/,
	);
	await assert.rejects(
		probeTags(acts, { label: "tags", separator: "" }),
		/separator is ""/,
	);
});
