import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { loadSae } from "../../../src/sae";
import { array, computed, four, fresh, made, sizes } from "./folders";

/** `four` as SAELens 6 writes it, with more said of how it was made. */
const told = (metadata: object, more: object = {}) =>
	made(
		{
			architecture: "standard",
			...sizes,
			metadata: {
				sae_lens_version: "6.54.12",
				hook_name: "blocks.1.hook_resid_post",
				...metadata,
			},
			...more,
		},
		four,
	);

test("what a file says of its making is written back as it was read", async () => {
	const facts = {
		exclude_special_tokens: false,
		training_architecture: "batchtopk",
		l0: 12.5,
		num_dead_features: 3,
		model_class_name: "AutoModelForCausalLM",
		seqpos_slice: [null],
		model_from_pretrained_kwargs: { fold_ln: true, device: "cpu" },
		something_new: { a: [1, null] },
	};
	const folder = told({ ...facts, hook_name: "transformer.h.1" });
	const sae = await loadSae(folder);
	assert.equal(sae.cfg.hook_name, "blocks.1.hook_resid_post");
	const copy = fresh();
	await sae.save(copy);
	const { metadata } = JSON.parse(readFileSync(join(copy, "cfg.json"), "utf8"));
	for (const [key, value] of Object.entries(facts))
		assert.deepEqual(metadata[key], value, key);
	assert.equal(metadata.hook_name, "transformer.h.1");
});

test("a hook that was given in the place of the file's is the one that is saved", async () => {
	const hook_name = "blocks.0.ln2.hook_out";
	const folder = told({ hook_name: "transformer.h.1" });
	const config_overrides = { hook_name } as const;
	const copy = fresh();
	await (await loadSae(folder, undefined, { config_overrides })).save(copy);
	assert.equal((await loadSae(copy)).cfg.hook_name, hook_name);
});

test("a config that says nothing of special tokens gets nothing said of them", async () => {
	const copy = fresh();
	await (await loadSae(told({}))).save(copy);
	const { metadata } = JSON.parse(readFileSync(join(copy, "cfg.json"), "utf8"));
	assert.equal("exclude_special_tokens" in metadata, false);
});

test("a config with NaN and Infinity, as Python writes them, is read", async () => {
	const folder = told({ l0: 1 });
	const text = readFileSync(join(folder, "cfg.json"), "utf8");
	writeFileSync(
		join(folder, "cfg.json"),
		text.replace(
			'"l0":1',
			'"l0": NaN, "most": -Infinity, "name": "a \\"NaN\\" in text"',
		),
	);
	const { metadata } = (await loadSae(folder)).cfg;
	assert.deepEqual(metadata, {
		l0: null,
		most: null,
		name: 'a "NaN" in text',
	});
});

test("a config of a million quotes that never close is refused at once", async () => {
	const folder = told({});
	writeFileSync(join(folder, "cfg.json"), `"${'\\"'.repeat(500_000)}`);
	await assert.rejects(loadSae(folder), /is no JSON object/);
});

test("rows of processed weights are refused where the processing changes them", async () => {
	const kwargs = (how: object) => ({ model_from_pretrained_kwargs: how });
	for (const [hook, how, key] of [
		["attn.hook_z", { fold_value_biases: true }, "fold_value_biases"],
		["attn.hook_v", { fold_value_biases: true }, "fold_value_biases"],
		[
			"attn.hook_q",
			{ refactor_factored_attn_matrices: true },
			"refactor_factored_attn_matrices",
		],
		["ln1.hook_out", { fold_ln: true }, "fold_ln"],
	] as const) {
		const hook_name = `blocks.0.${hook}`;
		await assert.rejects(
			loadSae(told({ hook_name, ...kwargs(how) })),
			new RegExp(
				`processed with ${key}, which changes the values at ${hook_name}`,
			),
		);
	}
	for (const hook of ["hook_resid_pre", "hook_attn_out", "mlp.hook_post"]) {
		const how = { fold_value_biases: true, fold_ln: true };
		const hook_name = `blocks.0.${hook}`;
		const sae = await loadSae(told({ hook_name, ...kwargs(how) }));
		assert.equal(sae.warnings, undefined);
	}
});

test("a transcoder that calls itself an SAE, and an SAE of one head, are refused", async () => {
	await assert.rejects(
		loadSae(told({ hook_name_out: "blocks.1.hook_mlp_out" })),
		/is a transcoder's: it predicts blocks\.1\.hook_mlp_out\./,
	);
	await assert.rejects(
		loadSae(told({ hook_head_index: 3 })),
		/reads head 3 of blocks\.1\.hook_resid_post alone/,
	);
	const same = told({ hook_name_out: "blocks.1.hook_out" });
	assert.equal((await loadSae(same)).warnings, undefined);
});

test("positions that were left out in training are told", async () => {
	const { warnings } = await loadSae(told({ seqpos_slice: [5, -5] }));
	assert.match(warnings?.[0] ?? "", /the positions \[5,-5\] of each context/);
});

test("hook_normalized of a file older than SAELens 6 is doubted, of a newer one not", async () => {
	const hook_name = "blocks.0.ln2.hook_normalized";
	const old = await loadSae(told({ hook_name, sae_lens_version: "5.2.1" }));
	assert.match(
		old.warnings?.[0] ?? "",
		/hook_name: "blocks\.0\.ln2\.hook_out"/,
	);
	assert.equal((await loadSae(told({ hook_name }))).warnings, undefined);
});

test("a sparsify decoder whose rows should have length 1 and have not is told", async () => {
	const cfg = { ...sizes, num_latents: 3, k: 2, normalize_decoder: true };
	const folder = (rows: number[]) =>
		made(
			cfg,
			{
				"encoder.weight": array([3, 2], [1, 0, 0, 1, 1, 1]),
				"encoder.bias": array([3], [0, 0, 0]),
				W_dec: array([3, 2], rows),
				b_dec: array([2], [0, 0]),
			},
			{ weights: "sae.safetensors", name: "layers.1" },
		);
	const whole = await loadSae(folder([1, 0, 0, 1, 0.6, 0.8]));
	assert.equal(whole.warnings, undefined);
	const { warnings } = await loadSae(folder([1, 0, 0, 1, 0.3, 0.4]));
	assert.match(
		warnings?.[0] ?? "",
		/1 of 3 have not \(their mean length is 0\.83\)/,
	);
});

/** Tensors as float64, as torch.float64 is saved. */
function writeDoubles(
	file: string,
	tensors: Record<string, [number[], number[]]>,
) {
	let at = 0;
	const header = Object.fromEntries(
		Object.entries(tensors).map(([name, [shape, data]]) => {
			const data_offsets = [at, at + 8 * data.length];
			at += 8 * data.length;
			return [name, { dtype: "F64", shape, data_offsets }];
		}),
	);
	const json = JSON.stringify(header).padEnd(8 * 200);
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(json.length));
	const numbers = Object.values(tensors).flatMap(([, data]) => data);
	const bytes = Buffer.from(Float64Array.from(numbers).buffer);
	writeFileSync(file, Buffer.concat([length, Buffer.from(json), bytes]));
}

test("float64 weights and sparsity are rounded to float32, and that is told", async () => {
	const folder = told({});
	const doubles = Object.fromEntries(
		Object.entries(four).map(([name, { shape, data }]) => [
			name,
			[shape, [...data].map((v) => v + 1e-12)] as [number[], number[]],
		]),
	);
	writeDoubles(join(folder, "sae_weights.safetensors"), doubles);
	writeDoubles(join(folder, "sparsity.safetensors"), {
		sparsity: [[3], [-1, -2, -10]],
	});
	const { sae, f } = await computed(folder);
	assert.deepEqual(f, [
		[0, 2],
		[1, 3],
		[2, 4],
	]);
	assert.deepEqual([...(sae.log_sparsity ?? [])], [-1, -2, -10]);
	assert.match(
		sae.warnings?.join() ?? "",
		/^Its file holds float64 numbers \(.*W_enc.*\), which were rounded to float32\.$/,
	);
});
