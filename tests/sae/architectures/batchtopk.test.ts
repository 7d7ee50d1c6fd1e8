import assert from "node:assert/strict";
import test from "node:test";
import {
	batchtopk,
	keptOfBatch,
} from "../../../src/sae/architectures/batchtopk";
import { matryoshka } from "../../../src/sae/architectures/matryoshka";
import type { CpuTrainee } from "../../../src/sae/engine/cpu";
import { loadTfjs } from "../../../src/sae/engine/tfjs";
import type { StepPlan } from "../../../src/sae/engine/trainee";
import { assertGradients, disturbed, settings, shape } from "./oracle";

const some = [0, 3, 17, 60];
const many = [...Array(30).keys()];

for (const [name, rules] of Object.entries({ batchtopk, matryoshka })) {
	for (const dead of [[], some, many])
		test(`the ${name} step's gradients and loss are those of TensorFlow.js with ${dead.length} dead latents`, async () => {
			const trainee = await disturbed(rules);
			for (const i of dead) trainee.store.array.b_enc[i] -= 3;
			const plan = { dead: Uint32Array.from(dead) };
			const { aux, l0 } = await assertGradients(rules, trainee, plan);
			assert.equal(aux > 0, dead.length > 0 || name === "matryoshka");
			assert.equal(l0, settings.k);
			await trainee.release();
		});

	test(`a ${name} row may take many more latents than k`, async () => {
		const trainee = await disturbed(rules);
		const row = trainee.x.subarray(5 * shape.d_in, 6 * shape.d_in);
		for (let i = 0; i < row.length; i++) row[i] *= 100;
		await assertGradients(rules, trainee, {});
		await trainee.release();
	});
}

/** Two rows of two values, three latents that read and write x₀, x₁ and −x₀; k = 1, so that two latents fire in all. */
async function byHand(rules: typeof batchtopk): Promise<CpuTrainee> {
	const small = { d_in: 2, d_sae: 3, batch: 2 };
	const given = { ...settings, k: 1, matryoshka_widths: [1, 3] };
	const trainee = (await rules.open(small, given)) as CpuTrainee;
	const latents = Float32Array.of(1, 0, 0, 1, -1, 0);
	await trainee.write({ tensors: { W_enc: latents, W_dec: latents } });
	trainee.x.set([3, 2, 1, 0.5]);
	return trainee;
}

const plan: StepPlan = {
	t: 1,
	lr: 0,
	coefficient: 0,
	dead: new Uint32Array(0),
};

// pre: (3, 2, −3), (1, 0.5, −1). The two largest are both of the first row; the second one's error is (1, 0.5).
test("batchtopk keeps the largest of the batch, whichever row they are of", async () => {
	const trainee = await byHand(batchtopk);
	const [result] = await trainee.step([plan]);
	const { fired, ...loss } = result;
	assert.deepEqual([...fired], [1, 1, 0]);
	assert.deepEqual(loss, { mse: 0.625, sparsity: 0, aux: 0, l0: 1, l1: 2.5 });
	await trainee.release();
});

test("the running threshold follows the smallest latent kept, and stays where nothing fires", async () => {
	const trainee = await byHand(batchtopk);
	const { numbers } = await trainee.read();
	assert.equal(numbers.threshold, 0);
	await trainee.step([plan]);
	assert.equal(numbers.threshold, 0.01 * 2);
	trainee.x.set([0.5, 0, 0, -1]); // one latent above zero, where two could fire
	const [{ l0 }] = await trainee.step([plan]);
	assert.equal(l0, 0.5);
	assert.equal(numbers.threshold, 0.99 * 0.02 + 0.01 * 0.5);
	trainee.x.fill(0);
	await trainee.step([plan]);
	assert.equal(numbers.threshold, 0.99 * 0.02 + 0.01 * 0.5);
	await trainee.release();
});

test("the threshold is part of the state: it can be set, and every latent of the weights has it", async () => {
	const trainee = await byHand(batchtopk);
	await trainee.write({ numbers: { threshold: 0.75 } });
	const state = await trainee.read();
	const weights = batchtopk.weights(state, trainee.shape);
	assert.deepEqual(weights.threshold, Float32Array.of(0.75, 0.75, 0.75));
	assert.deepEqual([...weights.W_enc], [1, 0, -1, 0, 1, 0]);
	await trainee.release();
});

test("rows that are all alike still have exactly k latents a row in all", async () => {
	for (const rules of [batchtopk, matryoshka]) {
		const trainee = await disturbed(rules, { k: 4 });
		const row = trainee.x.slice(0, shape.d_in);
		for (let at = 0; at < trainee.x.length; at += shape.d_in)
			trainee.x.set(row, at);
		const [{ l0 }] = await trainee.step([plan]);
		assert.equal(l0, 4);
		await trainee.release();
	}
});

// The first latent alone gives (3, 0) for the first row and nothing for the second: errors (0, −2) and (−1, −0.5).
test("matryoshka adds the errors of its inner widths, and sends them back to the latents that made them", async () => {
	const trainee = await byHand(matryoshka);
	const loss = await trainee.gradients(plan);
	const inner = (4 + 1.25) / 2;
	assert.deepEqual(loss, {
		mse: 0.625,
		sparsity: 0,
		aux: inner,
		l0: 1,
		l1: 2.5,
	});
	const { g_W_dec, g_b_dec, g_b_enc } = trainee.store.array;
	const plain = (values: Float32Array) => [...values].map((v) => v + 0);
	assert.deepEqual(plain(g_W_dec), [0, -6, 0, 0, 0, 0]);
	assert.deepEqual(plain(g_b_enc), [0, 0, 0]);
	assert.deepEqual(plain(g_b_dec), [-1 - 1, -2.5 - 0.5]);
	await trainee.release();
});

test("in the textbook, too, exactly k latents a row are kept of equal ones, the first of them", async () => {
	const { tf } = await loadTfjs();
	const kept = tf.tidy(() => {
		const pre = tf.tensor2d([2, 1, 1, 1, -3, 1, 3, 1], [2, 4]);
		return [...keptOfBatch(tf, pre, 2).dataSync()];
	});
	assert.deepEqual(kept, [2, 1, 1, 0, 0, 0, 3, 0]);
});

test("a matryoshka of one width is a batchtopk", async () => {
	const change = { matryoshka_widths: [shape.d_sae] };
	const [one, other] = [
		await disturbed(batchtopk, change),
		await disturbed(matryoshka, change),
	];
	const dead = Uint32Array.from(some);
	const now = { ...plan, dead };
	assert.deepEqual(await one.gradients(now), await other.gradients(now));
	for (const p of batchtopk.parameters)
		assert.deepEqual(one.store.array[`g_${p}`], other.store.array[`g_${p}`]);
	await assertGradients(matryoshka, other, now, change);
	await one.release();
	await other.release();
});
