import assert from "node:assert/strict";
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { type HookName, hookWidth, loadModel } from "../../src/model";
import { smallConfig, temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
after(remove);
const fresh = (name: string, overrides = {}) =>
	writeRandomGpt2(join(folder, name), overrides);

test("a model says what it is made of", async () => {
	const path = fresh("info");
	const model = await loadModel(path);
	const { fingerprint, ...info } = model.info;
	assert.match(String(fingerprint), /^[0-9a-f]{64}$/);
	assert.deepEqual(info, {
		name: "info",
		folder: path,
		model_type: "gpt2",
		n_layers: 3,
		n_heads: 2,
		d_model: 16,
		d_head: 8,
		d_mlp: 64,
		n_ctx: 32,
		d_vocab: 257,
		activation_function: "gelu_new",
		layer_norm_epsilon: 1e-5,
		bos_token_id: 256,
		eos_token_id: 256,
	});
	assert.equal(model.unembedding().length, 257 * 16);
	assert.equal(model.neuronOutput(2).length, 64 * 16);
	assert.throws(() => model.neuronOutput(3), /no layer 3/);
	await model.dispose();
});

test("a folder without its files is refused, naming the file", async () => {
	const path = fresh("without");
	rmSync(join(path, "model.safetensors"));
	await assert.rejects(
		loadModel(path),
		/has no model\.safetensors and no model\.safetensors\.index\.json/,
	);
	rmSync(join(path, "config.json"));
	await assert.rejects(loadModel(path), /config\.json does not exist/);
	await assert.rejects(loadModel(join(folder, "nowhere")), /no folder/);
	const file = join(fresh("file"), "config.json");
	await assert.rejects(loadModel(file), /is a file, where a folder/);
});

test("a truncated safetensors file is refused", async () => {
	const path = fresh("truncated");
	truncateSync(join(path, "model.safetensors"), 100);
	await assert.rejects(loadModel(path), /truncated/);
});

test("a config that is broken or not a GPT-2's is refused", async () => {
	const path = fresh("config");
	const refused = async (config: unknown, message: RegExp) => {
		const text = typeof config === "string" ? config : JSON.stringify(config);
		writeFileSync(join(path, "config.json"), text);
		await assert.rejects(loadModel(path), message);
	};
	await refused("{", /not valid JSON/);
	await refused({ ...smallConfig, model_type: "bert" }, /only "gpt2"/);
	await refused({ ...smallConfig, n_embd: "16" }, /"n_embd" .* whole number/);
	await refused({ ...smallConfig, n_head: 3 }, /3 heads do not divide/);
	await refused({ ...smallConfig, activation_function: "swish" }, /"swish"/);
	await refused({ ...smallConfig, n_layer: 4 }, /no tensor "h\.3/);
	await refused({ ...smallConfig, n_embd: 8 }, /config\.json says \[257,8\]/);
	await refused(
		{ ...smallConfig, tie_word_embeddings: false },
		/no tensor "lm_head\.weight"/,
	);
});

test("an unknown hook is refused with near names, a layer out of range with the layers", async () => {
	const model = await loadModel(fresh("hooks"));
	const run = (hook: string) => model.run("a", { hooks: [hook as HookName] });
	await assert.rejects(
		run("blocks.1.hook_resid_pots"),
		/near names are "blocks\.1\.hook_resid_post"/,
	);
	await assert.rejects(run("blocks.9.hook_resid_post"), /layers are 0 to 2/);
	await assert.rejects(run("blocks.-1.hook_resid_post"), /no layer -1/);
	await assert.rejects(run(""), /no hook ""/);
	await model.dispose();
});

test("a hook's width is that of one token's values; hooks without one vector a token have none", () => {
	const info = { d_model: 16, d_mlp: 64, n_heads: 2, d_head: 8 };
	assert.equal(hookWidth(info, "hook_embed"), 16);
	assert.equal(hookWidth(info, "blocks.1.ln2.hook_normalized"), 16);
	assert.equal(hookWidth(info, "blocks.1.mlp.hook_pre"), 64);
	assert.equal(hookWidth({ ...info, d_head: 5 }, "blocks.1.attn.hook_z"), 10);
	assert.equal(hookWidth(info, "ln_final.hook_scale"), 1);
	for (const hook of ["pattern", "attn_scores", "result"] as const)
		assert.throws(
			() => hookWidth(info, `blocks.1.attn.hook_${hook}`),
			/runWithCache, or .* such as "blocks\.1\.attn\.hook_z"/,
		);
});

test("a batch that does not fit the model is refused", async () => {
	const model = await loadModel(fresh("batch"));
	assert.throws(() => model.batch([]), /empty/);
	assert.throws(() => model.batch([new Int32Array(0)]), /empty/);
	assert.throws(() => model.batch([new Int32Array(33)]), /holds 32/);
	assert.throws(() => model.batch([Int32Array.of(257)]), /no token 257/);
	assert.throws(() => model.batch([Int32Array.of(-1)]), /no token -1/);
	const lengths = Int32Array.of(2);
	await assert.rejects(
		model.run({ ids: new Int32Array(3), lengths, batch: 1, seq: 2 }),
		/1 texts of 2 tokens, but has 3 ids/,
	);
	await assert.rejects(model.run("a", { logits: false }), /return nothing/);
	await assert.rejects(
		model.loss(model.batch([Int32Array.of(1)])),
		/at least 2 tokens/,
	);
	await model.dispose();
});

test("a large loss is computed in parts and equals that of each text", async () => {
	const path = fresh("large", { vocab_size: 60000, tokenizer: false });
	const model = await loadModel(path);
	const texts = Array.from({ length: 40 }, (_, i) =>
		Int32Array.from(
			{ length: 32 - (i % 3) },
			(_, t) => (i * 97 + t * 1013) % 60000,
		),
	); // 40 × 32 × 60,000 logits are 307 MB
	const { data, dims } = await model.loss(model.batch(texts));
	assert.deepEqual(dims, [40, 31]);
	for (const i of [0, 20, 39]) {
		const alone = await model.loss(model.batch([texts[i]]));
		for (const [t, nats] of alone.data.entries())
			assert.ok(Math.abs(data[i * 31 + t] - nats) < 1e-4);
	}
	await model.dispose();
});

test("many different runs, some at once, keep working while old graphs are dropped", async () => {
	const model = await loadModel(fresh("sessions"));
	const hooks = [0, 1, 2].flatMap((layer) =>
		["hook_resid_pre", "hook_attn_out", "hook_mlp_out", "hook_resid_post"].map(
			(hook) => `blocks.${layer}.${hook}` as HookName,
		),
	);
	const once = await Promise.all(
		hooks.map((hook) => model.run("hello", { hooks: [hook] })),
	);
	for (const [i, hook] of hooks.entries()) {
		const again = await model.run("hello", { hooks: [hook] });
		assert.deepEqual(again.cache, once[i].cache);
	}
	await model.dispose();
	await model.dispose();
	await assert.rejects(model.run("hello"), /was disposed of/);
});
