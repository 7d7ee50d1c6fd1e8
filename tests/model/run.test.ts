import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type HookName, loadModel, type Model } from "../../src/model";
import { largestDifference } from "../numbers";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
let model: Model;
before(async () => {
	model = await loadModel(writeRandomGpt2(join(folder, "model"), { seed: 9 }));
});
after(async () => {
	await model.dispose();
	remove();
});

test("runWithCache takes the hooks that are listed, or those that a function accepts", async () => {
	const listed: HookName[] = ["blocks.2.hook_resid_post", "hook_embed"];
	const some = await model.runWithCache("hi", { names_filter: listed });
	assert.deepEqual(Object.keys(some.cache), [
		"hook_embed",
		"blocks.2.hook_resid_post",
	]);
	assert.deepEqual(some.logits?.dims, [1, 3, 257]);
	const patterns = await model.runWithCache("hi", {
		names_filter: (name) => name.endsWith("hook_pattern"),
	});
	assert.deepEqual(
		Object.keys(patterns.cache),
		[0, 1, 2].map((layer) => `blocks.${layer}.attn.hook_pattern`),
	);
	const none = await model.runWithCache("hi", { names_filter: [] });
	assert.deepEqual(none.cache, {});
});

test("what the heads write adds up to the attention's output, less its bias", async () => {
	const { cache } = await model.runWithCache("hello");
	const zero = await model.run("hello", {
		hooks: ["blocks.1.hook_attn_out"],
		interventions: [
			{ type: "scale", hook_name: "blocks.1.attn.hook_z", factor: 0 },
		],
	});
	const bias = zero.cache["blocks.1.hook_attn_out"].data.subarray(0, 16);
	const result = cache["blocks.1.attn.hook_result"].data;
	const sums = Float32Array.from({ length: 6 * 16 }, (_, at) => {
		const [token, i] = [Math.floor(at / 16), at % 16];
		return bias[i] + result[token * 32 + i] + result[token * 32 + 16 + i];
	});
	assert.ok(
		largestDifference(sums, cache["blocks.1.hook_attn_out"].data) < 1e-5,
	);
});

test("values that would not fit into memory are refused before they are computed", async () => {
	const path = writeRandomGpt2(join(folder, "long"), {
		n_positions: 200_000,
		tokenizer: false,
	});
	const long = await loadModel(path);
	const batch = long.batch([new Int32Array(200_000)]);
	await assert.rejects(
		long.runWithCache(batch),
		/need [\d.]+ GB, and [\d.]+ GB of memory are free: ask for fewer hooks/,
	);
	await long.dispose();
});

test("texts that are empty or only special tokens are refused, as text", async () => {
	for (const text of ["", "<|endoftext|>", ["hello", ""]])
		for (const attempt of [
			model.run(text),
			model.loss(text),
			model.runWithCache(text),
			model.logitLens(text),
		])
			await assert.rejects(attempt, /has no token besides special ones; give/);
	await assert.rejects(model.run([]), /No text was given/);
	const { logits } = await model.run(model.batch([Int32Array.of(256)]));
	assert.deepEqual(logits?.dims, [1, 1, 257]);
});

test("BOS stands in front of a text that is run unless it is not wanted", async () => {
	const hooks: HookName[] = ["hook_embed"];
	const withBos = await model.run("hi", { hooks });
	assert.deepEqual([...withBos.tokens.ids], [256, 104, 105]);
	const without = await model.run("hi", { hooks, prepend_bos: false });
	assert.deepEqual([...without.tokens.ids], [104, 105]);
	const loss = await model.loss("hi", { prepend_bos: false });
	assert.deepEqual(loss.dims, [1, 1]);
});

test("tokens beyond the context are there where they are not to be truncated", () => {
	const whole = model.toTokens("x".repeat(40), { truncate: false });
	assert.equal(whole.ids.length, 41);
	assert.equal(whole.cut, 0);
	assert.equal(whole.end[40], 40);
});

test("after dispose a model says that it must be loaded again", async () => {
	const gone = await loadModel(join(folder, "model"));
	await gone.run("hi");
	await gone.dispose();
	await gone.dispose();
	await assert.rejects(gone.run("hi"), /was disposed of .* load it again/);
});

test("the last layer of the logit lens is the model's own answer", async () => {
	const text = "hello you";
	const lens = await model.logitLens(text, { top_k: 3 });
	const { logits, tokens } = await model.run(text);
	assert.ok(logits);
	assert.deepEqual(lens.hooks, [
		"blocks.0.hook_resid_pre",
		"blocks.1.hook_resid_pre",
		"blocks.2.hook_resid_pre",
		"blocks.2.hook_resid_post",
	]);
	assert.equal(lens.tokens.join(""), `<|endoftext|>${text}`);
	const loss = await model.loss(text);
	const nats = lens.log_probability[3].map((x) => -x);
	assert.ok(largestDifference(nats, loss.data) < 1e-4);
	for (const [at, top] of lens.top[3].entries()) {
		const row = logits.data.subarray(at * 257, (at + 1) * 257);
		const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
		const order = [...row.keys()].sort((a, b) => row[b] - row[a]);
		assert.deepEqual(
			top.map(({ id }) => id),
			order.slice(0, 3),
		);
		for (const { id, probability } of top)
			assert.ok(Math.abs(probability - Math.exp(row[id]) / total) < 1e-5);
		if (at < lens.rank[3].length)
			assert.equal(lens.rank[3][at], order.indexOf(tokens.ids[at + 1]));
	}
});

test("an earlier layer of the lens is that of a model whose later layers write nothing", async () => {
	const lens = await model.logitLens("hello");
	const cut = await model.logitLens("hello", {
		interventions: [1, 2].flatMap((layer) =>
			(["attn", "mlp"] as const).map((part) => ({
				type: "scale" as const,
				hook_name: `blocks.${layer}.hook_${part}_out` as const,
				factor: 0,
			})),
		),
	});
	for (const layer of [1, 2, 3])
		assert.ok(
			largestDifference(cut.log_probability[layer], lens.log_probability[1]) <
				1e-5,
		);
});

test("the logit lens refuses several texts and a top_k that cannot be", async () => {
	await assert.rejects(model.logitLens(["a", "b"]), /reads one text, and 2/);
	await assert.rejects(
		model.logitLens("a", { top_k: 0 }),
		/top_k is 0, where a whole number from 1 to 257/,
	);
});
