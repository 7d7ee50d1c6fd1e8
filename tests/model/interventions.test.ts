import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
	ablate,
	type HookName,
	hookWidth,
	type Intervention,
	loadModel,
	type Model,
} from "../../src/model";
import { type Random, random } from "../../src/random";
import { largestDifference } from "../numbers";
import { forward, tensorsOf } from "../reference-gpt2";
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
	const tensor = tensorsOf(path);
	const { logits } = forward(smallConfig, one, (name) => {
		const data = tensor(name);
		if (name === "h.1.mlp.c_proj.weight")
			for (const unit of units) data?.fill(0, unit * d, (unit + 1) * d);
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
			/does not have one vector a token/,
		],
		[
			{ type: "scale", hook_name: "blocks.0.ln1.hook_scale", factor: 0 },
			/can be read but not changed; change "blocks\.0\.ln1\.hook_normalized"/,
		],
		[
			{ type: "project", hook_name, direction: new Float32Array(16) },
			/16 values, where 16 that are not all 0 are needed/,
		],
		[
			{ type: "scale", hook_name: "blocks.3.hook_resid_post", factor: 0 },
			/no layer 3/,
		],
	];
	for (const [intervention, message] of cases)
		await assert.rejects(logitsOf([one], [intervention]), message);
});

/** The same interventions on one text's rows, in plain loops. */
function plainly(interventions: Intervention[]) {
	return (hook: string, rows: number[][]): number[][] =>
		interventions
			.filter(({ hook_name }) => hook_name === hook)
			.reduce(
				(x, given) =>
					x.map((row, at) =>
						!given.positions || given.positions.includes(at)
							? changeRow(given, row, at)
							: row,
					),
				rows,
			);
}

function changeRow(given: Intervention, row: number[], at: number): number[] {
	const value = (i: number) =>
		"values" in given
			? given.values[
					given.values.length === row.length ? i : at * row.length + i
				]
			: 0;
	switch (given.type) {
		case "replace":
			return row.map((_, i) => value(i));
		case "add":
			return row.map((x, i) => x + (given.scale ?? 1) * value(i));
		case "scale":
			return row.map((x, i) =>
				given.units && !given.units.includes(i) ? x : x * given.factor,
			);
		case "project": {
			const w = given.direction;
			const dot = row.reduce((sum, x, i) => sum + x * w[i], 0);
			const square = w.reduce((sum, x) => sum + x * x, 0);
			return row.map((x, i) => x - (dot / square) * w[i]);
		}
	}
}

function randomIntervention(draw: Random, seq: number): Intervention {
	const hooks = model.hook_names.filter(
		(hook) => !/scale|pattern|scores|result/.test(hook),
	);
	const hook_name = hooks[draw.int(hooks.length)];
	const width = hookWidth(model.info, hook_name);
	const numbers = (length: number) =>
		Float32Array.from({ length }, () => draw.normal());
	const where = draw.int(2)
		? { positions: [draw.int(seq), draw.int(seq)] }
		: {};
	const values = numbers(draw.int(2) ? width : seq * width);
	const common = { hook_name, ...where };
	switch (draw.int(5)) {
		case 0:
			return { ...common, type: "replace", values };
		case 1:
			return { ...common, type: "add", values, scale: draw.normal() };
		case 2:
			return { ...common, type: "scale", factor: draw.normal() };
		case 3:
			return {
				...common,
				type: "scale",
				factor: 0,
				units: [draw.int(width), draw.int(width)],
			};
		default:
			return { ...common, type: "project", direction: numbers(width) };
	}
}

test("random interventions, several at once and at one hook, equal a plain loop at every hook", async () => {
	const draw = random(17);
	for (let round = 0; round < 25; round++) {
		const seq = 2 + draw.int(5);
		const ids = Int32Array.from({ length: seq }, () => draw.int(257));
		const interventions = Array.from({ length: 1 + draw.int(6) }, () =>
			randomIntervention(draw, seq),
		);
		const { cache, logits } = await model.runWithCache(model.batch([ids]), {
			interventions,
		});
		const expected = forward(
			smallConfig,
			ids,
			tensorsOf(path),
			plainly(interventions),
		);
		const what = JSON.stringify(
			interventions.map(({ type, hook_name }) => [type, hook_name]),
		);
		for (const hook of [...model.hook_names, "logits"]) {
			const actual = hook === "logits" ? logits?.data : cache[hook].data;
			const size = expected[hook].reduce(
				(most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most),
				1,
			);
			const difference = largestDifference(actual ?? [], expected[hook]);
			assert.ok(
				difference < 1e-5 * size,
				`${hook} after ${what}: ${difference} of ${size}`,
			);
		}
	}
});

test("projecting a direction out leaves nothing along it, and twice is once", async () => {
	const hook_name = "blocks.1.hook_resid_mid";
	const direction = Float32Array.from({ length: d }, (_, i) => Math.cos(3 * i));
	const project: Intervention = { type: "project", hook_name, direction };
	const after = async (interventions: Intervention[]) => {
		const { cache } = await model.run(model.batch([one]), {
			hooks: [hook_name],
			interventions,
		});
		return cache[hook_name].data;
	};
	const once = await after([project]);
	for (let at = 0; at < once.length; at += d) {
		let dot = 0;
		for (let i = 0; i < d; i++) dot += once[at + i] * direction[i];
		assert.ok(Math.abs(dot) < 1e-5);
	}
	near(await after([project, project]), once);
	differ(once, await after([]));
});

test("a part is ablated by its name: a head, a neuron, a half of a layer, a layer", async () => {
	const { cache } = await model.runWithCache(model.batch([one]), {
		interventions: ablate(model, "L0H1", "L1N5", "L2.attn"),
	});
	for (let at = 0; at < one.length; at++) {
		const z = cache["blocks.0.attn.hook_z"].data.subarray(at * d, (at + 1) * d);
		assert.ok(z.subarray(8).every((v) => v === 0));
		assert.ok(z.subarray(0, 8).every((v) => v !== 0));
		const post = cache["blocks.1.mlp.hook_post"].data;
		assert.equal(post[at * 64 + 5], 0);
		assert.notEqual(post[at * 64 + 6], 0);
	}
	assert.ok(cache["blocks.2.hook_attn_out"].data.every((v) => v === 0));
	const layer = await model.run(model.batch([one]), {
		hooks: ["blocks.1.hook_resid_pre", "blocks.1.hook_resid_post"],
		interventions: ablate(model, "L1"),
	});
	assert.deepEqual(
		layer.cache["blocks.1.hook_resid_pre"],
		layer.cache["blocks.1.hook_resid_post"],
	);
	assert.throws(() => ablate(model, "L3"), /no layer 3 .* layers are 0 to 2/);
	assert.throws(() => ablate(model, "L0H2"), /heads are 0 to 1/);
	assert.throws(() => ablate(model, "L0N64"), /neurons are 0 to 63/);
	assert.throws(() => ablate(model, "head 3" as "L3"), /named as "L3H5"/);
});
