import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Intervention, loadModel, type Model } from "../../src/model";
import { divergences, largestDifference } from "../numbers";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
let model: Model;
before(async () => {
	model = await loadModel(writeRandomGpt2(join(folder, "model"), { seed: 4 }));
});
after(async () => {
	await model.dispose();
	remove();
});

const hook_name = "blocks.1.hook_resid_post";
const scale = (factor: number): Intervention[] => [
	{ type: "scale", hook_name, factor },
];

test("losses are those of `loss`, and the divergence is that of the logits, padding being NaN", async () => {
	const texts = ["hello there", "hi"];
	const conditions = [scale(0.5), scale(0)];
	const out = await model.compare(texts, { conditions: () => conditions });
	const clean = await model.run(texts);
	assert.deepEqual(out.loss, await model.loss(texts));
	assert.equal(out.changed.length, 2);
	for (const [i, interventions] of conditions.entries()) {
		const { loss, kl } = out.changed[i];
		assert.deepEqual(loss, await model.loss(texts, { interventions }));
		assert.deepEqual(kl.dims, [2, 12]);
		const changed = await model.run(texts, { interventions });
		const expected = divergences(clean.logits, changed.logits);
		const own = 12 + 3; // "hi" is three tokens with BOS
		const found = kl.data.subarray(0, own);
		assert.ok(largestDifference(found, expected.subarray(0, own)) < 1e-5);
		assert.ok(Math.max(...found) > 0.01);
		assert.ok(kl.data.subarray(own).every(Number.isNaN));
		assert.ok(loss.data.subarray(11 + 2).every(Number.isNaN));
	}
});

test("a model that is not changed diverges by nothing, in more rows than the head takes at once", async () => {
	const long = await loadModel(
		writeRandomGpt2(join(folder, "wide"), {
			vocab_size: 50_000,
			tokenizer: false,
		}),
	);
	const texts = Array.from({ length: 5 }, (_, i) =>
		Int32Array.from(
			{ length: 32 },
			(_, t) => (997 * (i + 1) * (t + 1)) % 50_000,
		),
	);
	const batch = long.batch(texts); // 160 rows, 80 of which fit
	const { loss, changed } = await long.compare(batch, {
		conditions: () => [[], scale(0)],
	});
	assert.deepEqual(changed[0].loss, loss);
	assert.ok(changed[0].kl.data.every((value) => Math.abs(value) < 1e-6));
	assert.ok(changed[1].kl.data.every((value) => value > 1e-3));
	await long.dispose();
});

test("the conditions are made from the values at the hooks", async () => {
	const { changed, loss } = await model.compare("hello", {
		hooks: [hook_name],
		conditions: (cache) => {
			const { data } = cache[hook_name];
			return [[{ type: "replace", hook_name, values: data }]];
		},
	});
	assert.ok(largestDifference(changed[0].loss.data, loss.data) < 1e-5);
	assert.ok(changed[0].kl.data.every((value) => Math.abs(value) < 1e-5));
});

test("without a condition there is the loss alone", async () => {
	const out = await model.compare("hello", { conditions: () => [] });
	assert.deepEqual(out, {
		kind: "comparison",
		tokens: out.tokens,
		loss: await model.loss("hello"),
		changed: [],
	});
	assert.deepEqual(out.tokens.ids, model.toTokens("hello").ids);
});

test("texts of one token and hooks that are not there are refused", async () => {
	const conditions = () => [];
	await assert.rejects(
		model.compare(model.batch([Int32Array.of(1)]), { conditions }),
		/at least 2 tokens/,
	);
	await assert.rejects(
		model.compare("hi", {
			conditions,
			hooks: ["blocks.9.hook_resid_post"],
		}),
		/no layer 9/,
	);
});
