import assert from "node:assert/strict";
import test from "node:test";
import { random } from "../../../src/random";
import { topk } from "../../../src/sae/architectures/topk";
import { assertGradients, disturbed, normals, shape } from "./oracle";

for (const dead of [[], [0, 3, 17, 60], [...Array(30).keys()]])
	test(`the topk step's gradients and loss are those of TensorFlow.js with ${dead.length} dead latents`, async () => {
		const trainee = await disturbed(topk);
		// A dead latent seldom fires: a low bias keeps it out of the first k without making all of it negative.
		for (const i of dead) trainee.store.array.b_enc[i] -= 3;
		const plan = { dead: Uint32Array.from(dead) };
		const { aux } = await assertGradients(topk, trainee, plan);
		assert.equal(aux > 0, dead.length > 0);
		await trainee.release();
	});

test("a topk step keeps the decoder's rows at length 1, and its gradient off them", async () => {
	const trainee = await disturbed(topk);
	const { array, at, kernels } = trainee.store;
	kernels.normalizeRows(at.W_dec, shape.d_sae, shape.d_in);
	trainee.x.set(normals(trainee.x.length, random(3)));
	await trainee.step([
		{ t: 1, lr: 0.1, coefficient: 0, dead: new Uint32Array(0) },
	]);
	for (let i = 0; i < shape.d_sae; i++) {
		const row = array.W_dec.subarray(i * shape.d_in, (i + 1) * shape.d_in);
		assert.ok(Math.abs(Math.hypot(...row) - 1) < 1e-5);
	}
	await trainee.release();
});
