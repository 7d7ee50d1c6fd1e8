import assert from "node:assert/strict";
import {
	copyFileSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { extract, poolHooks } from "../../src/activations";
import { openSafetensors } from "../../src/formats/safetensors";
import { loadModel, type Model } from "../../src/model";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
const models: Model[] = [];
let broken: (name: string, value: number) => Promise<Model>;
before(() => {
	const good = writeRandomGpt2(join(folder, "good"));
	broken = async (name, value) => {
		const to = join(folder, `${name} ${value}`);
		mkdirSync(to);
		for (const file of readdirSync(good))
			copyFileSync(join(good, file), join(to, file));
		const file = join(to, "model.safetensors");
		const { tensors } = openSafetensors(file);
		const entry = tensors.get(name) ?? tensors.get(`transformer.${name}`);
		const bytes = readFileSync(file);
		bytes.writeFloatLE(value, (entry?.offset ?? assert.fail()) + 12);
		writeFileSync(file, bytes);
		const model = await loadModel(to);
		models.push(model);
		return model;
	};
});
after(async () => {
	for (const model of models) await model.dispose();
	remove();
});

const hook_name = "blocks.2.hook_resid_post" as const;
const says =
	/NaN or infinite in (text|sentence) 0.*so the model's weights are broken/;

for (const value of [
	Number.POSITIVE_INFINITY,
	Number.NaN,
	Number.NEGATIVE_INFINITY,
])
	for (const name of ["h.1.mlp.c_proj.bias", "ln_f.weight"])
		test(`a weight of ${name} that is ${value} is told by whatever runs the model`, async () => {
			const model = await broken(name, value);
			const metric = { type: "loss" } as const;
			const calls: (() => Promise<unknown>)[] = [
				() => model.run("Hello"),
				() => model.runWithCache(["Hello", "Hi"]),
				() => model.loss(["Hello", "Hi"]),
				() => model.compare("Hello", { conditions: () => [] }),
				() => model.logitLens("Hello"),
				() =>
					model.runWithGradients("Hello", { metric, hooks: ["hook_embed"] }),
				() => model.generate("Hello"),
				() => model.generate("Hello", { temperature: 0 }),
			];
			for (const [i, call] of calls.entries())
				await assert.rejects(call(), says, `call ${i}`);
			if (name === "ln_f.weight") return;
			await assert.rejects(extract(model, ["Hello"], { hook_name }), says);
			await assert.rejects(
				poolHooks(model, ["Hello"], { hook_names: [hook_name] }),
				says,
			);
			await model.run("Hello", { hooks: ["blocks.0.hook_resid_post"] }); // before it
		});

test("interventions that are not finite are named, and not the model", async () => {
	const model = await loadModel(writeRandomGpt2(join(folder, "whole")));
	models.push(model);
	const values = new Float32Array(16);
	values[3] = Number.NaN;
	const direction = new Float32Array(16).fill(Number.POSITIVE_INFINITY);
	for (const [one, why] of [
		[{ type: "add", hook_name, values }, /value of unit 3 NaN/],
		[{ type: "scale", hook_name, factor: Number.NaN }, /factor NaN/],
		[{ type: "project", hook_name, direction }, /finite/],
		[
			{
				type: "add",
				hook_name,
				values: new Float32Array(16),
				scale: Number.POSITIVE_INFINITY,
			},
			/scale Infinity/,
		],
	] as const)
		await assert.rejects(model.run("Hello", { interventions: [one] }), why);
});

test("attention scores of −Infinity are what they should be", async () => {
	const [model] = models.slice(-1);
	const { cache } = await model.runWithCache("Hello");
	const { data } = cache["blocks.0.attn.hook_attn_scores"];
	assert.ok(data.includes(Number.NEGATIVE_INFINITY));
});
