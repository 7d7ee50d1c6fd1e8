import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Activations, extract } from "../../src/activations";
import { type Split, sentencesOf } from "../../src/dataset";
import { loadModel, type Model } from "../../src/model";
import { probe } from "../../src/probe";
import {
	evaluate,
	loadSae,
	type Sae,
	type TrainOptions,
	trainSae,
} from "../../src/sae";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
const texts = ["hello there", "a second text", "one more of them"];
const hook_name = "blocks.1.hook_resid_post" as const;
const training: TrainOptions = {
	...{ architecture: "topk", d_sae: 24, k: 4, training_tokens: 320 },
	train_batch_size_tokens: 32,
};
let models: Model[];
let own: Activations;
let other: Activations;
let sae: Sae;
before(async () => {
	models = [
		await loadModel(writeRandomGpt2(join(folder, "p", "final"))),
		await loadModel(writeRandomGpt2(join(folder, "q", "final"), { seed: 2 })),
		await loadModel(writeRandomGpt2(join(folder, "p", "renamed"))), // the first one's weights
	];
	[own, other] = await Promise.all(
		models.slice(0, 2).map((model) => extract(model, texts, { hook_name })),
	);
	const checkpoint_path = join(folder, "checkpoints");
	sae = await trainSae(own, { ...training, checkpoint_path });
});
after(async () => {
	for (const model of models) await model.dispose();
	remove();
});

test("two models whose folders are called alike are told apart, and one that was renamed is the same", async () => {
	assert.equal(models[0].info.name, models[1].info.name);
	assert.equal((await sae.encode(own)).warnings, undefined);
	const says =
		/This SAE was trained on final and the activations are of another model of that name, whose weights differ: its latents mean nothing/;
	assert.match(String((await sae.encode(other)).warnings), says);
	const renamed = await extract(models[2], texts, { hook_name });
	assert.equal(renamed.model.name, "renamed");
	assert.equal((await sae.encode(renamed)).warnings, undefined);
	const measured = await evaluate(sae, models[1], sentencesOf(texts));
	assert.match(String(measured.warnings), says);
	const right = await evaluate(sae, models[2], sentencesOf(texts));
	assert.equal(right.warnings, undefined);
});

test("a saved SAE knows its model by the weights, and keeps no path of this machine", async () => {
	const to = join(folder, "saved");
	sae.save(to);
	const text = readFileSync(join(to, "cfg.json"), "utf8");
	assert.ok(!text.includes(folder) && !text.includes("/"));
	const { metadata } = JSON.parse(text);
	assert.equal(metadata.model_name, "final");
	assert.equal(metadata.model_fingerprint, models[0].info.fingerprint);
	const again = await loadSae(to);
	assert.deepEqual(again.cfg, sae.cfg);
	assert.equal((await again.encode(other)).warnings?.length, 1);
});

test("an SAE that says no more than a name goes by it", async () => {
	const { model_fingerprint: _, ...cfg } = sae.cfg;
	const to = join(folder, "named");
	Object.assign(sae.cfg, { model_fingerprint: undefined });
	sae.save(to);
	Object.assign(sae.cfg, { model_fingerprint: _ });
	const named = await loadSae(to);
	assert.deepEqual(named.cfg, cfg);
	assert.equal((await named.encode(other)).warnings, undefined);
});

test("a training goes on only with activations of the same model", async () => {
	const resume_from_checkpoint = join(folder, "checkpoints");
	const more = { ...training, resume_from_checkpoint };
	await assert.rejects(
		trainSae(other, more),
		/was trained on activations with model_name "final", and it is "final" here, with other weights/,
	);
	await trainSae(await extract(models[2], texts, { hook_name }), more);
});

test("a probe's untrained model is made from the activations' own model, and from no other", async () => {
	const many = Array.from({ length: 40 }, (_, i) => `text ${i}`);
	const labels = { k: many.map((_, i) => (i % 2 ? "a" : "b")) };
	const split = many.map((_, i): Split => (i < 20 ? "train" : "test"));
	const given = { ...sentencesOf(many), labels, split };
	const acts = await extract(models[0], given, { hook_name });
	await assert.rejects(
		probe(acts, { label: "k", model: models[1] }),
		/activations are of "final", and the model given is "final" with other weights/,
	);
});

test("a store of another model of the same name is refused", async () => {
	const to = join(folder, "store");
	const kept = await extract(models[0], texts, { hook_name, to });
	assert.equal(kept.model.fingerprint, models[0].info.fingerprint);
	await assert.rejects(
		extract(models[1], texts, { hook_name, to }),
		/made with other weights of the model "final"/,
	);
	await extract(models[2], texts, { hook_name, to });
	assert.ok(!readFileSync(join(to, "index.json"), "utf8").includes(folder));
});
