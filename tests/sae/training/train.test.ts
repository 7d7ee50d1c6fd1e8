import assert from "node:assert/strict";
import test from "node:test";
import {
	type Architecture,
	type TrainingRecord,
	type TrainOptions,
	trainSae,
} from "../../../src/sae";
import { activations, bestCosines, planted } from "../fakes";

const parameters = ["W_enc", "b_enc", "W_dec", "b_dec"] as const;

for (const architecture of ["topk", "standard"] as Architecture[])
	test(`${architecture} finds a planted dictionary of 256 directions in 64 dimensions`, async () => {
		const { acts, directions } = planted(40_000);
		const sae = await trainSae(acts, {
			architecture,
			d_sae: 512,
			k: 5,
			training_tokens: architecture === "topk" ? 1_000_000 : 800_000,
		});
		const best = bestCosines(directions, sae.W_dec, 64);
		const mean = best.reduce((a, b) => a + b) / best.length;
		const share = best.filter((c) => c > 0.9).length / best.length;
		assert.ok(mean >= 0.97, `the mean best cosine is ${mean}`);
		assert.ok(share >= 0.95, `${share} of them are above 0.9`);
	});

const small = planted(3000, { d_in: 20, d_true: 40, active: 3 }).acts;
const quick: TrainOptions = {
	architecture: "topk",
	d_sae: 64,
	k: 3,
	train_batch_size_tokens: 256,
	training_tokens: 30_000,
};

for (const architecture of ["topk", "standard"] as Architecture[]) {
	const options = { ...quick, architecture };
	test(`the same seed gives the same ${architecture} weights twice, another seed others`, async () => {
		const [a, b, c] = [
			await trainSae(small, { ...options, seed: 5 }),
			await trainSae(small, { ...options, seed: 5 }),
			await trainSae(small, { ...options, seed: 6 }),
		];
		for (const p of parameters) {
			assert.deepEqual(a[p], b[p]);
			assert.notDeepEqual(a[p], c[p]);
		}
	});

	test(`the weights of a ${architecture} SAE work on activations of any scale as they are`, async () => {
		const scaled = activations(
			small.data.map((v) => 1000 * v),
			20,
		);
		const [one, thousand] = [
			await trainSae(small, options),
			await trainSae(scaled, options),
		];
		const last = thousand.history.records.at(-1);
		const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0);
		const x = small.data.subarray(0, 2000);
		const y = await one.reconstruct(x);
		const z = await thousand.reconstruct(x.map((v) => 1000 * v));
		const error = sum(z.map((v, i) => Math.abs(v / 1000 - y[i])));
		assert.ok(error < 0.01 * sum(y.map(Math.abs)));
		assert.ok(
			Math.abs((last?.l0 ?? 0) - (one.history.records.at(-1)?.l0 ?? 0)) < 0.1,
		);
	});
}

test("records hold what happened since the one before, and reach the caller as they are made", async () => {
	const seen: TrainingRecord[] = [];
	const sae = await trainSae(small, {
		...quick,
		onRecord: (r) => seen.push(r),
	});
	const { records } = sae.history;
	assert.deepEqual(seen, records);
	assert.equal(records.at(-1)?.step, Math.round(30_000 / 256));
	assert.equal(records.at(-1)?.tokens, 117 * 256);
	assert.ok(records.every((r) => r.l0 <= 3 && r.dead <= 64));
	const [first, last] = [records[0], records[records.length - 1]];
	assert.ok(last.explained_variance > first.explained_variance);
	assert.ok(last.loss < first.loss);
	assert.ok(last.explained_variance <= 1);
});

test("only the train split is trained on", async () => {
	const data = Float32Array.from(small.data);
	data.fill(Number.NaN, 20 * 1500);
	const split = Array.from({ length: 3000 }, (_, i) =>
		i < 1500 ? ("train" as const) : ("test" as const),
	);
	const sae = await trainSae(activations(data, 20, split), quick);
	assert.ok(sae.W_dec.every(Number.isFinite));
});

test("an interrupted training stops after the step at hand and says so", async () => {
	const abort = new AbortController();
	const sae = await trainSae(small, {
		...quick,
		signal: abort.signal,
		onRecord: (r) => {
			if (r.step >= 10) abort.abort();
		},
	});
	assert.equal(sae.stopped, "interrupted");
	const steps = sae.history.records.at(-1)?.step;
	assert.ok(steps !== undefined && steps >= 10 && steps < 20);
	assert.equal(sae.cfg.training_tokens, 256 * steps);
	assert.ok(sae.W_dec.every(Number.isFinite));
});

test("k larger than d_sae is refused", async () => {
	await assert.rejects(
		trainSae(small, { ...quick, k: 65 }),
		/^Error: k is 65 and d_sae is 64: .* at most 64\.$/,
	);
});

test("an unknown architecture is refused, with the nearest one that there is", async () => {
	await assert.rejects(
		trainSae(small, { ...quick, architecture: "topc" as Architecture }),
		/no architecture "topc"; the nearest is "topk"/,
	);
});

test("activations that hold NaN are refused with their row and sentence", async () => {
	const data = small.data.slice();
	data[20 * 17 + 3] = Number.NaN;
	await assert.rejects(
		trainSae(activations(data, 20), quick),
		/Row 17 of the activations \(sentence 17\)/,
	);
});

test("no activations to train on are refused, also where only the train split is empty", async () => {
	const empty = activations(new Float32Array(0), 20);
	await assert.rejects(trainSae(empty, quick), /no activations to train on/);
	const split = Array(3000).fill("test");
	await assert.rejects(
		trainSae(activations(small.data, 20, split), quick),
		/no activations to train on/,
	);
});

test("sizes that are no whole numbers and weights below zero are refused", async () => {
	await assert.rejects(
		trainSae(small, { ...quick, d_sae: 1.5 }),
		/d_sae is 1.5; a whole number of at least 1/,
	);
	await assert.rejects(
		trainSae(small, { ...quick, training_tokens: 0 }),
		/training_tokens is 0/,
	);
	await assert.rejects(trainSae(small, { ...quick, lr: -1 }), /lr is -1/);
});

test("a loss that is no number any more is told, with what to do", async () => {
	await assert.rejects(
		trainSae(small, { ...quick, architecture: "standard", lr: 1e30 }),
		/train again with an lr below 1e\+30/,
	);
});
