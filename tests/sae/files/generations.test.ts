import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { toFloat16 } from "../../../src/formats/half";
import { loadSae, makeSae } from "../../../src/sae";
import { someRows } from "../random-sae";
import {
	array,
	computed,
	four,
	fresh,
	made,
	sizes,
	type Tensors,
} from "./folders";

/** As `jbloom/GPT2-Small-SAEs-Reformatted` has it. */
const first = {
	model_name: "gpt2-small",
	hook_point: "blocks.8.hook_resid_pre",
	hook_point_layer: 8,
	hook_point_head_index: null,
	dataset_path: "Skylion007/openwebtext",
	is_dataset_tokenized: false,
	context_size: 128,
	use_cached_activations: false,
	cached_activations_path: null,
	n_batches_in_buffer: 128,
	total_training_tokens: 300_000_000,
	store_batch_size: 32,
	device: "mps",
	seed: 42,
	dtype: "torch.float32",
	b_dec_init_method: "geometric_median",
	expansion_factor: 32,
	l1_coefficient: 8e-5,
	lr: 4e-4,
	lr_warm_up_steps: 5000,
	train_batch_size: 4096,
	use_ghost_grads: false,
	dead_feature_window: 5000,
	dead_feature_threshold: 1e-8,
	log_to_wandb: true,
	...sizes,
};

test("a config of SAELens 1 or 2 has its hook under hook_point, and standard and BOS are understood", async () => {
	const { sae, f, out } = await computed(made(first, four));
	assert.deepEqual(sae.cfg, {
		architecture: "standard",
		...sizes,
		dtype: "float32",
		apply_b_dec_to_input: true,
		normalize_activations: "none",
		hook_name: "blocks.8.hook_resid_pre",
		model_name: "gpt2-small",
		prepend_bos: true,
		context_size: 128,
		training_tokens: 300_000_000,
		seed: 42,
		dataset_path: "Skylion007/openwebtext",
	});
	assert.deepEqual(f, [
		[0, 2],
		[1, 3],
		[2, 4],
	]);
	assert.deepEqual(out, [1 + 4 + 1.2, 1 + 3 + 1.6]);
	assert.equal(sae.warnings?.length, 1);
	assert.match(sae.warnings[0], /SAELens 1 and 2 .* gpt2-small-res-jb/);
});

test("whether rows were centred can be told where a config does not, and then there is no doubt", async () => {
	const folder = made(first, { ...four, b_dec: array([2], [0, 0]) });
	for (const center_writing_weights of [true, false]) {
		const { sae, f } = await computed(folder, {
			config_overrides: { center_writing_weights },
		});
		assert.equal(sae.cfg.center_writing_weights, center_writing_weights);
		assert.equal(sae.warnings, undefined);
		const centred = [[1, 0.5]]; // (−½, ½)
		const raw = [
			[0, 3],
			[1, 4],
			[2, 6],
		];
		assert.deepEqual(f, center_writing_weights ? centred : raw);
	}
});

/** As SAELens 3 to 5 write it. */
const flat = {
	architecture: "standard",
	...sizes,
	activation_fn_str: "relu",
	activation_fn_kwargs: {},
	apply_b_dec_to_input: true,
	finetuning_scaling_factor: false,
	context_size: 64,
	model_name: "gpt2-small",
	hook_name: "blocks.5.hook_mlp_out",
	hook_layer: 5,
	hook_head_index: null,
	prepend_bos: false,
	dataset_path: "Skylion007/openwebtext",
	dataset_trust_remote_code: true,
	normalize_activations: "none",
	dtype: "float32",
	device: "cpu",
	sae_lens_training_version: "3.9.0",
	neuronpedia_id: null,
	model_from_pretrained_kwargs: { center_writing_weights: true },
	seqpos_slice: [null],
	training_tokens: 1000,
	lr: 1e-3,
};

/** The same at a hook that is outside the stream, where nothing is centred. */
const outside = { ...flat, hook_name: "blocks.5.mlp.hook_post" };

test("a config of SAELens 3 to 5 is flat, and of its other keys the facts are kept", async () => {
	const { sae } = await computed(made(flat, four));
	assert.deepEqual(sae.cfg, {
		architecture: "standard",
		...sizes,
		dtype: "float32",
		apply_b_dec_to_input: true,
		normalize_activations: "none",
		center_writing_weights: true,
		hook_name: "blocks.5.hook_mlp_out",
		model_name: "gpt2-small",
		prepend_bos: false,
		context_size: 64,
		training_tokens: 1000,
		dataset_path: "Skylion007/openwebtext",
		metadata: { seqpos_slice: [null] },
	});
	assert.equal(sae.warnings, undefined);
});

test("a standard SAE whose activation function is topk is a topk SAE, by either name of the key", async () => {
	for (const key of ["activation_fn_str", "activation_fn"])
		for (const architecture of ["standard", "topk", undefined]) {
			const { activation_fn_str: _, ...rest } = outside;
			const cfg = {
				...rest,
				architecture,
				[key]: "topk",
				activation_fn_kwargs: { k: 2 },
			};
			const { sae, f } = await computed(made(cfg, four));
			assert.equal(sae.cfg.architecture, "topk");
			assert.equal(sae.cfg.k, 2);
			assert.deepEqual(f, [
				[1, 3],
				[2, 4],
			]);
		}
});

test("a topk activation function without a k, and one that is not known, are refused", async () => {
	const topk = { ...flat, activation_fn_str: "topk" };
	await assert.rejects(loadSae(made(topk, four)), /k as nothing/);
	const other = { ...flat, activation_fn_str: "tanh-relu" };
	await assert.rejects(
		loadSae(made(other, four)),
		/activation_fn_str as "tanh-relu"/,
	);
	const gated = { ...topk, architecture: "gated" };
	await assert.rejects(
		loadSae(made(gated, four)),
		/activation_fn_str as "topk"/,
	);
});

test("normalize_activations as true is one factor, which activation_scaler.json gives and the weights take up", async () => {
	for (const normalize_activations of [true, "expected_average_only_in"]) {
		const cfg = { ...flat, normalize_activations, architecture: "standard" };
		const scaler = { "activation_scaler.json": '{"scaling_factor": 0.5}' };
		const { sae, f, out } = await computed(made(cfg, four, scaler));
		assert.equal(sae.cfg.normalize_activations, "none");
		assert.equal(sae.warnings, undefined);
		// hook_mlp_out is centred first: (−½, ½); then · 0.5 − (1, 1): below zero, and x̂ = b_dec / 0.5
		assert.deepEqual([f, out], [[], [2, 2]]);
	}
	const folder = made({ ...flat, normalize_activations: true }, four);
	const { sae } = await computed(folder);
	assert.match(sae.warnings?.[0] ?? "", /one factor .* activation_scaler.json/);
	assert.equal(sae.cfg.normalize_activations, "none");
	const { sae: off } = await computed(
		made({ ...flat, normalize_activations: false }, four),
	);
	assert.equal(off.cfg.normalize_activations, "none");
	const bad = { "activation_scaler.json": '{"scaling_factor": 0}' };
	await assert.rejects(
		loadSae(made({ ...flat, normalize_activations: true }, four, bad)),
		/no scaling_factor above 0/,
	);
});

test("a factor that activations are scaled by gives the latents of scaled activations, and the reconstruction of these", async () => {
	const cfg = { ...outside, normalize_activations: true };
	const scaler = { "activation_scaler.json": '{"scaling_factor": 0.5}' };
	const { f, out } = await computed(made(cfg, four, scaler));
	// (1.5, 2) − (1, 1): (0.5, 1), pre-activations (0.5, 1, 0.5); x̂ = (1 + 1 + 0.15, 1 + 1 + 0.2) / 0.5
	assert.deepEqual(f, [
		[0, 0.5],
		[1, 1],
		[2, 0.5],
	]);
	assert.deepEqual(out, [4.3, 4.4]);
});

test("a scaling factor of ones is dropped, another one multiplies latents as they are decoded", async () => {
	const { finetuning_scaling_factor: _, ...silent } = outside;
	const plain = await computed(made(silent, four));
	for (const name of ["scaling_factor", "finetuning_scaling_factor"]) {
		const ones = { ...four, [name]: array([3], [1, 1, 1]) };
		assert.deepEqual((await computed(made(outside, ones))).out, plain.out);
		const scaled = { ...four, [name]: array([3], [1, 0, 2]) };
		for (const cfg of [
			{ ...silent, finetuning_scaling_factor: true },
			silent,
		]) {
			const { f, out } = await computed(made(cfg, scaled));
			assert.deepEqual(f, plain.f);
			assert.deepEqual(out, [1 + 4 + 2 * 1.2, 1 + 2 * 1.6]);
		}
		await assert.rejects(
			loadSae(made(outside, scaled)),
			/finetuning_scaling_factor is false/,
		);
	}
});

test("an SAE at attn.hook_z reads the heads side by side, as extraction gives them", async () => {
	const hook_name = "blocks.5.attn.hook_z";
	const { sae } = await computed(made({ ...flat, hook_name }, four));
	assert.equal(sae.cfg.reshape_activations, "hook_z");
	const explicit = { ...flat, hook_name, reshape_activations: "none" };
	const { sae: other } = await computed(made(explicit, four));
	assert.equal(other.cfg.reshape_activations, undefined);
});

/** As SAELens 6 writes it. */
const newest = {
	...sizes,
	dtype: "float32",
	device: "cuda",
	apply_b_dec_to_input: true,
	normalize_activations: "none",
	reshape_activations: "none",
	metadata: {
		sae_lens_version: "6.18.0",
		sae_lens_training_version: "6.18.0",
		model_name: "gpt2-small",
		hook_name: "blocks.2.hook_resid_post",
		hook_head_index: null,
		model_class_name: "HookedTransformer",
		model_from_pretrained_kwargs: { center_writing_weights: false },
		prepend_bos: true,
		exclude_special_tokens: [50256],
		neuronpedia_id: "gpt2-small/2-x",
		context_size: 256,
		seqpos_slice: [null],
		dataset_path: "a/b",
	},
	architecture: "standard",
};

test("a config of SAELens 6 keeps what it says of the model under metadata", async () => {
	const { sae } = await computed(made(newest, four));
	assert.deepEqual(sae.cfg, {
		architecture: "standard",
		...sizes,
		dtype: "float32",
		apply_b_dec_to_input: true,
		normalize_activations: "none",
		hook_name: "blocks.2.hook_resid_post",
		model_name: "gpt2-small",
		prepend_bos: true,
		context_size: 256,
		dataset_path: "a/b",
		neuronpedia_id: "gpt2-small/2-x",
		metadata: {
			exclude_special_tokens: [50256],
			model_class_name: "HookedTransformer",
			seqpos_slice: [null],
		},
	});
});

test("a topk SAE of SAELens 6 that rescales by the decoder's norms chooses and reconstructs as SAELens does", async () => {
	const cfg = {
		...newest,
		architecture: "topk",
		k: 1,
		rescale_acts_by_decoder_norm: true,
	};
	const { f, out } = await computed(made(cfg, four));
	// pre-activations (2, 3, 4) times the norms (2, 1, 0.5): (4, 3, 2), so latent 0 is the largest, and 4 · (2, 0) / 2
	assert.deepEqual(f, [[0, 4]]);
	assert.deepEqual(out, [5, 1]);
});

const threshold = array([3], [2.5, 3.5, 3.5]);

test("batchtopk and matryoshka SAEs load as jumprelu, with the threshold that they were saved with", async () => {
	for (const [architecture, trained_as] of [
		["jumprelu", undefined],
		["batchtopk", "batchtopk"],
		["matryoshka_batchtopk", "matryoshka"],
	]) {
		const cfg = { ...newest, architecture, k: 20 };
		const { sae, f } = await computed(made(cfg, { ...four, threshold }));
		assert.equal(sae.cfg.architecture, "jumprelu");
		assert.equal(sae.cfg.trained_as, trained_as);
		assert.equal(sae.cfg.k, undefined);
		assert.deepEqual(f, [[2, 4]]);
	}
	const cfg = { ...newest, architecture: "batchtopk" };
	await assert.rejects(loadSae(made(cfg, four)), /does not hold threshold/);
});

test("a checkpoint may hold the threshold's logarithm, or one for all latents", async () => {
	const log_threshold = array([3], [2.5, 3.5, 3.5].map(Math.log));
	const jump = { ...newest, architecture: "jumprelu" };
	const { f } = await computed(made(jump, { ...four, log_threshold }));
	assert.deepEqual(f, [[2, 4]]);
	for (const shape of [[], [1]]) {
		const topk_threshold = array(shape, [2.5]);
		const batch = { ...newest, architecture: "batchtopk" };
		const found = await computed(made(batch, { ...four, topk_threshold }));
		assert.deepEqual(found.f, [
			[1, 3],
			[2, 4],
		]);
	}
});

test("a batchtopk checkpoint that rescales compares the rescaled pre-activations with its threshold", async () => {
	const cfg = {
		...newest,
		architecture: "batchtopk",
		rescale_acts_by_decoder_norm: true,
	};
	const { f, out } = await computed(made(cfg, { ...four, threshold }));
	// (4, 3, 2) against (2.5, 3.5, 3.5)
	assert.deepEqual(f, [[0, 4]]);
	assert.deepEqual(out, [5, 1]);
});

test("a gated SAE has a bias for the gate and another for the magnitude", async () => {
	const { b_enc: _, ...rest } = four;
	const tensors = {
		...rest,
		b_gate: array([3], [0, -9, 0]),
		b_mag: array([3], [1, 0, 0]),
		r_mag: array([3], [0, 0, Math.log(3)]),
	};
	const cfg = { ...newest, architecture: "gated" };
	const { f } = await computed(made(cfg, tensors));
	assert.deepEqual(f, [
		[0, 3],
		[2, 15],
	]);
});

test("float16 and bfloat16 are read as float32", async () => {
	const halves = (of: (data: Float32Array) => Uint16Array) =>
		Object.fromEntries(
			Object.entries(four).map(([name, { shape, data }]) => [
				name,
				{ shape, data: of(data), dtype: "F16" as const },
			]),
		);
	const { sae, f } = await computed(
		made({ ...newest, dtype: "float16" }, halves(toFloat16)),
	);
	assert.equal(sae.cfg.dtype, "float32");
	assert.equal(f.length, 3);
	assert.ok(sae.W_dec instanceof Float32Array);
	assert.ok(
		Math.abs(sae.W_dec[4] - 0.3) < 2e-4 && sae.W_dec[4] !== Math.fround(0.3),
	);
	const folder = made(
		{ ...newest, dtype: "torch.bfloat16" },
		halves((data) => {
			const bits = new Uint32Array(data.buffer);
			return Uint16Array.from(bits, (v) => v >>> 16);
		}),
	);
	// The writer knows no BF16: the name in the header, which is as long with a space, is changed.
	const file = join(folder, "sae_weights.safetensors");
	const bytes = readFileSync(file);
	const length = Number(bytes.readBigUInt64LE());
	const header = bytes
		.toString("utf8", 8, 8 + length)
		.replaceAll('"F16"', '"BF16"');
	const extra = (8 - (header.length % 8)) % 8;
	const grown = Buffer.alloc(8);
	grown.writeBigUInt64LE(BigInt(header.length + extra));
	writeFileSync(
		file,
		Buffer.concat([
			grown,
			Buffer.from(header + " ".repeat(extra)),
			bytes.subarray(8 + length),
		]),
	);
	const brief = await computed(folder);
	assert.equal(brief.f.length, 3);
	assert.ok(Math.abs(brief.sae.W_dec[4] - 0.3) < 2e-3);
});

/** As sparsify writes it. */
const sparsify = {
	activation: "topk",
	expansion_factor: 1,
	normalize_decoder: true,
	num_latents: 3,
	k: 2,
	multi_topk: false,
	skip_connection: false,
	transcode: false,
	d_in: 2,
};
const turned = {
	"encoder.weight": array([3, 2], [1, 0, 0, 1, 1, 1]),
	"encoder.bias": four.b_enc,
	W_dec: four.W_dec,
	b_dec: four.b_dec,
};

test("an SAE of sparsify is a topk SAE with its encoder turned, whose folder names the module", async () => {
	const weights = "sae.safetensors";
	for (const [name, hook_name] of [
		["h.5", "blocks.5.hook_resid_post"],
		["layers.11.mlp", "blocks.11.hook_mlp_out"],
		["transformer.h.0.attn", "blocks.0.hook_attn_out"],
		["mine", ""],
	]) {
		const { sae, f, out } = await computed(
			made(sparsify, turned, { weights, name }),
		);
		assert.deepEqual(sae.cfg, {
			architecture: "topk",
			...sizes,
			k: 2,
			dtype: "float32",
			apply_b_dec_to_input: true,
			normalize_activations: "none",
			hook_name,
			model_name: "",
			prepend_bos: false,
		});
		assert.deepEqual(f, [
			[1, 3],
			[2, 4],
		]);
		assert.deepEqual(out, [1 + 1.2, 1 + 3 + 1.6]);
	}
	const named = made(sparsify, turned, { weights });
	const { sae } = await computed(named, {
		config_overrides: { hook_name: "hook_embed", model_name: "gpt2" },
	});
	assert.equal(sae.cfg.hook_name, "hook_embed");
	assert.equal(sae.cfg.model_name, "gpt2");
});

test("a sparsify SAE without a number of latents has d_in times the factor", async () => {
	const { num_latents: _, ...rest } = sparsify;
	const files = { weights: "sae.safetensors" };
	const tensors = {
		"encoder.weight": array([6, 2], Array(12).fill(1)),
		"encoder.bias": array([6], Array(6).fill(0)),
		W_dec: array([6, 2], Array(12).fill(1)),
		b_dec: four.b_dec,
	};
	const cfg = { ...rest, num_latents: 0, expansion_factor: 3 };
	assert.equal((await loadSae(made(cfg, tensors, files))).cfg.d_sae, 6);
});

test("transcoders, groupmax and signed latents of sparsify are refused", async () => {
	const files = { weights: "sae.safetensors" };
	const refusal = (change: object, tensors: Tensors = turned) =>
		loadSae(made({ ...sparsify, ...change }, tensors, files));
	await assert.rejects(refusal({ skip_connection: true }), /skip transcoder/);
	await assert.rejects(refusal({ transcode: true }), /is a transcoder/);
	const W_skip = array([2, 2], [1, 0, 0, 1]);
	await assert.rejects(refusal({}, { ...turned, W_skip }), /W_skip/);
	await assert.rejects(refusal({ activation: "groupmax" }), /"groupmax"/);
	await assert.rejects(refusal({ signed: true }), /signed as true/);
	await assert.rejects(refusal({ k: 4 }), /from 1 to the latents, 3,/);
	await assert.rejects(refusal({}, four), /holds W_enc, which/);
	await assert.rejects(refusal({ num_latents: 4 }), /shape \[3,2\]/);
});

test("whatever was loaded is saved as SAELens 6 and comes back the same", async () => {
	const scaler = { "activation_scaler.json": '{"scaling_factor": 0.5}' };
	const from = [
		made(first, four),
		made({ ...flat, normalize_activations: true }, four, scaler),
		made({ ...newest, architecture: "batchtopk" }, { ...four, threshold }),
		made(sparsify, turned, { weights: "sae.safetensors", name: "h.3" }),
	];
	for (const folder of from) {
		const sae = await loadSae(folder);
		const to = fresh();
		sae.save(to);
		const again = await loadSae(to);
		assert.deepEqual(again.cfg, sae.cfg);
		const rows = someRows(9, 2);
		assert.deepEqual(await again.encodeRows(rows), await sae.encodeRows(rows));
		assert.deepEqual(
			await again.reconstruct(rows),
			await makeSae(sae.cfg, sae).reconstruct(rows),
		);
		sae.save(folder); // over its own source, whose scaler is spent
		assert.deepEqual((await loadSae(folder)).W_enc, sae.W_enc);
	}
});
