import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { extract } from "../../src/activations";
import { loadSentences } from "../../src/dataset";
import { loadModel, type Model } from "../../src/model";

let model: Model;
before(async () => {
	model = await loadModel("tiny-gpt2");
});
after(() => model?.dispose());

test("the bundled model is as its card says", () => {
	const { n_layers, d_model, n_heads, n_ctx, d_vocab, activation_function } =
		model.info;
	assert.deepEqual(
		{ n_layers, d_model, n_heads, n_ctx, activation_function },
		{
			n_layers: 6,
			d_model: 128,
			n_heads: 4,
			n_ctx: 128,
			activation_function: "gelu_new",
		},
	);
	assert.equal(model.info.bos_token_id, d_vocab - 1);
	assert.equal(model.info.eos_token_id, d_vocab - 1);
	assert.deepEqual(model.toStrTokens(""), ["<|endoftext|>"]);
});

test("any text can be typed in, and its tokens are the text", () => {
	for (const text of ["Hello, world!", "naïve 日本 🐈\t\n\u0000", "ÀÿĀ ‰"]) {
		const { ids, start, end } = model.toTokens(text, { prepend_bos: false });
		assert.ok(ids.every((id) => id < model.info.d_vocab - 1));
		assert.equal(start[0], 0);
		assert.equal(end[end.length - 1], text.length);
	}
});

test("it predicts the bundled sentences far better than chance", async () => {
	const sentences = await loadSentences("bundled", {
		split: "test",
		limit: 50,
	});
	const { data } = await model.loss(sentences.text);
	const nats = data.filter((x) => x > 0);
	const mean = nats.reduce((a, b) => a + b, 0) / nats.length;
	assert.ok(mean < 0.5 * Math.log(model.info.d_vocab), `${mean} nats a token`);
});

test("its hidden states are extracted for every token of a bundled sentence", async () => {
	const sentences = await loadSentences("bundled", { limit: 20 });
	const acts = await extract(model, sentences, {
		hook_name: "blocks.5.hook_resid_post",
	});
	assert.equal(acts.d_in, 128);
	const tokens = sentences.text.map((text) => model.toTokens(text).ids.length);
	assert.equal(
		acts.n_tokens,
		tokens.reduce((a, b) => a + b - 1, 0),
	);
});
