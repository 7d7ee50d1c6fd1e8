// The GPT-2 tokenizer is read in place, beside the checkout; where it is absent, its tests are skipped.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadModel } from "../../src/model";
import { characterSpans, loadTokenizer } from "../../src/model/tokenizer";
import { absent, fixture } from "../fixtures";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
after(remove);

const gpt2 = { skip: absent("tokenizer/gpt2") };
const loadGpt2 = async () => {
	const tokenizer = await loadTokenizer(fixture("tokenizer/gpt2") ?? "");
	assert.ok(tokenizer);
	return tokenizer;
};

test("GPT-2's tokenizer gives the ids published for a text", gpt2, async () => {
	const file = fixture("tokenizer/gpt2_encoded_tokens.json") ?? "";
	const expected = JSON.parse(readFileSync(file, "utf8"));
	const tokenizer = await loadGpt2();
	const { ids } = tokenizer.encode(expected.text);
	assert.deepEqual(ids, expected.token_ids);
	assert.equal(tokenizer.decode(...ids), expected.text);
});

test(
	"spans cover the text without gaps, and their characters are the tokens'",
	gpt2,
	async () => {
		const file = fixture("tokenizer/gpt2_encoded_tokens.json") ?? "";
		const texts = [
			JSON.parse(readFileSync(file, "utf8")).text as string,
			"naïve café 🐈‍⬛ 👩‍👩‍👧 日本語 \n\ttabs  and   spaces ",
			"’quotes’ — “dashes” … 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
		];
		const tokenizer = await loadGpt2();
		for (const text of texts) {
			const { ids, start, end } = tokenizer.encode(text);
			let covered = 0;
			for (const [i, id] of ids.entries()) {
				assert.ok(start[i] <= covered && end[i] >= covered, "a gap");
				assert.ok(end[i] > start[i]);
				covered = end[i];
				const decoded = tokenizer.decode(id);
				if (!decoded.includes("\ufffd"))
					assert.equal(text.slice(start[i], end[i]), decoded);
			}
			assert.equal(covered, text.length);
		}
	},
);

test("tokens that share an emoji all cover it whole", gpt2, async () => {
	const tokenizer = await loadGpt2();
	const { ids, start, end } = tokenizer.encode("a 🐈!");
	assert.ok(ids.length > 3);
	const spans = ids.map((_, i) => "a 🐈!".slice(start[i], end[i]));
	assert.equal(spans[0], "a");
	assert.ok(spans.slice(1, -1).every((span) => span.trim() === "🐈"));
	assert.equal(spans[spans.length - 1], "!");
});

test("<|endoftext|> typed in a text is the special token", gpt2, async () => {
	const tokenizer = await loadGpt2();
	const { ids, start, end, special } = tokenizer.encode("a<|endoftext|>b");
	assert.deepEqual(ids, [64, 50256, 65]);
	assert.deepEqual(special, [false, true, false]);
	assert.deepEqual(start, [0, 1, 14]);
	assert.deepEqual(end, [1, 14, 15]);
	assert.equal(tokenizer.bos_token_id, 50256);
});

test("spans of characters of one to four bytes are right, worked by hand", () => {
	// a: 1 byte; é: 2; €: 3; 😀: 4 bytes and 2 UTF-16 units
	assert.deepEqual(characterSpans("aé€😀", [1, 1, 1, 2, 2, 3]), {
		start: [0, 1, 1, 2, 2, 3],
		end: [1, 2, 2, 3, 5, 5],
	});
	assert.deepEqual(characterSpans("", []), { start: [], end: [] });
	assert.throws(() => characterSpans("ab", [1]), /changes the text "ab"/);
});

test("BOS stands in front by default and is special", async () => {
	const model = await loadModel(writeRandomGpt2(join(folder, "bos")));
	const tokens = model.toTokens("hé");
	assert.deepEqual([...tokens.ids], [256, 104, 195, 169]);
	assert.deepEqual([...tokens.start], [0, 0, 1, 1]);
	assert.deepEqual([...tokens.end], [0, 1, 2, 2]);
	assert.deepEqual([...tokens.special], [1, 0, 0, 0]);
	assert.equal(tokens.cut, 0);
	const without = model.toTokens("hé", { prepend_bos: false });
	assert.deepEqual([...without.ids], [104, 195, 169]);
	assert.deepEqual(model.toStrTokens("hi"), ["<|endoftext|>", "h", "i"]);
	await model.dispose();
});

test("a text longer than the context is cut, and the cut is counted", async () => {
	const model = await loadModel(writeRandomGpt2(join(folder, "cut")));
	const tokens = model.toTokens("x".repeat(40));
	assert.equal(tokens.ids.length, 32);
	assert.equal(tokens.cut, 9);
	assert.equal(tokens.end[31], 31);
	assert.equal(model.toTokens("x".repeat(31)).cut, 0);
	await model.dispose();
});

test("a model without BOS gets none, and refuses one that is asked for", async () => {
	const path = writeRandomGpt2(join(folder, "none"), { bos_token_id: null });
	writeFileSync(join(path, "tokenizer_config.json"), "{}");
	const model = await loadModel(path);
	assert.equal(model.info.bos_token_id, null);
	assert.deepEqual([...model.toTokens("a").ids], [97]);
	assert.throws(
		() => model.toTokens("a", { prepend_bos: true }),
		/has no BOS token/,
	);
	await model.dispose();
});
