import assert from "node:assert/strict";
import { before, test } from "node:test";
import { extract } from "../../src/activations";
import { knownHook, loadModel, type Model, parseHook } from "../../src/model";
import type { AnyHookName } from "../../src/model/hook-names";

let model: Model;
before(async () => {
	model = await loadModel("tiny-gpt2");
});
const text = "Paul scares Lucy at sea";

test("a hook is known by TransformerLens's names, old and new, and by the names of modules", () => {
	const equal: Record<string, string> = {
		"blocks.3.hook_resid_post": "blocks.3.hook_resid_post",
		"blocks.3.hook_in": "blocks.3.hook_resid_pre",
		"blocks.3.hook_out": "blocks.3.hook_resid_post",
		"blocks.3.attn.hook_out": "blocks.3.hook_attn_out",
		"blocks.3.attn.q.hook_out": "blocks.3.attn.hook_q",
		"blocks.3.attn.o.hook_in": "blocks.3.attn.hook_z",
		"blocks.3.mlp.hook_out": "blocks.3.hook_mlp_out",
		"blocks.3.mlp.in.hook_out": "blocks.3.mlp.hook_pre",
		"blocks.3.mlp.out.hook_in": "blocks.3.mlp.hook_post",
		"blocks.3.ln1.hook_out": "blocks.3.ln1.hook_out",
		"embed.hook_out": "hook_embed",
		"unembed.hook_in": "ln_final.hook_out",
		"transformer.h.3": "blocks.3.hook_resid_post",
		"h.3.mlp": "blocks.3.hook_mlp_out",
		"transformer.h.3.attn": "blocks.3.hook_attn_out",
		"transformer.h.3.mlp.act": "blocks.3.mlp.hook_post",
		"transformer.h.11.ln_2": "blocks.11.ln2.hook_out",
		"transformer.ln_f": "ln_final.hook_out",
		"gpt_neox.layers.3": "blocks.3.hook_resid_post",
		"layers.3.mlp": "blocks.3.hook_mlp_out",
		"model.layers.3.self_attn": "blocks.3.hook_attn_out",
	};
	for (const [name, hook] of Object.entries(equal))
		assert.equal(knownHook(name), hook);
	for (const name of [
		"blocks.3.toString",
		"toString",
		"h.x",
		"blocks.3.ln1.hook_in",
		"",
	])
		assert.equal(knownHook(name), undefined);
});

test("modules inside a block count where the type of model is known to have them so, whole blocks always", () => {
	assert.equal(
		knownHook("model.layers.3", "gemma2"),
		"blocks.3.hook_resid_post",
	);
	assert.equal(knownHook("model.layers.3.mlp", "gemma2"), undefined);
	assert.equal(knownHook("layers.3.mlp", "qwen2"), "blocks.3.hook_mlp_out");
	assert.equal(knownHook("transformer.h.3.mlp", "bloom"), undefined);
});

test("what is asked for by another name is read by it and listed by TransformerLens's", async () => {
	const asked: AnyHookName[] = ["blocks.2.hook_out", "transformer.h.1.mlp"];
	const { cache } = await model.run(text, { hooks: asked });
	assert.deepEqual(Object.keys(cache), [
		"blocks.1.hook_mlp_out",
		"blocks.2.hook_resid_post",
	]);
	assert.equal(cache["blocks.2.hook_out"], cache["blocks.2.hook_resid_post"]);
	assert.equal(cache["transformer.h.1.mlp"], cache["blocks.1.hook_mlp_out"]);
	const some = await model.runWithCache(text, { names_filter: ["h.0"] });
	assert.equal(some.cache["h.0"], some.cache["blocks.0.hook_resid_post"]);
	const slopes = await model.runWithGradients(text, {
		metric: { type: "loss" },
		hooks: ["blocks.1.hook_in"],
	});
	assert.ok(slopes.gradients["blocks.1.hook_in"]);
	assert.deepEqual(Object.keys(slopes.gradients), ["blocks.1.hook_resid_pre"]);
	const acts = await extract(model, [text], { hook_name: "transformer.h.1" });
	assert.equal(acts.hook_name, "blocks.1.hook_resid_post");
});

test("an intervention and generation take every name", async () => {
	const change = (hook_name: AnyHookName) =>
		({ type: "scale", factor: 0, hook_name }) as const;
	const loss = async (name: AnyHookName) =>
		(await model.loss(text, { interventions: [change(name)] })).data;
	assert.deepEqual(
		await loss("h.1.attn"),
		await loss("blocks.1.hook_attn_out"),
	);
	const go = async (name: AnyHookName) =>
		(await model.generate(text, { interventions: [change(name)] })).text;
	assert.equal(
		await go("blocks.1.mlp.hook_out"),
		await go("blocks.1.hook_mlp_out"),
	);
});

test("near names are those of the hook that was meant, by whichever name", () => {
	const says = (name: string, pattern: RegExp) =>
		assert.throws(() => parseHook(model, name), pattern);
	says("blocks.2.hook_ouut", /near names are "blocks\.2\.hook_resid_post"/);
	says("transformer.h.1.mpl", /near names are "blocks\.1\.hook_mlp_out"/);
	says("transformer.h.99", /no layer 99 .* is "blocks\.5\.hook_resid_post"/);
	says("blocks.99.hook_in", /no layer 99 .* is "blocks\.5\.hook_resid_pre"/);
	says("blocks.1.ln1.hook_in", /those of "blocks\.1\.hook_resid_pre"/);
	says("unembed.hook_out", /are the logits/);
	const parallel = {
		info: model.info,
		hook_names: ["blocks.0.ln1.hook_out", "blocks.0.hook_mlp_out"] as const,
	};
	assert.throws(
		() => parseHook(parallel, "blocks.0.attn.hook_in"),
		/the MLP reads the same values: name them "blocks\.0\.ln1\.hook_out"/,
	);
	says("model.layers.1.mlp", /whether it gives "blocks\.1\.hook_mlp_out"/);
});
