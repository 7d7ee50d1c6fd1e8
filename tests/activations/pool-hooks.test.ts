import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { extract, poolHooks, poolSentences } from "../../src/activations";
import type { DenseMatrix } from "../../src/activations/matrix";
import { type HookName, loadModel, type Model } from "../../src/model";
import { setProgressSink } from "../../src/progress";
import { furthest } from "../matrices";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";
import { madeSentences } from "./made";

const { folder, remove } = temporaryFolder();
const hook_names: HookName[] = [
	"blocks.2.hook_resid_post",
	"blocks.0.mlp.hook_post",
	"blocks.1.hook_attn_out",
];
/** A context has 32 tokens with BOS; about half of the texts need two. */
const sentences = madeSentences(60);
sentences.offsets.half = Uint32Array.from(sentences.text, ({ length }) =>
	Math.ceil(length / 2),
);
let model: Model;

before(async () => {
	model = await loadModel(writeRandomGpt2(folder));
});
after(async () => {
	await model.dispose();
	remove();
});

for (const pool of ["mean", "max", "last"] as const)
	for (const how of [{}, { before: "half" }])
		test(`hooks pooled from one pass (${pool}${how.before ? " of what ends by an offset" : ""}) are what poolSentences gives for each`, async () => {
			const pooled = await poolHooks(model, sentences, {
				hook_names,
				pool,
				...how,
			});
			assert.equal(pooled.length, hook_names.length);
			for (const [h, hook_name] of hook_names.entries()) {
				const acts = await extract(model, sentences, { hook_name });
				const one = await poolSentences(acts, { pool, ...how });
				const { data, columns } = one as DenseMatrix;
				assert.equal(pooled[h].columns, columns);
				assert.equal(columns, h === 1 ? 64 : 16);
				const short = sentences.text.findIndex(({ length }) => length < 20);
				const row = (x: Float32Array) =>
					x.subarray(short * columns, (short + 1) * columns);
				assert.deepEqual(row(pooled[h].data), row(data)); // one context: bit for bit
				if (pool === "mean") assert.ok(furthest(pooled[h].data, data) < 1e-6);
				else assert.deepEqual(pooled[h].data, data);
			}
		});

test("hooks are pooled with the settings of an extraction, and from plain texts", async () => {
	const settings = {
		prepend_bos: false,
		center_writing_weights: true,
		context_size: 9,
	};
	const hook_name = "blocks.1.hook_resid_post";
	const [pooled] = await poolHooks(model, sentences.text, {
		hook_names: [hook_name],
		...settings,
	});
	const acts = await extract(model, sentences, { hook_name, ...settings });
	const { data } = (await poolSentences(acts)) as DenseMatrix;
	assert.ok(furthest(pooled.data, data) < 1e-6);
	const sum = pooled.data.subarray(0, 16).reduce((a, b) => a + b, 0);
	assert.ok(Math.abs(sum) < 1e-4);
});

test("pooling hooks tells how far it is, to its end", async () => {
	const seen: number[] = [];
	setProgressSink(({ done, total, label, unit }) => {
		assert.equal(`${label} in ${unit}`, "pool 3 hooks in tokens");
		seen.push(done / total);
	});
	await poolHooks(model, sentences, { hook_names, batch_tokens: 64 });
	setProgressSink(undefined);
	assert.ok(seen.length > 5);
	assert.equal(seen.at(-1), 1);
});

test("hooks that cannot be pooled are refused in a sentence", async () => {
	const pool = (change: object, from = sentences) =>
		poolHooks(model, from, { hook_names, ...change });
	await assert.rejects(pool({ hook_names: [] }), /hook_names is empty/);
	await assert.rejects(
		pool({ hook_names: ["blocks.9.hook_resid_post"] }),
		/There is no layer 9/,
	);
	await assert.rejects(pool({ pool: "sum" }), /pool is "sum"/);
	await assert.rejects(
		pool({ before: "hald" }),
		/no offsets column "hald"; there is half/,
	);
	const none = { ...sentences, text: [] };
	await assert.rejects(pool({}, none), /"made" is empty: there is nothing/);
	const silent = { ...sentences, text: ["a", ""] };
	await assert.rejects(pool({}, silent), /Sentence 1 has no token, so/);
});
