import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadModel } from "../../src/model";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";
import { ask, transformerLens } from "./python";

const { folder, remove } = temporaryFolder();
after(remove);

const script = `
import torch
from transformers import GPT2LMHeadModel
model = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32).eval()
with torch.no_grad(): result = model(torch.tensor([ids])).logits.flatten().tolist()
`;

test("a head of its own where config.json says tied: transformers and we take the file's", {
	skip: transformerLens.skip,
}, async () => {
	writeRandomGpt2(folder, { tie_word_embeddings: false });
	const file = join(folder, "config.json");
	const config = JSON.parse(readFileSync(file, "utf8"));
	writeFileSync(file, JSON.stringify({ ...config, tie_word_embeddings: true }));
	const ids = [256, 84, 104, 101];
	const theirs = ask<number[]>(transformerLens, script, { folder, ids });
	const model = await loadModel(folder);
	const { logits } = await model.run(model.batch([ids]));
	assert.equal(theirs.length, logits?.data.length);
	for (const [i, value] of theirs.entries())
		assert.ok(Math.abs(value - (logits?.data[i] ?? 0)) < 2e-5);
	await model.dispose();
});
