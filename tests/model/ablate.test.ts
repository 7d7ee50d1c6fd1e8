import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ablate, loadModel, type Model } from "../../src/model";
import { recordHtml } from "../../src/notebook/records";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
let model: Model;
before(async () => {
	model = await loadModel(writeRandomGpt2(folder));
});
after(async () => {
	await model.dispose();
	remove();
});

const over = ["Hello there", "a cat", "one two three", "xyz"];
const text = "The dog";
const hook_name = "blocks.1.attn.hook_z";
const [d_head, d_model] = [8, 16];

test("zero says its convention, in each intervention and where it is shown", async () => {
	const [head] = ablate(model, "L1H1");
	assert.match(
		head.says ?? "",
		/L1H1 set to zero: z is 0, the value bias in it included: .* without processing/,
	);
	const record = await ablate(model, ["L1H1", "L2"], { method: "zero" });
	assert.deepEqual(record.interventions, ablate(model, "L1H1", "L2"));
	assert.match(
		recordHtml(record).text,
		/Ablation \(zero\) of 3 places.*fold_value_biases/s,
	);
});

test("a head's mean is one intervention: over the tokens of texts, without padding and BOS", async () => {
	const made = await ablate(model, ["L1H1"], { method: "mean", over });
	// by hand: each text alone, so that there is no padding; the first token is BOS
	const sum = new Float64Array(d_head);
	let n = 0;
	for (const one of over) {
		const { cache, tokens } = await model.run(one, { hooks: [hook_name] });
		for (let at = 1; at < tokens.seq; at++, n++)
			for (let i = 0; i < d_head; i++)
				sum[i] += cache[hook_name].data[at * d_model + d_head + i];
	}
	assert.deepEqual(made.over, { texts: 4, tokens: n });
	assert.equal(made.interventions.length, 1);
	const { cache } = await model.run(text, {
		hooks: [hook_name],
		interventions: made.interventions,
	});
	const plain = await model.run(text, { hooks: [hook_name] });
	const { data } = cache[hook_name];
	for (let at = 0; at < data.length; at++) {
		const unit = (at % d_model) - d_head;
		const wanted = unit >= 0 ? sum[unit] / n : plain.cache[hook_name].data[at];
		assert.ok(Math.abs(data[at] - wanted) < 1e-5);
	}
	assert.match(
		made.interventions[0].says ?? "",
		new RegExp(
			`mean over ${n} tokens of 4 texts, without padding, BOS and EOS`,
		),
	);
	assert.match(recordHtml(made).text, /Ablation \(mean\) of 1 place/);
});

test("the mean of a layer, a neuron and several heads, at one position", async () => {
	const made = await ablate(model, ["L0", "L2N5", "L1H0", "L1H1"], {
		method: "mean",
		over,
		positions: [-1],
	});
	const hooks = made.interventions.map((one) => one.hook_name);
	assert.deepEqual(hooks, [
		"blocks.0.hook_attn_out",
		"blocks.0.hook_mlp_out",
		"blocks.2.mlp.hook_post",
		"blocks.1.attn.hook_z",
		"blocks.1.attn.hook_z",
	]);
	const { interventions } = made;
	const changed = await model.run(text, { hooks, interventions });
	const plain = await model.run(text, { hooks });
	for (const hook of ["blocks.0.hook_attn_out", "blocks.1.attn.hook_z"]) {
		const [a, b] = [changed, plain].map(({ cache }) => cache[hook].data);
		const last = a.length - d_model;
		assert.deepEqual(a.subarray(0, last), b.subarray(0, last));
		assert.notDeepEqual(a.subarray(last), b.subarray(last));
	}
	const given = await model.generate(text, {
		interventions,
		max_new_tokens: 3,
	});
	assert.equal(given.ids.length, 3);
});

test("resampling puts a part's values in another text in its place, position by position", async () => {
	const input = ["The dog", "xyz"];
	const options = { method: "resample", over, input, seed: 3 } as const;
	const made = await ablate(model, ["L1H1", "L0.mlp"], options);
	const again = await ablate(model, ["L1H1", "L0.mlp"], options);
	assert.deepEqual(made, again);
	const source = made.source ?? new Int32Array();
	assert.notEqual(source[1], 3, "no text stands in for itself");
	const hooks = [hook_name, "blocks.0.hook_mlp_out"] as const;
	const { interventions } = made;
	const { cache, tokens } = await model.run(input, {
		hooks: [...hooks],
		interventions,
	});
	for (const [text, from] of source.entries()) {
		assert.ok(over[from].length >= input[text].length);
		const theirs = await model.run(over[from], { hooks: [...hooks] });
		for (let at = 0; at < tokens.lengths[text]; at++)
			for (let i = 0; i < d_head; i++) {
				const row = (text * tokens.seq + at) * d_model;
				const z = cache[hook_name].data[row + d_head + i];
				assert.ok(
					Math.abs(
						theirs.cache["blocks.0.hook_mlp_out"].data[at * d_model + i] -
							cache["blocks.0.hook_mlp_out"].data[row + i],
					) < 1e-5,
				);
				assert.ok(
					Math.abs(
						theirs.cache[hook_name].data[at * d_model + d_head + i] - z,
					) < 1e-5,
				);
			}
	}
});

test("what an ablation lacks is said", async () => {
	const rejects = (options: object, why: RegExp) =>
		assert.rejects(ablate(model, ["L1H1"], options as { method: "mean" }), why);
	await rejects({ method: "mean" }, /by "mean" needs over: the texts/);
	await rejects({ method: "resample", over }, /by "resample" needs input/);
	await rejects(
		{ method: "median", over },
		/method of an ablation is "median"/,
	);
	await rejects(
		{ method: "resample", over: ["ab"], input: "long enough" },
		/no other text of the 1 to draw from/,
	);
	await rejects(
		{ method: "mean", over: model.batch([[256]]) },
		/no token besides BOS and EOS/,
	);
	await assert.rejects(
		ablate(model, ["L9H0"], { method: "mean", over }),
		/no layer 9/,
	);
});

test("some units are replaced or added to, the others stay", async () => {
	const hook = "blocks.1.hook_resid_post";
	const { cache } = await model.run(text, {
		hooks: [hook],
		interventions: [
			{
				type: "replace",
				hook_name: hook,
				units: [5, 2],
				values: Float32Array.of(7, 8),
			},
			{
				type: "add",
				hook_name: hook,
				units: [2],
				values: Float32Array.of(1),
				scale: 2,
				positions: [1],
			},
		],
	});
	const plain = (await model.run(text, { hooks: [hook] })).cache[hook].data;
	cache[hook].data.forEach((value, at) => {
		const unit = at % d_model;
		const extra = Math.floor(at / d_model) === 1 ? 2 : 0;
		if (unit === 5) assert.equal(value, 7);
		else if (unit === 2) assert.equal(value, 8 + extra);
		else assert.ok(Math.abs(value - plain[at]) < 1e-6);
	});
	const wrong = (units: number[], n: number) =>
		model.run(text, {
			interventions: [
				{
					type: "replace",
					hook_name: hook,
					units,
					values: new Float32Array(n),
				},
			],
		});
	await assert.rejects(wrong([16], 1), /unit 16, but the units are 0 to 15/);
	await assert.rejects(wrong([3, 3], 2), /names a unit twice/);
	await assert.rejects(wrong([3], 16), /has 16 values, where 1 \(the same/);
});
