import assert from "node:assert/strict";
import test from "node:test";
import type * as Tf from "@tensorflow/tfjs";
import { random } from "../../../src/random";
import {
	type Architecture,
	detached,
	loadTfjs,
	type TrainOptions,
	trainSae,
} from "../../../src/sae";
import { architectures } from "../../../src/sae/architectures";
import type { TextbookLoss } from "../../../src/sae/architectures/textbook";
import { startingState } from "../../../src/sae/engine/start";
import { openTfjs } from "../../../src/sae/engine/tfjs-trainee";
import { normals, settings, shape } from "../architectures/oracle";
import { planted } from "../fakes";

const { acts } = planted(600, { d_in: 12, d_true: 24, active: 3 });
const few: TrainOptions = {
	architecture: "topk",
	d_sae: 32,
	k: 3,
	train_batch_size_tokens: 64,
	training_tokens: 64 * 12,
	dead_feature_window: 1, // so that the auxiliary loss has something to do
};

for (const architecture of Object.keys(architectures) as Architecture[])
	test(`a few steps of ${architecture} give the same weights by automatic differentiation as by the fast engine`, async () => {
		const [slow, fast] = [
			await trainSae(acts, { ...few, architecture, engine: "tfjs" }),
			await trainSae(acts, { ...few, architecture, engine: "onnx" }),
		];
		for (const p of [
			"W_enc",
			"W_dec",
			"b_dec",
			"b_enc",
			"threshold",
			"b_gate",
			"b_mag",
			"r_mag",
		] as const) {
			assert.equal(slow[p]?.length, fast[p]?.length);
			for (const [i, v] of slow[p]?.entries() ?? []) {
				const other = fast[p]?.[i] ?? Number.NaN;
				assert.ok(Math.abs(v - other) <= 1e-4, `${p}[${i}]: ${v} and ${other}`);
			}
		}
		const [a, b] = [slow.history.records, fast.history.records];
		assert.equal(a.length, 12);
		for (const [i, { seconds, ...record }] of a.entries())
			for (const [name, value] of Object.entries(record)) {
				const other = b[i][name as keyof typeof record] as number;
				const off = Math.abs((value as number) - other);
				assert.ok(off <= 1e-3 * Math.abs(other), `${name}: ${value}, ${other}`);
			}
	});

test("TensorFlow.js holds nothing after a step that it did not hold before", async () => {
	const { tf } = await loadTfjs();
	for (const rules of [architectures.topk, architectures.matryoshka]) {
		const trainee = await openTfjs(rules, shape, settings);
		const source = random(1);
		const b_dec = new Float32Array(shape.d_in);
		await trainee.write(startingState(rules, shape, settings, b_dec, source));
		trainee.x.set(normals(trainee.x.length, source));
		const dead = Uint32Array.of(1, 4);
		const step = (t: number) =>
			trainee.step([{ t, lr: 0.01, coefficient: 1, dead }]);
		await step(1);
		const { numTensors } = tf.memory();
		for (let t = 2; t < 12; t++) await step(t);
		assert.equal(tf.memory().numTensors, numTensors);
		await trainee.release();
	}
});

/** Pseudo-Huber: the squared error of small errors, the absolute one of large ones; the same penalty as standard. */
const huber: TextbookLoss = (_tf, x, w, { coefficient }) => {
	const f = x.sub(w.b_dec).matMul(w.W_enc).add(w.b_enc).relu();
	const error = f.matMul(w.W_dec).add(w.b_dec).sub(x);
	const soft = error.square().add(1).sqrt().sub(1).mul(2);
	const mse = soft.sum(1).mean().asScalar();
	const sparsity = f.sum(1).mean().mul(coefficient).asScalar();
	return { total: mse.add(sparsity).asScalar(), mse, sparsity };
};

test("a loss of a user's own trains, with TensorFlow.js by default, and to other weights than the architecture's", async () => {
	const options: TrainOptions = {
		...few,
		architecture: "standard",
		training_tokens: 64 * 100,
		l1_coefficient: 0.1,
		lr: 0.01,
	};
	const own = await trainSae(acts, { ...options, loss: huber });
	const records = own.history.records;
	const [first, last] = [records[0], records[records.length - 1]];
	assert.ok(last.loss < 0.7 * first.loss, `${first.loss} to ${last.loss}`);
	const textbook = await trainSae(acts, { ...options, engine: "tfjs" });
	assert.notDeepEqual(own.W_dec, textbook.W_dec);
});

test("a loss may leave a tensor out, which then stays as it is", async () => {
	const loss: TextbookLoss = (_tf, x, w) => {
		const f = x.matMul(w.W_enc).relu();
		const mse = f.matMul(w.W_dec).sub(x).square().sum(1).mean().asScalar();
		return { total: mse, mse };
	};
	const sae = await trainSae(acts, { ...few, architecture: "standard", loss });
	assert.ok(sae.b_enc?.every((v) => v === 0));
});

test("a loss that gives no scalar is told what is needed", async () => {
	const losses = {
		"mse as nothing": (_tf, x) => ({ total: x.sum().asScalar() }) as never,
		"total as a tensor of shape \\[64,12\\]": (_tf, x) =>
			({ total: x, mse: x.sum() }) as never,
	} satisfies Record<string, TextbookLoss>;
	for (const [what, loss] of Object.entries(losses))
		await assert.rejects(
			trainSae(acts, { ...few, loss }),
			new RegExp(`The loss gives ${what}; a scalar is needed`),
		);
});

test("an operation without a gradient is named, and detached is the way round it", async () => {
	const clipped: (hold: boolean) => TextbookLoss = (hold) => (tf, x, w) => {
		const error = x.matMul(w.W_enc).relu().matMul(w.W_dec).sub(x);
		const small = (t: Tf.Tensor) => t.abs().less(1).cast("float32");
		const mask = hold ? detached(tf, error, small) : small(error);
		const mse = error.square().mul(mask).sum(1).mean().asScalar();
		return { total: mse, mse };
	};
	await assert.rejects(
		trainSae(acts, { ...few, loss: clipped(false) }),
		/TensorFlow\.js has no gradient for "Less", .*: hold what it computes fixed with detached/,
	);
	const sae = await trainSae(acts, { ...few, loss: clipped(true) });
	assert.ok(sae.W_dec.every(Number.isFinite));
});
