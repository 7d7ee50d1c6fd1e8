import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openSafetensors, readTensor } from "../../src/formats/safetensors";
import {
	ablate,
	type HookName,
	type Intervention,
	loadModel,
	type Model,
} from "../../src/model";
import { largestDifference } from "../numbers";
import { temporaryFolder } from "../tiny";
import { saeLens } from "./python";
import { agreed } from "./record";

const { python, skip } = saeLens;
const { folder, remove } = temporaryFolder();
let model: Model;

before(async () => {
	if (skip) return;
	const script = join(__dirname, "gpt2_torch.py");
	const { status, stderr } = spawnSync(python, [script, folder]);
	assert.equal(status, 0, String(stderr));
	model = await loadModel(folder);
});
after(async () => {
	await model?.dispose();
	remove();
});

const reference = () => openSafetensors(join(folder, "reference.safetensors"));

function batch() {
	const ids = Int32Array.from(readTensor(reference(), "ids"));
	return model.batch([ids.slice(0, 24), ids.slice(24)]);
}

test("hidden states of a GPT-2 of GPT-2 small's size are PyTorch's within 2e-5, at every hook", {
	skip,
}, async () => {
	const file = reference();
	const hooks = [...file.tensors.keys()].filter((name) =>
		name.includes("hook_"),
	) as HookName[];
	assert.equal(hooks.length, 12 * 8 + 2);
	const { cache } = await model.run(batch(), { hooks });
	for (const hook of hooks) {
		const expected = readTensor(file, hook);
		const difference = largestDifference(cache[hook].data, expected);
		assert.ok(difference < 2e-5, `${hook}: ${difference}`);
		agreed(
			"hidden states at GPT-2 small's size, in float64",
			"PyTorch",
			difference,
		);
	}
});

test("the logits under each kind of intervention are PyTorch's within 1e-5 of their size", {
	skip,
}, async () => {
	const file = reference();
	const direction = readTensor(file, "direction");
	const patch = readTensor(file, "patch");
	const cases: Record<string, Intervention[]> = {
		plain: [],
		add: [
			{
				type: "add",
				hook_name: "blocks.6.hook_resid_pre",
				values: direction,
				scale: 2,
			},
		],
		scale: [{ type: "scale", hook_name: "blocks.3.hook_mlp_out", factor: 0.5 }],
		project: [
			{ type: "project", hook_name: "blocks.8.hook_resid_mid", direction },
		],
		replace: [
			{
				type: "replace",
				hook_name: "blocks.4.hook_resid_post",
				values: patch,
				positions: [5],
			},
		],
		head: ablate(model, "L2H3"),
	};
	const plain = readTensor(file, "logits.plain");
	const size = plain.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
	for (const [name, interventions] of Object.entries(cases)) {
		const { logits } = await model.run(batch(), { interventions });
		assert.ok(logits);
		const last = [0, 1].flatMap((text) =>
			Array.from(
				logits.data.subarray(
					(24 * text + 23) * 50257,
					(24 * text + 24) * 50257,
				),
			),
		);
		const expected = readTensor(file, `logits.${name}`);
		const difference = largestDifference(last, expected) / size;
		assert.ok(difference < 1e-5, `${name}: ${difference}`);
		if (name !== "plain")
			assert.ok(largestDifference(plain, expected) > 1e-3 * size, name);
	}
});
