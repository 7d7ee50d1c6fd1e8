import assert from "node:assert/strict";
import { test } from "node:test";
import { loadSentences } from "../../src/dataset";

test("the bundled sentences have their factors as labels, a place in the text and a split", async () => {
	const { text, labels, offsets, split, notes } =
		await loadSentences("bundled");
	assert.ok(text.length >= 12000);
	for (const factor of [
		"topic",
		"sentiment",
		"tense",
		"number",
		"pronoun",
		"repeats",
		"quoted",
	])
		assert.ok(new Set(labels[factor]).size >= 2, factor);
	assert.ok(!("id" in labels) && !("text" in labels) && !("split" in labels));
	assert.equal(notes, undefined);
	assert.equal(offsets.prefix_end.length, text.length);
	assert.deepEqual([...new Set(split)].sort(), ["test", "train", "validation"]);
});
