import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { extract, openActivations, poolHooks } from "../../src/activations";
import { sentencesOf } from "../../src/dataset";
import { loadModel, type Model } from "../../src/model";
import { activationsView } from "../../src/notebook/views/activations";
import { evaluate, trainSae } from "../../src/sae";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
let words: Model;
let silent: Model;
let letters: Model;
before(async () => {
	words = await loadModel(writeRandomGpt2(join(folder, "words")));
	silent = await loadModel(
		writeRandomGpt2(join(folder, "silent"), { tokenizer: false }),
	);
	const path = writeRandomGpt2(join(folder, "letters"));
	const file = join(path, "tokenizer.json");
	const tokenizer = JSON.parse(readFileSync(file, "utf8"));
	const { vocab } = tokenizer.model;
	for (const digit of "0123456789") {
		vocab[`unused${digit}`] = vocab[digit];
		delete vocab[digit];
	}
	writeFileSync(file, JSON.stringify(tokenizer));
	letters = await loadModel(path);
});
after(async () => {
	for (const model of [words, silent, letters]) await model.dispose();
	remove();
});

const hook_name = "blocks.1.hook_resid_post" as const;
const texts = ["hello there", "hi", "x".repeat(70)];
const idsOf = (prepend_bos: boolean) =>
	texts.map(
		(text) => words.toTokens(text, { prepend_bos, truncate: false }).ids,
	);

test("token ids give the activations of their texts, with BOS in front or without, in memory and in a folder", async () => {
	const of = await extract(words, texts, { hook_name });
	for (const [i, ids] of [
		idsOf(false),
		idsOf(true),
		idsOf(false).map((a) => [...a]),
	].entries()) {
		const acts = await extract(silent, ids, { hook_name });
		assert.deepEqual(acts.data, of.data);
		assert.deepEqual(acts.rows.token, of.rows.token);
		assert.deepEqual(acts.rows.position, of.rows.position);
		const to = join(folder, `store ${i}`);
		const kept = await extract(silent, ids, { hook_name, to });
		assert.deepEqual(kept.sentences, acts.sentences);
		assert.deepEqual(
			(await openActivations(to)).sentences.token_ids,
			acts.sentences.token_ids,
		);
	}
	const bare = await extract(words, texts, { hook_name, prepend_bos: false });
	const same = await extract(silent, idsOf(false), {
		hook_name,
		prepend_bos: false,
	});
	assert.deepEqual(same.data, bare.data);
	const packed = { hook_name, context_size: 20 };
	assert.deepEqual(
		(await extract(silent, idsOf(false), packed)).data,
		(await extract(words, texts, packed)).data,
	);
});

test("the texts of token ids are the ids, and each row's place is its own", async () => {
	const { sentences, rows } = await extract(
		silent,
		[[104, 105], Uint32Array.of(7, 200)],
		{ hook_name },
	);
	assert.deepEqual(sentences.text, ["104 105", "7 200"]);
	const shown = Array.from(rows.sentence, (s, i) =>
		sentences.text[s].slice(rows.start[i], rows.end[i]),
	);
	assert.deepEqual(shown, ["104", "105", "7", "200"]);
});

test("a model without a tokenizer can be used to the end", async () => {
	const acts = await extract(silent, idsOf(false), { hook_name });
	const sae = await trainSae(acts, {
		...{ architecture: "topk", d_sae: 24, k: 4, training_tokens: 640 },
		train_batch_size_tokens: 32,
	});
	const latents = await sae.encode(acts);
	assert.equal(latents.warnings, undefined);
	const measured = await evaluate(sae, silent, acts.sentences);
	assert.equal(measured.n_tokens, acts.n_tokens);
	const [pooled] = await poolHooks(silent, idsOf(false), {
		hook_names: [hook_name],
	});
	assert.equal(pooled.rows, 3);
});

test("an SAE is measured on every token that extract gives of texts longer than the context", async () => {
	for (const options of [{}, { context_size: 16 }, { prepend_bos: false }]) {
		const acts = await extract(words, texts, { hook_name, ...options });
		const sae = await trainSae(acts, {
			...{ architecture: "topk", d_sae: 24, k: 4, training_tokens: 640 },
			train_batch_size_tokens: 32,
		});
		const measured = await evaluate(sae, words, sentencesOf(texts));
		assert.equal(acts.n_tokens, 11 + 2 + 70);
		assert.equal(measured.n_tokens, acts.n_tokens);
	}
});

test("ids that are none, empty lists and mixtures are refused in a sentence", async () => {
	for (const [given, why] of [
		[
			[[1, 257]],
			/no token 257 in "silent" \(text 0, position 1\): its ids are 0 to 256/,
		],
		[[[1], [-1]], /no token -1 .*text 1, position 0/],
		[[[1.5]], /no token 1\.5/],
		[[[1], []], /list of text 1 is empty/],
		[[[1], 7 as never], /Of text 1 7 was given, where a list of token ids/],
		[["a", [1]] as never, /number 0 is a text and others are token ids/],
	] as [number[][], RegExp][])
		await assert.rejects(extract(silent, given, { hook_name }), why);
	await assert.rejects(
		extract(silent, ["a"], { hook_name }),
		/no tokenizer\.json.*extract as lists/,
	);
});

test("a character without a token is named, with its row", async () => {
	assert.throws(
		() => letters.toTokens("cost 7 e"),
		/no token for the character "7" \(U\+0037\), which is character 5 of the text/,
	);
	await assert.rejects(
		extract(letters, ["plain", "cost 7 e"], { hook_name }),
		/^Error: Sentence 1: .*"7" .*skip_untokenizable: true/,
	);
	await assert.rejects(letters.run(["plain", "cost 7 e"]), /character "7"/);
});

test("rows with such characters are left out and counted, in memory and in a folder", async () => {
	const label = { k: ["a", "b", "c"] };
	const given = {
		...sentencesOf(["plain", "cost 7 e", "more"]),
		labels: label,
	};
	const how = { hook_name, skip_untokenizable: true };
	const acts = await extract(letters, given, how);
	assert.equal(acts.skipped, 1);
	assert.deepEqual(acts.sentences.text, ["plain", "more"]);
	assert.deepEqual(acts.sentences.labels, { k: ["a", "c"] });
	assert.match(activationsView(acts).text, /left out.* 1/);
	const to = join(folder, "skipping");
	assert.equal((await extract(letters, given, { ...how, to })).skipped, 1);
	assert.equal((await openActivations(to)).skipped, 1);
	assert.equal((await extract(letters, ["plain"], how)).skipped, undefined);
	await assert.rejects(extract(letters, ["7", "8"], how), /character "8"/);
});
