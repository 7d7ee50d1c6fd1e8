import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { AutoTokenizer, env } from "@huggingface/transformers";
import { encoder, endOfText, trainBpe } from "../../data/training/bpe";
import {
	readTokenizer,
	writeTokenizer,
} from "../../data/training/tokenizer-files";

const texts = [
	"the cat and the hat",
	"the cat sat on the mat, and the rat sat on the cat",
	'"Then that is that," said the cat.',
];
const folder = mkdtempSync(join(tmpdir(), "sparselens-"));
after(() => rmSync(folder, { recursive: true }));

test("the most frequent words are tokens whole, and the end token has the last id", () => {
	const bpe = trainBpe(["abab abab ab"], 261);
	assert.equal(Object.keys(bpe.vocab).length, 261);
	assert.equal(bpe.vocab[endOfText], 260);
	assert.deepEqual(encoder(bpe)("abab abab ab"), [256, 258, 257]);
});

test("texts too poor for the vocabulary asked for are refused", () => {
	assert.throws(() => trainBpe(["aa"], 300), /give only \d+ tokens of the 300/);
});

test("transformers.js reads the tokenizer, agrees with the fast encoder, and loses no text", async () => {
	const bpe = trainBpe(texts, 280);
	writeTokenizer(folder, bpe, 128);
	assert.deepEqual(readTokenizer(folder), bpe);
	env.allowRemoteModels = false;
	const tokenizer = await AutoTokenizer.from_pretrained(folder, {
		local_files_only: true,
	});
	const encode = encoder(bpe);
	const any = [
		...texts,
		"naïve café — 東京 🙂👩‍👩‍👧 \u0000\u007f\ufffd",
		"  two  spaces\n\n\tand a tab, it's 1984's end ",
	];
	for (const text of any) {
		const theirs = tokenizer.encode(text, { add_special_tokens: false });
		assert.deepEqual(encode(text), theirs);
		assert.equal(tokenizer.decode(theirs), text);
	}
	assert.deepEqual(
		tokenizer.encode(endOfText, { add_special_tokens: false }),
		[279],
	);
	assert.equal(tokenizer.unk_token_id ?? -1, -1);
});
