import assert from "node:assert/strict";
import test from "node:test";
import type * as Tf from "@tensorflow/tfjs";
import { random } from "../../../src/random";
import { parameters, type Trainee } from "../../../src/sae/engine/trainee";
import type { LossParts, SaeTensors } from "../../../src/sae/architectures/textbook";
import { standardLoss, standardTrainee } from "../../../src/sae/architectures/standard";
import { loadTfjs } from "../../../src/sae/engine/tfjs";
import { topkLoss, topkTrainee } from "../../../src/sae/architectures/topk";

const shape = { d_in: 23, d_sae: 61, batch: 37 };
const source = random(7);

function normals(n: number, scale = 1): Float32Array {
	return Float32Array.from({ length: n }, () => scale * source.normal());
}

/** Puts weights and rows of no special form into a trainee. */
function disturb({ store: { array } }: Trainee): void {
	array.x.set(normals(array.x.length, 2));
	for (const p of parameters)
		normals(array[p].length, 0.3).forEach((v, i) => {
			array[p][i] += v;
		});
}

/** The gradients of TensorFlow.js at the trainee's weights, and the loss. */
function autodiff(
	tf: typeof Tf,
	trainee: Trainee,
	loss: (x: Tf.Tensor2D, w: SaeTensors) => LossParts,
) {
	return tf.tidy(() => {
		const w = trainee.weights();
		const { d_in, d_sae, batch } = shape;
		const x = tf.tensor2d(trainee.store.array.x.slice(), [batch, d_in]);
		const at = [
			tf.tensor2d(w.W_enc, [d_in, d_sae]),
			tf.tensor1d(w.b_enc),
			tf.tensor2d(w.W_dec, [d_sae, d_in]),
			tf.tensor1d(w.b_dec),
		];
		const named = (t: Tf.Tensor[]) =>
			Object.fromEntries(
				parameters.map((p, i) => [p, t[i]]),
			) as unknown as SaeTensors;
		const gradients = tf.grads((...t) => loss(x, named(t)).total)(at);
		return {
			loss: loss(x, named(at)).total.dataSync()[0],
			gradients: gradients.map((g) => g.dataSync() as Float32Array),
		};
	});
}

/** max |Δ| / max |g| of each tensor is at most 1e-4. */
function same(
	trainee: Trainee,
	expected: Float32Array[],
	transposed: boolean,
): void {
	const { d_in, d_sae } = shape;
	parameters.forEach((p, n) => {
		const actual = trainee.store.array[`g_${p}`];
		let [difference, size] = [0, 0];
		expected[n].forEach((g, i) => {
			const at =
				p === "W_enc" && transposed
					? (i % d_sae) * d_in + Math.floor(i / d_sae)
					: i;
			difference = Math.max(difference, Math.abs(actual[at] - g));
			size = Math.max(size, Math.abs(g));
		});
		assert.ok(size > 0, `${p} has a gradient`);
		assert.ok(difference / size <= 1e-4, `${p} is off by ${difference / size}`);
	});
}

function close(actual: number, expected: number): void {
	assert.ok(
		Math.abs(actual - expected) <= 1e-4 * Math.abs(expected),
		`${actual} is not ${expected}`,
	);
}

test("the standard step's gradients and loss are those of TensorFlow.js", async () => {
	const { tf } = await loadTfjs();
	const trainee = await standardTrainee(shape, normals(shape.d_in), random(1));
	disturb(trainee);
	const l1 = 1.7;
	const parts = await trainee.gradients({ l1, dead: new Uint32Array(0) });
	const oracle = autodiff(tf, trainee, (x, w) => standardLoss(tf, x, w, l1));
	close(parts.mse + l1 * parts.l1, oracle.loss);
	same(trainee, oracle.gradients, false);
	await trainee.release();
});

for (const dead of [[], [0, 3, 17, 60], [...Array(30).keys()]])
	test(`the topk step's gradients and loss are those of TensorFlow.js with ${dead.length} dead latents`, async () => {
		const { tf } = await loadTfjs();
		const settings = { k: 6, aux_loss_coefficient: 0.8 };
		const trainee = await topkTrainee(
			shape,
			settings,
			normals(shape.d_in),
			random(2),
		);
		disturb(trainee);
		// A dead latent seldom fires: a low bias keeps it out of the first k without making all of it negative.
		for (const i of dead) trainee.store.array.b_enc[i] -= 3;
		const parts = await trainee.gradients({
			l1: 0,
			dead: Uint32Array.from(dead),
		});
		const mask = new Float32Array(shape.d_sae);
		for (const i of dead) mask[i] = 1;
		const oracle = autodiff(tf, trainee, (x, w) =>
			topkLoss(tf, x, w, { ...settings, dead: tf.tensor1d(mask) }),
		);
		assert.equal(parts.aux > 0, dead.length > 0);
		close(parts.mse + parts.aux, oracle.loss);
		same(trainee, oracle.gradients, true);
		await trainee.release();
	});

test("the topk step keeps the decoder's rows at length 1, and its gradient off them", async () => {
	const trainee = await topkTrainee(
		shape,
		{ k: 4, aux_loss_coefficient: 1 },
		new Float32Array(shape.d_in),
		random(3),
	);
	const { array, at, kernels } = trainee.store;
	array.x.set(normals(array.x.length));
	await trainee.gradients({ l1: 0, dead: new Uint32Array(0) });
	trainee.projectGradient();
	for (let i = 0; i < shape.d_sae; i++) {
		const row = 4 * i * shape.d_in;
		const along = kernels.dot(at.g_W_dec + row, at.W_dec + row, shape.d_in);
		assert.ok(Math.abs(along) < 1e-4);
	}
	kernels.axpy(at.W_dec, at.g_W_dec, -0.1, array.W_dec.length);
	trainee.constrain();
	for (let i = 0; i < shape.d_sae; i++) {
		const row = 4 * i * shape.d_in;
		const square = kernels.sumSquares(at.W_dec + row, shape.d_in);
		assert.ok(Math.abs(square - 1) < 1e-5);
	}
	await trainee.release();
});
