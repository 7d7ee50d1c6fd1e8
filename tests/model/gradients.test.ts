import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { openSafetensors, readTensor } from "../../src/formats/safetensors";
import {
	type GradientOptions,
	type HookName,
	type Intervention,
	loadModel,
	type Metric,
	type Model,
} from "../../src/model";
import { random } from "../../src/random";
import { at } from "../../src/tensors";
import { largestDifference } from "../numbers";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";
import { textbookLoss } from "./textbook-gpt2";

const { folder, remove } = temporaryFolder();
let model: Model;
before(async () => {
	model = await loadModel(writeRandomGpt2(join(folder, "model"), { seed: 5 }));
});
after(async () => {
	await model.dispose();
	remove();
});

const r = random(4);
const normals = (length: number) =>
	Float32Array.from({ length }, () => r.normal());

test("the gradient of the loss at a hook is TensorFlow.js's, by autodiff", async () => {
	await tf.setBackend("cpu");
	const file = openSafetensors(join(folder, "model/model.safetensors"));
	const weights = Object.fromEntries(
		[...file.tensors].map(([name, { shape }]) => [
			name,
			tf.tensor(readTensor(file, name), [...shape]),
		]),
	);
	const { n_layers, n_heads, d_model, d_mlp, n_ctx, d_vocab } = model.info;
	const sizes = { n_layers, n_heads, d_model, d_mlp, n_ctx, d_vocab };
	const tokens = model.batch([model.toTokens("a short one")]);
	const { ids, batch, seq } = tokens;
	const targets = Int32Array.from(ids, (_, at) => ids[at + 1] ?? -1);
	const hooks = model.hook_names.filter(
		(name) =>
			/^(hook_embed|ln_final.hook_out)$/.test(name) ||
			/^blocks.1.(?!.*(result|scale|normalized|resid_pre|ln2))/.test(name),
	);
	assert.equal(hooks.length, 2 + 13);
	const { metric, gradients } = await model.runWithGradients(tokens, {
		metric: { type: "loss" },
		hooks,
	});
	for (const hook of hooks) {
		const { dims, data } = gradients[hook];
		const { value, grad } = tf.valueAndGrad((nudge: tf.Tensor) =>
			textbookLoss(
				{ ...sizes, layer_norm_epsilon: 1e-5 },
				weights,
				{ ids, targets, batch, seq },
				{ [hook]: nudge },
			).div(seq - 1),
		)(tf.zeros(dims));
		const theirs = grad.dataSync();
		const largest = Math.max(...theirs.map(Math.abs));
		const off = largestDifference(data, theirs);
		assert.ok(
			largest > 0 && off <= 1e-4 * largest,
			`${hook}: ${off} of ${largest}`,
		);
		assert.ok(Math.abs(value.dataSync()[0] - metric[0]) < 1e-5 * metric[0]);
	}
});

test("the gradient says how the metric changes when a little is added at a hook", async () => {
	const texts = ["the first", "a second text"];
	const tokens = model.batch(texts.map((text) => model.toTokens(text)));
	const metrics: Metric[] = [
		{ type: "loss" },
		{ type: "logit_difference", token: "a", versus: "b" },
		{ type: "log_probability", token: ["x", "y"], position: 4 },
	];
	const places: HookName[] = model.hook_names
		.filter((name) => !/scale|scores|pattern|result/.test(name))
		.filter((_, i) => i % 4 === 1); // 14 a layer: in three layers, all but a few
	const interventions: Intervention[] = [
		{ type: "scale", hook_name: "blocks.0.hook_mlp_out", factor: 0.5 },
		{
			type: "project",
			hook_name: "blocks.1.hook_resid_post",
			direction: normals(16),
		},
	];
	for (const [i, hook_name] of places.entries()) {
		const metric = metrics[i % 3];
		const options: GradientOptions = {
			metric,
			hooks: [hook_name],
			interventions,
		};
		const { gradients } = await model.runWithGradients(tokens, options);
		const gradient = gradients[hook_name].data;
		const direction = normals(gradient.length);
		const step = 2e-3;
		const changed = async (scale: number) => {
			const add: Intervention = {
				type: "add",
				hook_name,
				values: direction,
				scale,
			};
			const out = await model.runWithGradients(tokens, {
				...options,
				interventions: [...interventions, add],
			});
			return out.metric;
		};
		const [above, below] = [await changed(step), await changed(-step)];
		for (const text of [0, 1]) {
			const from = (text * gradient.length) / 2;
			let predicted = 0;
			let size = 0;
			for (const [j, slope] of at(gradients[hook_name], text).entries()) {
				predicted += slope * direction[from + j];
				size += (slope * direction[from + j]) ** 2;
			}
			const measured = (above[text] - below[text]) / (2 * step);
			const off = Math.abs(measured - predicted);
			assert.ok(
				off < 0.02 * Math.sqrt(size),
				`${hook_name}, ${metric.type}: ${measured} where ${predicted} was predicted`,
			);
		}
	}
});

test("behind values that stand in for all there were, gradients are those behind the same made by zeros and a sum", async () => {
	const texts = ["the first", "a second text"];
	const tokens = model.batch(texts.map((text) => model.toTokens(text)));
	for (const hook_name of [
		"blocks.1.hook_resid_mid",
		"blocks.0.attn.hook_k",
		"blocks.2.mlp.hook_post",
	] as const) {
		const width = hook_name.endsWith("hook_post") ? 64 : 16;
		const values = normals(tokens.batch * tokens.seq * width);
		const hooks: HookName[] = [
			"hook_embed",
			hook_name,
			"blocks.1.hook_resid_post",
		];
		const under = (interventions: Intervention[]) =>
			model.runWithGradients(tokens, {
				metric: { type: "loss" },
				hooks,
				interventions,
			});
		const whole = await under([{ type: "replace", hook_name, values }]);
		const summed = await under([
			{ type: "scale", hook_name, factor: 0 },
			{ type: "add", hook_name, values },
		]);
		assert.ok(largestDifference(whole.metric, summed.metric) < 1e-5);
		for (const hook of hooks) {
			const [a, b] = [whole, summed].map((r) => r.gradients[hook]);
			assert.deepEqual(a.dims, b.dims);
			for (const text of [0, 1])
				assert.ok(largestDifference(at(a, text), at(b, text)) < 1e-5, hook);
		}
		assert.ok(whole.gradients[hook_name].data.some((v) => Math.abs(v) > 1e-4));
	}
});

test("texts do not interact: each has the gradient that it has alone", async () => {
	const texts = ["short", "a good deal longer"];
	const hooks = [...model.hook_names];
	const metric: Metric = { type: "loss" };
	const both = await model.runWithGradients(texts, { metric, hooks });
	const alone = await model.runWithGradients(texts[1], { metric, hooks });
	assert.ok(Math.abs(both.metric[1] - alone.metric[0]) < 1e-5);
	for (const hook of hooks) {
		const { data } = both.gradients[hook];
		const own = data.subarray(data.length / 2);
		const largest = largestDifference(own, new Float32Array(own.length));
		const off = largestDifference(own, alone.gradients[hook].data);
		assert.ok(off <= 1e-5 * largest, `${hook}: ${off} of ${largest}`);
	}
});

test("the values beside the gradients are those of a run, the metrics those of its logits", async () => {
	const text = "what it is";
	const interventions: Intervention[] = [
		{ type: "add", hook_name: "blocks.1.hook_resid_pre", values: normals(16) },
	];
	const hooks = [...model.hook_names];
	const run = await model.run(text, { hooks, logits: true, interventions });
	const { data = [], dims = [] } = run.logits ?? {};
	const row = Array.from(data.slice(-dims[2]));
	const total = Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0));
	const expected: [Metric, number][] = [
		[{ type: "logit", token: 3 }, row[3]],
		[{ type: "logit_difference", token: 3, versus: 4 }, row[3] - row[4]],
		[{ type: "log_probability", token: 3 }, row[3] - total],
		[{ type: "probability", token: 3 }, Math.exp(row[3] - total)],
	];
	for (const [metric, value] of expected) {
		const out = await model.runWithGradients(text, {
			metric,
			hooks,
			interventions,
		});
		assert.ok(
			Math.abs(out.metric[0] - value) < 1e-5 * Math.max(1, Math.abs(value)),
			`${metric.type}: ${out.metric[0]} and ${value}`,
		);
		for (const hook of hooks) {
			assert.deepEqual(out.cache[hook].dims, run.cache[hook].dims, hook);
			assert.ok(
				largestDifference(out.cache[hook].data, run.cache[hook].data) < 1e-5,
				hook,
			);
		}
	}
});

test("a batch that is too large for one pass goes through in parts", async () => {
	const [batch, seq] = [1900, 32];
	const rows = Array.from({ length: batch }, () =>
		Int32Array.from({ length: seq }, () => r.int(257)),
	);
	const hook_name = "blocks.2.hook_resid_mid";
	const values = normals(batch * seq * 16);
	const options = (values: Float32Array): GradientOptions => ({
		metric: { type: "loss" },
		hooks: [hook_name],
		interventions: [{ type: "add", hook_name, values }],
	});
	const all = await model.runWithGradients(model.batch(rows), options(values));
	const size = seq * 16;
	for (const text of [0, 1000, batch - 1]) {
		const own = (array: Float32Array) =>
			array.slice(text * size, (text + 1) * size);
		const alone = await model.runWithGradients(
			model.batch([rows[text]]),
			options(own(values)),
		);
		assert.ok(Math.abs(all.metric[text] - alone.metric[0]) < 1e-5);
		for (const kind of ["gradients", "cache"] as const) {
			const expected = alone[kind][hook_name].data;
			const largest = largestDifference(expected, new Float32Array(size));
			const off = largestDifference(own(all[kind][hook_name].data), expected);
			assert.ok(off <= 1e-5 * largest, `${kind} of text ${text}: ${off}`);
		}
	}
});

for (const [what, options, message] of [
	[
		"a text that is several tokens",
		{ metric: { type: "logit", token: " Paris" } },
		'The metric\'s token " Paris" is 6 tokens (" ", "P", "a", "r", "i", "s"), where exactly one is needed; give one of them, or an id.',
	],
	[
		"a text that is no token",
		{ metric: { type: "logit_difference", token: 1, versus: "" } },
		'The metric\'s versus "" is 0 tokens, where exactly one is needed; give one of them, or an id.',
	],
	[
		"an id that there is not",
		{ metric: { type: "probability", token: 257 } },
		/^The metric's token is 257, but the ids of ".*" are 0 to 256\.$/,
	],
	[
		"a position outside the text",
		{ metric: { type: "logit", token: 1, position: 3 } },
		"The metric asks for position 3, but text 1 has the positions 0 to 2.",
	],
	[
		"a list that is not one for each text",
		{ metric: { type: "logit", token: [1, 2, 3] } },
		"The metric's token is a list of 3, where one for each of the 2 texts is needed.",
	],
	[
		"a metric without a token",
		{ metric: { type: "logit" } },
		"The metric has no token; give an id, a text that is one token, or a list with one of those for each text.",
	],
	[
		"an unknown metric",
		{ metric: { type: "los" } },
		'There is no metric "los": a metric\'s type is "loss", "logit", "logit_difference", "probability", "log_probability".',
	],
	[
		"no hook",
		{ hooks: [] },
		'No hook was given; runWithGradients needs those whose gradients are wanted, such as hooks: ["hook_embed"].',
	],
	[
		"an unknown hook",
		{ hooks: ["hook_embd"] },
		/^There is no hook "hook_embd"/,
	],
] as const)
	test(`${what} is refused in a sentence`, async () => {
		const usual = { metric: { type: "loss" }, hooks: ["hook_embed"] };
		const given: object = { ...usual, ...options };
		await assert.rejects(
			model.runWithGradients(["four", "is"], given as GradientOptions),
			{ name: "Error", message },
		);
	});

test("a text of one token has no loss, and is named", async () => {
	const tokens = model.batch([Int32Array.of(1, 2), Int32Array.of(3)]);
	await assert.rejects(
		model.runWithGradients(tokens, {
			metric: { type: "loss" },
			hooks: ["hook_embed"],
		}),
		{ message: "The loss needs texts of at least 2 tokens, and text 1 has 1." },
	);
});
