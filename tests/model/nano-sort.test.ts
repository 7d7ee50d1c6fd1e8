// The fixture is read in place, beside the checkout, and never copied; where it is absent, these tests are skipped.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type HookName, loadModel } from "../../src/model";
import { absent, fixture } from "../fixtures";
import { largestDifference } from "../numbers";
import { forward, type ReferenceConfig, tensorsOf } from "../reference-gpt2";

interface Reference {
	sequences: {
		ids: number[];
		mean_next_token_loss: number;
		argmax: number[];
		hidden_states_embeddings_then_each_block_pre_lnf: number[][][];
		after_ln_f: number[][];
		last_logits: number[];
	}[];
}

const name = "models/nano-sort";
const folder = fixture(name) ?? "";
const reference = (): Reference =>
	JSON.parse(readFileSync(join(folder, "reference.json"), "utf8"));
const ofLayers: HookName[] = [
	"blocks.0.hook_resid_pre",
	"blocks.0.hook_resid_post",
	"blocks.1.hook_resid_post",
	"blocks.2.hook_resid_post",
];

function near(actual: ArrayLike<number>, expected: number[], what: string) {
	assert.equal(actual.length, expected.length, what);
	for (const [i, value] of expected.entries())
		assert.ok(
			Math.abs(actual[i] - value) <= 1e-5,
			`${what}: ${actual[i]} where ${value} was expected`,
		);
}

test("a trained GPT-2 from elsewhere gives its reference's hidden states, norm and logits within 1e-5", {
	skip: absent(name),
}, async () => {
	const model = await loadModel(folder);
	for (const expected of reference().sequences) {
		const { cache, logits } = await model.run(
			model.batch([Int32Array.from(expected.ids)]),
			{ hooks: [...ofLayers, "ln_final.hook_out"], logits: true },
		);
		const states = expected.hidden_states_embeddings_then_each_block_pre_lnf;
		for (const [layer, hook] of ofLayers.entries())
			near(cache[hook].data, states[layer].flat(), hook);
		near(cache["ln_final.hook_out"].data, expected.after_ln_f.flat(), "ln_f");
		assert.ok(logits);
		near(logits.data.subarray(-3), expected.last_logits, "logits");
		for (const [position, best] of expected.argmax.entries()) {
			const row = logits.data.subarray(3 * position, 3 * position + 3);
			assert.equal(row.indexOf(Math.max(...row)), best);
		}
	}
	await model.dispose();
});

test("a plain loop in float64 equals its reference to all seven decimals, and every hook equals that loop within 1e-5", {
	skip: absent(name),
}, async () => {
	const config: ReferenceConfig = {
		layer_norm_epsilon: 1e-5,
		...JSON.parse(readFileSync(join(folder, "config.json"), "utf8")),
	};
	const model = await loadModel(folder);
	for (const expected of reference().sequences) {
		const loop = forward(config, expected.ids, tensorsOf(folder));
		const states = expected.hidden_states_embeddings_then_each_block_pre_lnf;
		for (const [layer, hook] of ofLayers.entries())
			assert.ok(largestDifference(loop[hook], states[layer].flat()) < 5.1e-8);
		assert.ok(
			largestDifference(loop.logits.slice(-3), expected.last_logits) < 5.1e-8,
		);
		const { cache, logits } = await model.runWithCache(
			model.batch([Int32Array.from(expected.ids)]),
		);
		for (const hook of model.hook_names)
			assert.ok(largestDifference(cache[hook].data, loop[hook]) < 1e-5, hook);
		assert.ok(largestDifference(logits?.data ?? [], loop.logits) < 1e-5);
	}
	await model.dispose();
});

test("its mean loss equals the reference's, alone and side by side", {
	skip: absent(name),
}, async () => {
	const model = await loadModel(folder);
	const { sequences } = reference();
	const { data, dims } = await model.loss(
		model.batch(sequences.map(({ ids }) => Int32Array.from(ids))),
	);
	for (const [i, { mean_next_token_loss }] of sequences.entries()) {
		const row = data.subarray(i * dims[1], (i + 1) * dims[1]);
		const mean = row.reduce((a, b) => a + b, 0) / row.length;
		near([mean], [mean_next_token_loss], "loss");
	}
	await model.dispose();
});

test("a folder without a tokenizer runs on ids and says so for text", {
	skip: absent(name),
}, async () => {
	const model = await loadModel(folder);
	assert.throws(() => model.toTokens("ABC"), /no tokenizer\.json/);
	await assert.rejects(model.run("ABC"), /token ids through model\.batch/);
	await model.dispose();
});
