import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadModel, type Model } from "../../src/model";
import { fixture } from "../fixtures";

const folder = fixture("reference/gpt2_small_transformer_explainer");

/** Real GPT-2 small from the Hugging Face cache, under either of its names. */
async function realGpt2(): Promise<Model | undefined> {
	for (const id of ["openai-community/gpt2", "gpt2"]) {
		try {
			return await loadModel(id);
		} catch {}
	}
	return undefined;
}

test("real GPT-2 small gives the published logits, read in place from the fixtures", async (t) => {
	const model = await realGpt2();
	if (!model || !folder)
		return t.skip("real GPT-2 is not in the Hugging Face cache");
	const examples: { file: string; prompt: string; tokenIds: number[] }[] =
		JSON.parse(readFileSync(`${folder}/index.json`, "utf8"));
	for (const { file, prompt, tokenIds } of examples) {
		const tokens = model.toTokens(prompt, { prepend_bos: false });
		assert.deepEqual([...tokens.ids], tokenIds);
		const { logits } = await model.run(model.batch([tokens]));
		const bytes = readFileSync(`${folder}/${file}.last_logits.f32`);
		const expected = new Float32Array(new Uint8Array(bytes).buffer);
		const last = logits?.data.subarray(-expected.length) ?? [];
		const worst = expected.reduce(
			(most, value, i) => Math.max(most, Math.abs(value - last[i])),
			0,
		);
		assert.ok(worst < 0.02, `${prompt}: ${worst}`);
	}
	await model.dispose();
});
