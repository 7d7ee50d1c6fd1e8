import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import test from "node:test";
import { type TrainOptions, trainSae } from "../../../src/sae";
import {
	checkMemory,
	memoryNeed,
	type Sizes,
} from "../../../src/sae/training/memory";
import { planted } from "../fakes";

const sizes: Sizes = {
	architecture: "topk",
	d_sae: 1000,
	train_batch_size_tokens: 500,
	engine: "onnx",
};

test("weights, gradients and moments are four numbers a weight, and latents grow with the batch", () => {
	const need = memoryNeed(sizes, 100);
	const weights = 4 * (2 * 100 * 1000 + 1000 + 100);
	assert.equal(need.state, 4 * weights);
	assert.equal(need.copies, 3 * weights);
	assert.equal(need.latents, 3 * 4 * 500 * 1000);
	const { state, copies, latents, rest } = need;
	assert.equal(need.total, state + copies + latents + rest);
	const twice = memoryNeed({ ...sizes, train_batch_size_tokens: 1000 }, 100);
	assert.equal(twice.latents, 2 * need.latents);
	assert.equal(twice.state, need.state);
	const gated = memoryNeed({ ...sizes, architecture: "gated" }, 100);
	assert.equal(gated.state, 4 * 4 * (2 * 100 * 1000 + 3 * 1000 + 100));
	assert.ok(gated.latents > need.latents);
	assert.ok(memoryNeed({ ...sizes, engine: "tfjs" }, 100).total > need.total);
});

test("what is said to fit is let through, and a little less is not", () => {
	const { total } = memoryNeed(sizes, 100);
	checkMemory([sizes], 100, total);
	assert.throws(() => checkMemory([sizes], 100, total - 1), /needs about/);
});

test("the sentence says how much is needed and what to lower, and that is enough", () => {
	const large = { ...sizes, d_sae: 50_000, train_batch_size_tokens: 4096 };
	let text = "";
	assert.throws(
		() => checkMemory([large], 768, 3e9),
		({ message }: Error) => {
			text = message;
			return true;
		},
	);
	const [, d_sae, rows] =
		/^Training this topk SAE needs about 4\.\d+ GB of memory \(2\.15 GB for weights, gradients and moments, 2\.46 GB for the latents of a batch\), and 3\.00 GB are free: lower d_sae to at most (\d+), or train_batch_size_tokens to at most (\d+)\.$/.exec(
			text,
		) ?? [];
	assert.ok(d_sae && rows, text);
	checkMemory([{ ...large, d_sae: Number(d_sae) }], 768, 3e9);
	const fewer = { ...large, train_batch_size_tokens: Number(rows) };
	checkMemory([fewer], 768, 3e9);
	assert.ok(Number(d_sae) > 20_000 && Number(rows) > 1000);
});

test("SAEs that are trained side by side are added up", () => {
	const { total, rest } = memoryNeed(sizes, 100);
	const three = [sizes, sizes, sizes];
	checkMemory(three, 100, 3 * total);
	assert.throws(
		() => checkMemory(three, 100, 3 * (total - rest)),
		/^Error: Training these 3 SAEs side by side needs about .* are free: give the sweep fewer values at a time\.$/,
	);
});

test("one WebAssembly memory is a limit of its own", () => {
	const wide = { ...sizes, d_sae: 200_000 };
	assert.throws(
		() => checkMemory([wide], 768, 1e12),
		/d_sae 200000 need 4\.92 GB, and one WebAssembly memory holds 4\.29 GB: lower d_sae to at most 170000\.$/,
	);
	checkMemory([{ ...wide, d_sae: 170_000 }], 768, 1e12);
});

test("trainSae says so before it looks at a row", async () => {
	const { acts } = planted(100);
	const unread = {
		...acts,
		get data(): never {
			return assert.fail("it was read");
		},
	};
	await assert.rejects(
		trainSae(unread, { architecture: "topk", d_sae: 1e10 }),
		/need .* GB, and one WebAssembly memory holds/,
	);
});

for (const [architecture, d_in, d_sae, batch] of [
	["standard", 256, 4096, 2048],
	["gated", 256, 4096, 2048],
	["topk", 512, 8192, 1024],
	["batchtopk", 512, 8192, 256],
] as const)
	test(`the peak of a ${architecture} training ${d_in} → ${d_sae} is about what was predicted`, () => {
		const options: TrainOptions & { d_in: number } = {
			d_in,
			architecture,
			d_sae,
			train_batch_size_tokens: batch,
			training_tokens: 3 * batch,
			dead_feature_window: 0,
			device: "cpu",
		};
		const file = join(__dirname, "memory-child.ts");
		const args = ["--import", "tsx", file, JSON.stringify(options)];
		const child = spawnSync(process.execPath, args, { encoding: "utf8" });
		const peak = Number(child.stdout);
		assert.ok(peak > 0, child.stderr);
		const { total } = memoryNeed(
			{ architecture, d_sae, train_batch_size_tokens: batch, engine: "onnx" },
			d_in,
		);
		assert.ok(
			total > 0.85 * peak && total < 1.8 * peak,
			`${total / 1e6} MB were predicted, and ${peak / 1e6} MB were used`,
		);
	});
