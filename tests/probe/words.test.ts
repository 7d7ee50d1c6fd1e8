import assert from "node:assert/strict";
import { test } from "node:test";
import { bagOfWords, words } from "../../src/probe/words";

test("words are lower-cased runs of letters and digits, apostrophes kept inside", () => {
	assert.deepEqual(words(`"Don't," said Zoë, 'wait 10 min.'`), [
		"don't",
		"said",
		"zoë",
		"wait",
		"10",
		"min",
	]);
	assert.deepEqual(words(" … "), []);
});

test("counts are kept only of words that the vocabulary texts have", () => {
	const bag = bagOfWords(["a b a", "c b", "b d a"], [0, 1]);
	assert.equal(bag.columns, 3);
	assert.deepEqual([...bag.indptr], [0, 2, 4, 6]);
	assert.deepEqual([...bag.indices], [0, 1, 1, 2, 0, 1]);
	assert.deepEqual([...bag.values], [2, 1, 1, 1, 1, 1]);
});
