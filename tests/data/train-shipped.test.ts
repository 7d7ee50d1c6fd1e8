import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { AutoTokenizer, env } from "@huggingface/transformers";
import { encoder } from "../../data/training/bpe";
import { end, sizes } from "../../data/training/model-files";
import {
	type Evaluation,
	evaluateGpt2,
	targets,
} from "../../data/training/report";
import { readTokenizer } from "../../data/training/tokenizer-files";
import { loadSentences } from "../../src/dataset";
import { openSafetensors } from "../../src/formats/safetensors";
import { weightShapes } from "../../src/model/backward";

const folder = resolve(__dirname, "../../data/models/tiny-gpt2");
test("the model's weights have Hugging Face's names and shapes, and the head is tied", () => {
	const { tensors } = openSafetensors(join(folder, "model.safetensors"));
	assert.deepEqual(
		Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape])),
		weightShapes(sizes),
	);
	const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
	assert.equal(config.tie_word_embeddings, true);
	assert.deepEqual([config.bos_token_id, config.eos_token_id], [end, end]);
});

test("the tokenizer has 1000 ids, takes any text, and gives it back", async () => {
	env.allowRemoteModels = false;
	const tokenizer = await AutoTokenizer.from_pretrained(folder, {
		local_files_only: true,
	});
	const encode = encoder(readTokenizer(folder));
	const { text } = await loadSentences("bundled", { limit: 300 });
	for (const one of [...text, "Ünïcode 🙂 東京\n\t<b>&amp;</b> 3.14"]) {
		const ids = tokenizer.encode(one, { add_special_tokens: false });
		assert.deepEqual(encode(one), ids);
		assert.ok(ids.every((id) => id >= 0 && id < end));
		assert.equal(tokenizer.decode(ids), one);
	}
	assert.deepEqual(
		tokenizer.encode("<|endoftext|>", { add_special_tokens: false }),
		[end],
	);
});

test("the model comes within 5 % of the grammar's own loss and shows every behaviour on unseen combinations", async () => {
	const { text } = await loadSentences("bundled", { split: "test" });
	const measured = await evaluateGpt2(
		folder,
		text.slice(0, 300),
		new Set(text),
		{
			seed: 1,
			trigramTexts: 3000,
			items: 60,
		},
	);
	assert.ok(measured.ratio <= 1.05, `${measured.ratio}`);
	for (const { model } of measured.behaviours)
		assert.ok(
			model.accuracy >= targets[model.behaviour] - 0.05, // 60 choices: three may go wrong by chance
			`${model.behaviour}: ${model.accuracy}`,
		);
});

test("the numbers of the card meet their targets, and the trigram model's do not", () => {
	const { ratio, behaviours } = JSON.parse(
		readFileSync(join(folder, "evaluation.json"), "utf8"),
	) as Evaluation;
	assert.ok(ratio <= 1.05, `${ratio}`);
	for (const { model, trigram } of behaviours) {
		const { behaviour, chance } = model;
		assert.ok(model.items >= 500);
		assert.ok(
			model.accuracy >= targets[behaviour],
			`${behaviour}: ${model.accuracy}`,
		);
		const most = behaviour === "copying" ? chance + 0.05 : 0.6;
		assert.ok(
			trigram.accuracy <= most,
			`trigram, ${behaviour}: ${trigram.accuracy}`,
		);
	}
});

test("a bundled text takes 15 to 40 tokens on average", async () => {
	const encode = encoder(readTokenizer(folder));
	const { text } = await loadSentences("bundled");
	const tokens = text.reduce((n, one) => n + encode(one).length, 0);
	const mean = tokens / text.length;
	assert.ok(mean >= 15 && mean <= 40, `${mean}`);
});
