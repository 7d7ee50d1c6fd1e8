import assert from "node:assert/strict";
import test from "node:test";
import { plantedDictionary, recovery, trainSae } from "../../src/sae";

const few = { n_tokens: 300, d_in: 7, d_true: 12, active: 3, seed: 4 };

test("every planted row is the sum of exactly as many directions as asked for, with strengths of 0.5 to 1.5", () => {
	const { acts, directions, factors } = plantedDictionary(few);
	assert.equal(acts.n_tokens, 300);
	assert.equal(acts.data.length, 300 * 7);
	for (let row = 0; row < 300; row++) {
		const [from, to] = [factors.indptr[row], factors.indptr[row + 1]];
		const chosen = [...factors.indices.subarray(from, to)];
		assert.equal(new Set(chosen).size, 3);
		assert.deepEqual(
			chosen,
			[...chosen].sort((a, b) => a - b),
		);
		const sum = new Float64Array(7);
		chosen.forEach((d, j) => {
			const strength = factors.values[from + j];
			assert.ok(strength >= 0.5 && strength < 1.5);
			for (let i = 0; i < 7; i++) sum[i] += strength * directions[d * 7 + i];
		});
		for (let i = 0; i < 7; i++)
			assert.ok(Math.abs(sum[i] - acts.data[row * 7 + i]) < 1e-6);
	}
});

test("planted directions have the length 1, and each is taken about as often as any other", () => {
	const { directions, factors } = plantedDictionary({
		...few,
		n_tokens: 4000,
	});
	const counts = new Float64Array(12);
	for (const d of factors.indices) counts[d]++;
	// 4000 draws at 3/12: a standard deviation of 27.4.
	for (const n of counts) assert.ok(Math.abs(n - 1000) < 5 * 27.4, `${n}`);
	for (let d = 0; d < 12; d++) {
		const row = directions.subarray(d * 7, (d + 1) * 7);
		assert.ok(Math.abs(Math.hypot(...row) - 1) < 1e-6);
	}
	const mean = factors.values.reduce((a, b) => a + b) / factors.values.length;
	// 12,000 of a standard deviation of 0.289: the mean's is 0.0026.
	assert.ok(Math.abs(mean - 1) < 5 * 0.0026, `${mean}`);
});

test("the same seed plants the same dictionary, and another rows_seed gives other rows of it", () => {
	const [a, b] = [plantedDictionary(few), plantedDictionary(few)];
	assert.deepEqual(a.acts.data, b.acts.data);
	const c = plantedDictionary({ ...few, rows_seed: 9 });
	assert.deepEqual(a.directions, c.directions);
	assert.notDeepEqual(a.acts.data, c.acts.data);
	const d = plantedDictionary({ ...few, seed: 5 });
	assert.notDeepEqual(a.directions, d.directions);
});

test("noise has the standard deviation asked for", () => {
	const clean = plantedDictionary(few);
	const noisy = plantedDictionary({ ...few, noise: 0.1 });
	assert.deepEqual(noisy.factors, clean.factors);
	let square = 0;
	for (const [i, v] of noisy.acts.data.entries())
		square += (v - clean.acts.data[i]) ** 2;
	const deviation = Math.sqrt(square / clean.acts.data.length);
	assert.ok(Math.abs(deviation - 0.1) < 0.01, `${deviation}`);
});

test("sizes out of range are refused", () => {
	for (const [change, message] of [
		[{ n_tokens: 0 }, /n_tokens is 0; a whole number of at least 1/],
		[{ d_in: 1.5 }, /d_in is 1.5/],
		[{ active: 13 }, /active is 13 and d_true is 12/],
		[{ noise: -1 }, /noise is -1/],
		[{ seed: -1 }, /seed is -1/],
		[{ n_tokens: 1e9, d_in: 1000 }, /1000000000 planted rows of 1000 need/],
	] as const)
		assert.throws(() => plantedDictionary({ ...few, ...change }), message);
});

test("an autoencoder of the same seed does not begin at the planted directions", async () => {
	for (const seed of [0, 1]) {
		const { acts, directions } = plantedDictionary({ n_tokens: 64, seed });
		const options = { d_sae: 1024, k: 8, lr: 0, training_tokens: 64, seed };
		const sae = await trainSae(acts, { architecture: "topk", ...options });
		const { recovered, mean_max_cosine } = await recovery(directions, sae);
		assert.equal(recovered, 0);
		assert.ok(mean_max_cosine < 0.4, `${mean_max_cosine}`);
	}
});
