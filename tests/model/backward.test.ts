import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as ort from "onnxruntime-node";
import {
	buildBackward,
	type Gpt2Sizes,
	gradientOf,
	weightShapes,
} from "../../src/model/backward";
import { random } from "../../src/random";
import { textbookLoss } from "./textbook-gpt2";

const sizes: Gpt2Sizes = {
	n_layers: 2,
	n_heads: 4,
	d_model: 16,
	d_mlp: 64,
	n_ctx: 12,
	d_vocab: 11,
	layer_norm_epsilon: 1e-5,
};
const [batch, seq] = [3, 7];
const shapes = weightShapes(sizes);
const r = random(5);
const weights = Object.fromEntries(
	Object.entries(shapes).map(([name, shape]) => [
		name,
		Float32Array.from(
			{ length: shape.reduce((a, b) => a * b, 1) },
			() => (name.includes("ln_") ? 0.8 : 0) + 0.3 * r.normal(),
		),
	]),
);
const ids = Int32Array.from({ length: batch * seq }, () => r.int(11));
const targets = Int32Array.from({ length: batch * seq }, () => r.int(11));
targets.fill(-1, 2 * seq - 3, 2 * seq); // the second sequence ends early

const emphasis = new Float32Array(batch * seq).fill(1);

async function run(outputs?: string[]) {
	const session = await ort.InferenceSession.create(
		buildBackward(sizes, outputs),
		{ intraOpNumThreads: 1, logSeverityLevel: 3 },
	);
	const feeds: Record<string, ort.Tensor> = {};
	for (const name of session.inputNames)
		if (name in weights)
			feeds[name] = new ort.Tensor("float32", weights[name], shapes[name]);
	feeds.ids = new ort.Tensor("int32", ids, [batch, seq]);
	if (session.inputNames.includes("emphasis"))
		feeds.emphasis = new ort.Tensor("float32", emphasis, [batch, seq]);
	feeds.targets = new ort.Tensor("int32", targets, [batch, seq]);
	const out = await session.run(feeds);
	await session.release();
	return out;
}

function worst(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
	assert.equal(ours.length, theirs.length);
	let [difference, largest] = [0, 0];
	for (let i = 0; i < ours.length; i++) {
		difference = Math.max(difference, Math.abs(ours[i] - theirs[i]));
		largest = Math.max(largest, Math.abs(theirs[i]));
	}
	return difference / largest;
}

test("the loss and the gradient of every weight equal those of TensorFlow.js's autodiff", async () => {
	await tf.setBackend("cpu");
	const names = Object.keys(shapes);
	const theirs = tf.valueAndGrads((...given: tf.Tensor[]) =>
		textbookLoss(
			sizes,
			Object.fromEntries(given.map((t, i) => [names[i], t])),
			{ ids, targets, batch, seq },
		),
	)(names.map((name) => tf.tensor(weights[name], shapes[name])));
	const ours = await run();
	const loss = theirs.value.dataSync()[0];
	assert.ok(Math.abs(Number(ours.loss.data[0]) - loss) < 1e-4 * loss);
	assert.equal(Number(ours.count.data[0]), batch * seq - 3);
	names.forEach((name, i) => {
		const off = worst(
			ours[gradientOf(name)].data as Float32Array,
			theirs.grads[i].dataSync(),
		);
		assert.ok(off <= 1e-4, `${name}: ${off}`);
	});
});

test("the gradient of the residual stream equals autodiff's at every layer", async () => {
	await tf.setBackend("cpu");
	const w = Object.fromEntries(
		Object.entries(weights).map(([name, data]) => [
			name,
			tf.tensor(data, shapes[name]),
		]),
	);
	const hooks = [0, 1].map((layer) => `grad.blocks.${layer}.hook_resid_post`);
	const ours = await run(hooks);
	for (const layer of [0, 1]) {
		const theirs = tf.grad((nudge: tf.Tensor) =>
			textbookLoss(
				sizes,
				w,
				{ ids, targets, batch, seq },
				{
					[`blocks.${layer}.hook_resid_post`]: nudge,
				},
			),
		)(tf.zeros([batch, seq, sizes.d_model]));
		const off = worst(
			ours[hooks[layer]].data as Float32Array,
			theirs.dataSync(),
		);
		assert.ok(off <= 1e-4, `layer ${layer}: ${off}`);
	}
});

test("what is behind a sequence's last target changes nothing", async () => {
	const before = await run(["nats"]);
	const padding = 2 * seq - 2;
	ids[padding] = (ids[padding] + 1) % 11;
	const after = await run(["nats"]);
	assert.deepEqual(after.nats.data, before.nats.data);
});

test("a target with the emphasis 2 counts twice in the gradient and once in the loss", async () => {
	const table = gradientOf("transformer.wte.weight");
	const gradient = async () => (await run([table]))[table].data as Float32Array;
	const plain = await gradient();
	emphasis.fill(0);
	emphasis[4] = 1;
	const one = await gradient();
	emphasis.fill(1);
	emphasis[4] = 2;
	const twice = await run([table]);
	const expected = plain.map((g, i) => g + one[i]);
	assert.ok(worst(twice[table].data as Float32Array, expected) < 1e-5);
	emphasis.fill(1);
	assert.deepEqual(twice.loss.data, (await run([table])).loss.data);
});
