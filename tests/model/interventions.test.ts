import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openSafetensors, readTensor } from "../../src/formats/safetensors";
import {
	type HookName,
	type Intervention,
	loadModel,
	type Model,
} from "../../src/model";
import { forward } from "../reference-gpt2";
import { smallConfig, temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
const path = writeRandomGpt2(join(folder, "model"), { seed: 5 });
let model: Model;
before(async () => {
	model = await loadModel(path);
});
after(async () => {
	await model.dispose();
	remove();
});

const one = Int32Array.of(256, 104, 101, 108, 108, 111);
const other = Int32Array.of(256, 97, 98, 99, 100, 101);
const d = smallConfig.n_embd;

async function logitsOf(
	texts: Int32Array[],
	interventions: Intervention[] = [],
): Promise<Float32Array> {
	const { logits } = await model.run(model.batch(texts), { interventions });
	assert.ok(logits);
	return logits.data;
}

async function valuesOf(texts: Int32Array[], hook: HookName) {
	const { cache } = await model.run(model.batch(texts), { hooks: [hook] });
	return cache[hook].data;
}

function near(a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 1e-5) {
	assert.equal(a.length, b.length);
	for (let i = 0; i < a.length; i++)
		assert.ok(Math.abs(a[i] - b[i]) <= tolerance, `${a[i]} and ${b[i]}`);
}

function differ(a: ArrayLike<number>, b: ArrayLike<number>) {
	assert.throws(() => near(a, b, 1e-2));
}

const changeable: HookName[] = [
	"hook_embed",
	"blocks.0.hook_resid_pre",
	"blocks.1.hook_attn_out",
	"blocks.1.hook_resid_mid",
	"blocks.1.mlp.hook_post",
	"blocks.2.hook_mlp_out",
	"blocks.2.hook_resid_post",
	"ln_final.hook_normalized",
];

test("replacing values by themselves leaves the logits unchanged, at every hook and at all at once", async () => {
	const plain = await logitsOf([one, other]);
	const all: Intervention[] = [];
	for (const hook_name of changeable) {
		const values = await valuesOf([one, other], hook_name);
		const replace: Intervention = { type: "replace", hook_name, values };
		near(await logitsOf([one, other], [replace]), plain);
		all.push(replace);
	}
	near(await logitsOf([one, other], all), plain);
});

test("patching a whole residual stream in gives the logits of the text it came from", async () => {
	const plain = await logitsOf([other]);
	differ(await logitsOf([one]), plain);
	for (const hook_name of [
		"blocks.0.hook_resid_post",
		"blocks.1.hook_resid_mid",
		"blocks.2.hook_resid_post",
	] as HookName[]) {
		const values = await valuesOf([other], hook_name);
		near(
			await logitsOf([one], [{ type: "replace", hook_name, values }]),
			plain,
		);
	}
});

test("a change at some positions leaves the logits before them as they were", async () => {
	const plain = await logitsOf([one]);
	const hook_name = "blocks.1.hook_resid_post";
	const values = await valuesOf([other], hook_name);
	const patched = await logitsOf(
		[one],
		[{ type: "replace", hook_name, values, positions: [3] }],
	);
	const before = 3 * smallConfig.vocab_size;
	near(patched.subarray(0, before), plain.subarray(0, before));
	differ(patched.subarray(before), plain.subarray(before));
	const changed = await model.run(model.batch([one]), {
		hooks: [hook_name],
		interventions: [{ type: "replace", hook_name, values, positions: [3] }],
	});
	near(
		changed.cache[hook_name].data.subarray(3 * d, 4 * d),
		values.subarray(3 * d, 4 * d),
		0,
	);
});

test("neurons scaled to 0 equal a model whose rows of W_out are 0", async () => {
	const units = [0, 7, 63];
	const ablated = await logitsOf(
		[one],
		[
			{
				type: "scale",
				hook_name: "blocks.1.mlp.hook_post",
				factor: 0,
				units,
			},
		],
	);
	const file = openSafetensors(join(path, "model.safetensors"));
	const { logits } = forward(smallConfig, one, (name) => {
		const data = readTensor(file, `transformer.${name}`);
		if (name === "h.1.mlp.c_proj.weight")
			for (const unit of units) data.fill(0, unit * d, (unit + 1) * d);
		return data;
	});
	near(ablated, logits, 1e-4);
	differ(await logitsOf([one]), ablated);
});

test("adding the MLP's output twice equals scaling it by 3", async () => {
	const hook_name = "blocks.0.hook_mlp_out";
	const values = await valuesOf([one], hook_name);
	near(
		await logitsOf([one], [{ type: "add", hook_name, values, scale: 2 }]),
		await logitsOf([one], [{ type: "scale", hook_name, factor: 3 }]),
		1e-4,
	);
});

test("values of one token's width apply to every token", async () => {
	const hook_name = "blocks.1.hook_resid_pre";
	const direction = Float32Array.from({ length: d }, (_, i) => Math.sin(i));
	const values = new Float32Array(2 * 6 * d);
	for (let token = 0; token < 12; token++) values.set(direction, token * d);
	near(
		await logitsOf(
			[one, other],
			[{ type: "add", hook_name, values: direction }],
		),
		await logitsOf([one, other], [{ type: "add", hook_name, values }]),
	);
});

test("interventions at one hook apply in the order given", async () => {
	const hook_name = "blocks.1.hook_attn_out";
	const values = new Float32Array(d).fill(0.5);
	const scale: Intervention = { type: "scale", hook_name, factor: 2 };
	const add: Intervention = { type: "add", hook_name, values };
	const replace: Intervention = { type: "replace", hook_name, values };
	const after = async (interventions: Intervention[]) => {
		const { cache } = await model.run(model.batch([one]), {
			hooks: [hook_name],
			interventions,
		});
		return cache[hook_name].data;
	};
	const x = await valuesOf([one], hook_name);
	near(
		await after([scale, add]),
		x.map((v) => 2 * v + 0.5),
	);
	near(
		await after([add, scale]),
		x.map((v) => 2 * (v + 0.5)),
	);
	near(
		await after([add, replace, scale, add]),
		x.map(() => 1.5),
	);
});

test("each text of a batch is changed by its own values", async () => {
	const hook_name = "blocks.1.hook_resid_post";
	const values = await valuesOf([other, one], hook_name);
	const swapped = await logitsOf(
		[one, other],
		[{ type: "replace", hook_name, values }],
	);
	near(swapped, await logitsOf([other, one]));
});

test("the loss under an intervention is that of the changed logits", async () => {
	const interventions: Intervention[] = [
		{ type: "scale", hook_name: "blocks.0.hook_attn_out", factor: 0 },
	];
	const logits = await logitsOf([one], interventions);
	const { data } = await model.loss(model.batch([one]), { interventions });
	for (let t = 0; t + 1 < one.length; t++) {
		const row = logits.subarray(t * 257, (t + 1) * 257);
		const total = row.reduce((sum, logit) => sum + Math.exp(logit), 0);
		near([data[t]], [Math.log(total) - row[one[t + 1]]], 1e-4);
	}
});

test("interventions that do not fit are refused", async () => {
	const hook_name = "blocks.0.hook_resid_post";
	const values = new Float32Array(5);
	const cases: [Intervention, RegExp][] = [
		[
			{ type: "add", hook_name, values },
			/has 5 values, where 16 .* 1 × 6 × 16/,
		],
		[
			{ type: "scale", hook_name, factor: 0, units: [16] },
			/unit 16, but the units are 0 to 15/,
		],
		[
			{ type: "scale", hook_name, factor: 0, positions: [6] },
			/position 6, but the positions are 0 to 5/,
		],
		[
			{ type: "scale", hook_name: "blocks.0.attn.hook_pattern", factor: 0 },
			/attention pattern/,
		],
		[
			{ type: "scale", hook_name: "blocks.3.hook_resid_post", factor: 0 },
			/no layer 3/,
		],
	];
	for (const [intervention, message] of cases)
		await assert.rejects(logitsOf([one], [intervention]), message);
});
