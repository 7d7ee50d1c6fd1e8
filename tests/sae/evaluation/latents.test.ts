import assert from "node:assert/strict";
import test from "node:test";
import {
	densityHistogram,
	latentMetrics,
} from "../../../src/sae/evaluation/latents";

/** Rows of latents, each as { latent: value }. */
function rows(...list: Record<number, number>[]) {
	const indptr = [0];
	const indices: number[] = [];
	const values: number[] = [];
	for (const row of list) {
		indices.push(...Object.keys(row).map(Number));
		values.push(...Object.values(row));
		indptr.push(indices.length);
	}
	return {
		indptr: Float64Array.from(indptr),
		indices: Uint32Array.from(indices),
		values: Float32Array.from(values),
	};
}

test("latents are counted by token and by text, over several batches", () => {
	const metrics = latentMetrics(4);
	// Two texts of two tokens and one, then one of one.
	metrics.add(rows({ 0: 1, 1: 2 }, { 0: 3 }, { 0: 1 }), [2, 3]);
	metrics.add(rows({ 0: 1, 3: 4 }), [1]);
	const m = metrics.result();
	assert.equal(m.l0, 6 / 4);
	assert.equal(m.l1, 12 / 4);
	assert.deepEqual([...m.feature_density], [1, 0.25, 0, 0.25]);
	assert.deepEqual(
		[...m.consistent_activation_heuristic],
		[Math.fround(4 / 3), 1, Number.NaN, 1],
	);
	assert.deepEqual(m.density_histogram, [
		{ from: -0.8, to: -0.6, latents: 2 },
		{ from: -0.2, to: 0, latents: 1 },
	]);
});

test("a share that is a power of ten opens its bar, also as 32 bits, and latents that never fire are in none", () => {
	const density = Float32Array.of(0.1, 0.1, 0.0999, 0.001, 0, 1);
	assert.deepEqual(densityHistogram(density), [
		{ from: -3, to: -2.8, latents: 1 },
		{ from: -1.2, to: -1, latents: 1 },
		{ from: -1, to: -0.8, latents: 2 },
		{ from: -0.2, to: 0, latents: 1 },
	]);
	assert.deepEqual(densityHistogram([]), []);
});
