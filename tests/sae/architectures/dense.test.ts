import assert from "node:assert/strict";
import test from "node:test";
import type { ArchitectureRules } from "../../../src/sae/architectures";
import { gated } from "../../../src/sae/architectures/gated";
import { jumprelu } from "../../../src/sae/architectures/jumprelu";
import { standard } from "../../../src/sae/architectures/standard";
import type { SaeTensors } from "../../../src/sae/architectures/textbook";
import type { CpuTrainee } from "../../../src/sae/engine/cpu";
import { loadTfjs } from "../../../src/sae/engine/tfjs";
import { assertGradients, disturbed, settings } from "./oracle";

for (const [name, rules] of Object.entries({ standard, jumprelu, gated }))
	for (const coefficient of [0, 0.3, 1.7, 25])
		test(`the ${name} step's gradients and loss are those of TensorFlow.js with a coefficient of ${coefficient}`, async () => {
			const trainee = await disturbed(rules);
			const result = await assertGradients(rules, trainee, { coefficient });
			assert.equal(result.sparsity > 0, coefficient > 0);
			assert.equal(result.aux > 0, rules === gated);
			assert.ok(result.l0 > 5 && result.l1 > 5);
			await trainee.release();
		});

for (const jumprelu_bandwidth of [0.01, 3])
	test(`the jumprelu step's gradients are those of TensorFlow.js with a bandwidth of ${jumprelu_bandwidth}`, async () => {
		const change = { jumprelu_bandwidth };
		const trainee = await disturbed(jumprelu, change);
		await assertGradients(jumprelu, trainee, { coefficient: 2 }, change);
		await trainee.release();
	});

/** Two rows of two values, and three latents that read x₀, x₁ and −x₀. */
const small = { d_in: 2, d_sae: 3, batch: 2 };
const reads = [1, 0, 0, 1, -1, 0];
const plan = { t: 1, lr: 0, coefficient: 0.5, dead: new Uint32Array(0) };
const change = { ...settings, jumprelu_bandwidth: 1 };

/** A step with weights and rows worked by hand: of the fast engine, and of the textbook. */
async function byHand(
	rules: ArchitectureRules,
	x: number[],
	weights: Record<string, number[]>,
) {
	const trainee = (await rules.open(small, change)) as CpuTrainee;
	const tensors = Object.fromEntries(
		Object.entries(weights).map(([p, v]) => [p, Float32Array.from(v)]),
	);
	await trainee.write({ tensors });
	trainee.x.set(x);
	const parts = await trainee.gradients(plan);
	const gradient = (p: string): number[] => [
		...(trainee.store.array as Record<string, Float32Array>)[`g_${p}`],
	];
	const gradients = Object.fromEntries(
		rules.parameters.map((p) => [p, gradient(p)]),
	);
	await trainee.release();

	const { tf } = await loadTfjs();
	const w = Object.fromEntries(
		Object.entries(weights).map(([p, v]) => {
			if (p === "W_enc") return [p, tf.tensor2d(v, [3, 2]).transpose()];
			return [p, p === "W_dec" ? tf.tensor2d(v, [3, 2]) : tf.tensor1d(v)];
		}),
	) as unknown as SaeTensors;
	const rows = tf.tensor2d(x, [2, 2]);
	const { coefficient } = plan;
	const now = { coefficient, dead: tf.tensor1d([0, 0, 0]), settings: change };
	const loss = rules.loss(tf, rows, w, now);
	const value = (t?: { dataSync(): ArrayLike<number> }) =>
		t?.dataSync()[0] ?? 0;
	return {
		parts: { ...parts },
		fired: [...trainee.fired],
		gradients,
		latents: [...rules.latents(tf, rows, w, now).dataSync()],
		textbook: {
			mse: value(loss.mse),
			sparsity: value(loss.sparsity),
			aux: value(loss.aux),
			total: value(loss.total),
		},
	};
}

// x − b_dec: (2, 2), (−1, 0.5); pre: (2, 1, −2), (−1, −0.5, 1).
// x̂: (5, 1), (−2, 0), so the errors are (2, −1) and (−2, −0.5): 5 and 4.25. Σ f·‖W_dec‖: 2·2 + 1·1 and 1·3.
test("standard: f = ReLU(pre), and a latent's penalty is weighted by the length of its decoder row", async () => {
	const step = await byHand(standard, [3, 2, 0, 0.5], {
		W_enc: reads,
		b_enc: [0, -1, 0],
		W_dec: [2, 0, 0, 1, -3, 0],
		b_dec: [1, 0],
	});
	assert.deepEqual(step.latents, [2, 1, 0, 0, 0, 1]);
	const loss = { mse: 4.625, sparsity: 2, aux: 0 };
	assert.deepEqual(step.parts, { ...loss, l0: 1.5, l1: 4 });
	assert.deepEqual(step.textbook, { ...loss, total: 6.625 });
	assert.deepEqual(step.fired, [1, 1, 1]);
});

// θ = 1. z: (2, 0.5, −2), (−1, 3, 1). Latent 2 is at its threshold in row 1, latent 1 half a bandwidth below in row 0.
// x̂: (2, 0), (0, 3), so the errors are (0, −0.5) and (1, 0): 0.25 and 1.
const jump = {
	W_enc: reads,
	b_enc: [0, 0, 0],
	W_dec: reads,
	b_dec: [0, 0],
	log_threshold: [0, 0, 0],
};
test("jumprelu: a latent fires above its threshold, not at it, and every firing costs the same", async () => {
	const step = await byHand(jumprelu, [2, 0.5, -1, 3], jump);
	assert.deepEqual(step.latents, [2, 0, 0, 0, 3, 0]);
	const loss = { mse: 0.625, sparsity: 0.5, aux: 0 };
	assert.deepEqual(step.parts, { ...loss, l0: 1, l1: 2.5 });
	assert.deepEqual(step.textbook, { ...loss, total: 1.125 });
	assert.deepEqual(step.fired, [1, 1, 0]);
});

// With ε = 1 only latent 2 in row 1 is less than half a bandwidth from its threshold. There ∂loss/∂f = error · W_dec = −1
// (2/batch is 1): if it fired, it would bring x̂ nearer. So θ gets −(θ/ε)·(−1) − (λ/batch)/ε = 1 − 0.25.
test("jumprelu: the gradient of a threshold, and of the encoder at it, weighs what a latent near it would explain against what it would cost", async () => {
	const { gradients } = await byHand(jumprelu, [2, 0.5, -1, 3], jump);
	assert.deepEqual(gradients.log_threshold.map(rounded), [0, 0, 0.75]);
	// The encoder's bias moves z as θ is moved, the other way. Latent 0 in row 0 fires, and its error it does not see.
	assert.deepEqual(gradients.b_enc.map(rounded), [0, 0, -0.75]);
	// … by its direction: −0.75 · (−1, 3).
	assert.deepEqual(gradients.W_enc.slice(4).map(rounded), [0.75, -2.25]);
});

// e^r_mag: 1, 2, 1. (x − b_dec) W_enc: (2, 0.5, −2), (−1, 3, 1).
// ReLU(π): (1, 0.5, 0), (0, 3, 1); m: (2, 2, −4), (−1, 7, −1); f: (2, 2, 0), (0, 7, 0): of latent 2 the gate alone opens.
// x̂ − x: (0, 1.5), (1, 4): 2.25 and 17; from ReLU(π) it is (−1, 0), (0, 0): 1 and 0. Σ ReLU(π): 1.5 and 4.
test("gated: a latent fires where its gate is open and its magnitude is above zero; the penalty is the gate's", async () => {
	const step = await byHand(gated, [2, 0.5, -1, 3], {
		W_enc: reads,
		W_dec: reads,
		b_dec: [0, 0],
		b_gate: [-1, 0, 0],
		b_mag: [0, 1, -2],
		r_mag: [0, Math.LN2, 0],
	});
	assert.deepEqual(step.latents.map(rounded), [2, 2, 0, 0, 7, 0]);
	const loss = { mse: 9.625, sparsity: 1.375, aux: 0.5 };
	const actual = Object.entries(step.parts).map(([p, v]) => [p, rounded(v)]);
	const expected = { ...loss, l0: 1.5, l1: 5.5 };
	assert.deepEqual(Object.fromEntries(actual), expected);
	const book = Object.entries(step.textbook).map(([p, v]) => [p, rounded(v)]);
	assert.deepEqual(Object.fromEntries(book), { ...loss, total: 11.5 });
	assert.deepEqual(step.fired, [1, 1, 0]);
	// W_dec learns from x̂ alone: latent 2 never fires, though its gate was open and had an error to explain.
	assert.deepEqual(step.gradients.W_dec.slice(4), [0, 0]);
	// Latent 0's gate: 1 in the penalty of one row of two, halved again by λ; and its own error, (−1, 0) along (1, 0).
	assert.equal(step.gradients.b_gate[0], 0.25 - 1);
});

function rounded(value: number): number {
	return Math.round(1e5 * value) / 1e5 + 0;
}

test("the weights are copies in SAELens's layout, with thresholds instead of their logarithms", () => {
	const tensors = Object.fromEntries(
		["b_enc", "b_gate", "b_mag", "r_mag", "log_threshold"].map((p, i) => [
			p,
			Float32Array.of(i, i + 0.25, i + 0.5),
		]),
	);
	tensors.W_enc = Float32Array.of(1, 2, 3, 4, 5, 6); // [d_sae, d_in]
	tensors.W_dec = Float32Array.of(6, 5, 4, 3, 2, 1);
	tensors.b_dec = Float32Array.of(7, 8);
	const state = { tensors, numbers: {} };
	const all = {
		W_enc: Float32Array.of(1, 3, 5, 2, 4, 6), // [d_in, d_sae]
		W_dec: tensors.W_dec.slice(),
		b_dec: tensors.b_dec.slice(),
	};
	const b_enc = tensors.b_enc.slice();
	const threshold = tensors.log_threshold.map(Math.exp);
	const { b_gate, b_mag, r_mag } = tensors;
	const gates = {
		b_gate: b_gate.slice(),
		b_mag: b_mag.slice(),
		r_mag: r_mag.slice(),
	};
	const weights = [standard, jumprelu, gated].map((rules) =>
		rules.weights(state, small),
	);
	for (const tensor of Object.values(tensors)) tensor.fill(-1);
	assert.deepEqual(weights[0], { ...all, b_enc });
	assert.deepEqual(weights[1], { ...all, b_enc, threshold });
	assert.deepEqual(weights[2], { ...all, ...gates });
});
