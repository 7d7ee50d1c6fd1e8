import assert from "node:assert/strict";
import { test } from "node:test";
import { bagOfWordsAccuracy, wordsOf } from "../../data/bag-of-words";

test("words are lower case and marks are left out", () => {
	assert.deepEqual(wordsOf('"No," said Zoë.'), ["no", "said", "zoë"]);
	assert.deepEqual(wordsOf(" ... "), []);
});

test("one telling word is enough, and a word never seen does no harm", () => {
	const train = {
		text: ["good day", "good night", "bad day", "bad night"],
		label: ["yes", "yes", "no", "no"],
	};
	const test = { text: ["a good dog", "a bad dog"], label: ["yes", "no"] };
	assert.equal(bagOfWordsAccuracy(train, test), 1);
});

test("an exclusive or of two words cannot be learned from their counts", () => {
	const text = ["good", "bad", "not good", "not bad"];
	const split = { text, label: ["yes", "no", "no", "yes"] };
	assert.ok(bagOfWordsAccuracy(split, split) <= 0.75);
});

test("three classes are told apart", () => {
	const split = { text: ["soup", "song", "rose"], label: ["a", "b", "c"] };
	assert.equal(bagOfWordsAccuracy(split, split), 1);
});
