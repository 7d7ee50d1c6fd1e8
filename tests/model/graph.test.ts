import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { type HookName, loadModel } from "../../src/model";
import { readConfig } from "../../src/model/config";
import { buildStream } from "../../src/model/graph";
import { openWeights } from "../../src/model/weights";
import { halve } from "../half";
import { largestDifference } from "../numbers";
import { forward, tensorsOf } from "../reference-gpt2";
import { smallConfig, temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
after(remove);

const ids = Int32Array.of(256, 3, 200, 17, 17, 90, 4);

for (const [name, overrides] of Object.entries({
	"a tied head": {},
	"an untied head": { tie_word_embeddings: false },
	"a head with a bias": { tie_word_embeddings: false, head_bias: true },
	"attention scaled by the layer's number, not by the head's width": {
		scale_attn_by_inverse_layer_idx: true,
		scale_attn_weights: false,
	},
	"reordered and upcast attention, the same in exact arithmetic": {
		reorder_and_upcast_attn: true,
	},
	"the exact gelu": { activation_function: "gelu" },
	"relu and an inner width of 40": { activation_function: "relu", n_inner: 40 },
	"names without prefix": { prefix: "" },
}))
	test(`every hook and the logits equal a plain forward pass with ${name}`, async () => {
		const path = writeRandomGpt2(join(folder, name), { ...overrides, seed: 3 });
		const model = await loadModel(path);
		const { cache, logits } = await model.runWithCache(model.batch([ids]));
		const expected = forward(
			{ ...smallConfig, ...overrides },
			ids,
			tensorsOf(path),
		);
		assert.deepEqual(Object.keys(cache), [...model.hook_names]);
		for (const hook of model.hook_names)
			assert.ok(
				largestDifference(cache[hook].data, expected[hook]) < 1e-4,
				hook,
			);
		assert.ok(logits);
		assert.deepEqual(logits.dims, [1, ids.length, model.info.d_vocab]);
		assert.ok(largestDifference(logits.data, expected.logits) < 1e-4);
		await model.dispose();
	});

test("the hooks have the shapes that their names promise", async () => {
	const model = await loadModel(writeRandomGpt2(join(folder, "shapes")));
	const { cache } = await model.runWithCache(
		model.batch([ids, ids.subarray(0, 3)]),
	);
	const shapes: [RegExp, number[]][] = [
		[/attn\.hook_[qkvz]$/, [2, 7, 2, 8]],
		[/attn\.hook_result$/, [2, 7, 2, 16]],
		[/attn\.hook_(pattern|attn_scores)$/, [2, 2, 7, 7]],
		[/hook_scale$/, [2, 7, 1]],
		[/mlp\.hook_(pre|post)$/, [2, 7, 64]],
		[/./, [2, 7, 16]],
	];
	for (const [hook, { dims }] of Object.entries(cache)) {
		const [, expected] = shapes.find(([name]) => name.test(hook)) ?? [];
		assert.deepEqual(dims, expected, hook);
	}
	await model.dispose();
});

test("a graph that ends at layer 1 has neither later weights nor the head", () => {
	const path = writeRandomGpt2(join(folder, "truncated"));
	const config = readConfig(path, "truncated");
	const weights = openWeights(config);
	const graph = (hook: HookName) =>
		Buffer.from(
			buildStream(config, weights, { hooks: [hook], spliced: {} }),
		).toString("latin1");
	const atLayer1 = graph("blocks.1.hook_resid_mid");
	assert.ok(atLayer1.includes("h.1.attn.c_proj.weight"));
	assert.ok(!atLayer1.includes("h.1.mlp"));
	assert.ok(!atLayer1.includes("h.2."));
	assert.ok(!atLayer1.includes("ln_f"));
	const nodes = (text: string) => text.split("MatMul:").length;
	assert.ok(nodes(atLayer1) < nodes(graph("blocks.2.hook_resid_post")));
});

test("a graph that begins with values in place of the stream has no weight before them", () => {
	const path = writeRandomGpt2(join(folder, "begun"));
	const config = readConfig(path, "begun");
	const spliced = { "blocks.1.hook_resid_post": ["replace" as const] };
	const hooks: HookName[] = ["blocks.2.hook_resid_post"];
	const graph = Buffer.from(
		buildStream(config, openWeights(config), { hooks, spliced }),
	).toString("latin1");
	assert.ok(graph.includes("h.2.mlp"));
	assert.ok(!/wte|wpe|h\.[01]\./.test(graph));
});

test("a truncated run does not depend on later weights", async () => {
	const options = { hooks: ["blocks.0.hook_resid_post"] as HookName[] };
	const whole = await loadModel(writeRandomGpt2(join(folder, "whole")));
	const config = { ...smallConfig, n_layer: 1 };
	const shorter = await loadModel(
		writeRandomGpt2(join(folder, "shorter"), config), // the same seed, so the same first layer
	);
	const [a, b] = await Promise.all(
		[whole, shorter].map((model) => model.run(model.batch([ids]), options)),
	);
	assert.deepEqual(
		a.cache["blocks.0.hook_resid_post"],
		b.cache["blocks.0.hook_resid_post"],
	);
	await whole.dispose();
	await shorter.dispose();
});

test("texts of mixed lengths side by side give what each gives alone", async () => {
	const model = await loadModel(writeRandomGpt2(join(folder, "padding")));
	const texts = [7, 1, 4, 6].map((length) => ids.subarray(0, length));
	const hook = "blocks.2.hook_resid_post";
	const options = { hooks: [hook as HookName], logits: true };
	const together = await model.run(model.batch(texts), options);
	const losses = await model.loss(model.batch(texts));
	for (const [i, text] of texts.entries()) {
		const alone = await model.run(model.batch([text]), options);
		for (const [all, one] of [
			[together.cache[hook], alone.cache[hook]],
			[together.logits, alone.logits],
		]) {
			assert.ok(all && one);
			const row = i * all.dims[1] * all.dims[2];
			const part = all.data.subarray(row, row + one.data.length);
			assert.ok(largestDifference(part, one.data) < 1e-5);
		}
		const row = losses.data.subarray(i * 6, (i + 1) * 6);
		assert.ok(row.subarray(text.length - 1).every(Number.isNaN));
		const beyond = together.cache[hook].data.subarray(
			(7 * i + text.length) * 16,
			7 * (i + 1) * 16,
		);
		assert.equal(beyond.length, 16 * (7 - text.length));
		assert.ok(beyond.every(Number.isNaN));
		if (text.length > 1) {
			const { data } = await model.loss(model.batch([text]));
			assert.ok(largestDifference(row.subarray(0, data.length), data) < 1e-5);
		}
	}
	await model.dispose();
});

test("F16 and BF16 weights run as their rounded values", async () => {
	const path = writeRandomGpt2(join(folder, "full"));
	for (const dtype of ["F16", "BF16"] as const) {
		const { rounded, half } = halve(path, join(folder, dtype), dtype);
		const [a, b] = await Promise.all(
			[rounded, half].map(async (name) => {
				const model = await loadModel(name);
				const { logits } = await model.run(model.batch([ids]));
				await model.dispose();
				return logits?.data ?? [];
			}),
		);
		assert.ok(largestDifference(a, b) < 1e-5, dtype);
	}
});
