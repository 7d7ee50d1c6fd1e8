import assert from "node:assert/strict";
import test from "node:test";
import type { Architecture, TrainOptions } from "../../../src/sae";
import { architectures } from "../../../src/sae/architectures";
import { trainSettings } from "../../../src/sae/training/options";
import {
	isCheckpoint,
	isRecord,
	isResampling,
	planStep,
	stepsUntilDue,
} from "../../../src/sae/training/schedule";

const options: TrainOptions = { architecture: "topk", d_sae: 64 };
const settingsOf = (change: Partial<TrainOptions> = {}, n = 5000) =>
	trainSettings({ ...options, ...change }, n);

const refused: [change: object, message: RegExp][] = [
	[{ architecture: "topc" }, /no architecture "topc"; the nearest is "topk"/],
	[{ architecture: undefined }, /no architecture "undefined"/],
	[{ lerning_rate: 1 }, /no option "lerning_rate"; the nearest is "\w+"/],
	[{ l1_coeficient: 1 }, /"l1_coeficient"; the nearest is "l1_coefficient"/],
	[{ d_sae: 1.5 }, /d_sae is 1\.5; a whole number of at least 1/],
	[{ d_sae: undefined }, /d_sae is undefined; a whole number of at least 1/],
	[
		{ training_tokens: 0 },
		/training_tokens is 0; a whole number of at least 1/,
	],
	[{ lr_warm_up_steps: -1 }, /lr_warm_up_steps is -1; .* at least 0/],
	[{ lr_decay_steps: 0.5 }, /lr_decay_steps is 0\.5/],
	[{ l0_warm_up_steps: Number.NaN }, /l0_warm_up_steps is NaN/],
	[{ resample_steps: -4 }, /resample_steps is -4/],
	[{ seed: 0.1 }, /seed is 0\.1/],
	[{ seed: "1" }, /seed is 1; a whole number/],
	[{ lr: -1 }, /lr is -1; a number from 0 up/],
	[{ lr: Infinity }, /lr is Infinity/],
	[{ l1_coefficient: "2" }, /l1_coefficient is 2; a number from 0 up/],
	[{ max_grad_norm: 0 }, /max_grad_norm is 0; a number above 0/],
	[{ decoder_init_norm: 0 }, /decoder_init_norm is 0; a number above 0/],
	[{ jumprelu_bandwidth: -1 }, /jumprelu_bandwidth is -1; a number above 0/],
	[{ topk_threshold_lr: 1.5 }, /topk_threshold_lr is 1\.5; .*at most 1/],
	[{ k: 65 }, /^k is 65 and d_sae is 64: .* a k of at most 63\.$/],
	[{ k: 64 }, /^k is 64 and d_sae is 64: .* a k of at most 63\.$/],
	[{ architecture: "batchtopk", k: 64 }, /a k of at most 63/],
	[{ d_sae: 1 }, /d_sae is 1, and topk chooses among latents: give at least 2/],
	[
		{ architecture: "matryoshka", matryoshka_widths: [8, 8] },
		/matryoshka_widths are \[8, 8\]; each has to be larger than the one before/,
	],
	[
		{ architecture: "matryoshka", matryoshka_widths: [8, 100] },
		/matryoshka_widths are \[8, 100\], and d_sae is 64: each nested SAE/,
	],
	[
		{ architecture: "matryoshka", matryoshka_widths: [0.5, 8] },
		/matryoshka_widths are \[0\.5, 8\]; whole numbers of at least 1/,
	],
	[
		{ train_batch_size_tokens: 5001 },
		/train_batch_size_tokens is 5001, and there are 5000 rows to train on: give at most 5000/,
	],
	[
		{ normalize_activations: "l2" },
		/no normalize_activations "l2"; the nearest/,
	],
	[{ b_dec_init_method: "geometric" }, /the nearest is "geometric_median"/],
	[{ engine: "onxx" }, /no engine "onxx"; the nearest is "onnx"/],
	[{ device: "gpu" }, /no device "gpu"; the nearest is "cpu"/],
	[{ loss: "mse" }, /loss is "mse"; a function \(tf, x, w, now\)/],
	[
		{ loss: architectures.topk.loss, engine: "onnx" },
		/engine is "onnx": leave engine out, or give "tfjs"/,
	],
	[{ device: "webgpu", engine: "tfjs" }, /"tfjs" computes on the CPU/],
	[
		{ early_stopping_patience: 3 },
		/early_stopping_patience is given without a validation_split/,
	],
	[{ n_checkpoints: 3 }, /n_checkpoints is 3, and there is no checkpoint_path/],
];

for (const [change, message] of refused)
	test(`refused: ${JSON.stringify(change, (_, v) => (typeof v === "function" ? "a function" : Number.isFinite(v) || typeof v !== "number" ? v : String(v)))}`, () => {
		assert.throws(
			() => settingsOf(change as Partial<TrainOptions>),
			({ message: text }: Error) => {
				assert.match(text, message);
				assert.match(text, /\.$/);
				return true;
			},
		);
	});

test("without rows there is nothing to train on", () => {
	assert.throws(() => settingsOf({}, 0), /no activations to train on/);
});

test("defaults are made for the sizes: fewer latents a row and rows a step where there are few", () => {
	assert.equal(settingsOf().k, 16);
	assert.equal(settingsOf({ d_sae: 20 }).k, 5);
	assert.equal(settingsOf({ d_sae: 2 }).k, 1);
	assert.equal(settingsOf().train_batch_size_tokens, 1024);
	assert.equal(settingsOf({}, 300).train_batch_size_tokens, 300);
	assert.deepEqual(settingsOf().matryoshka_widths, [4, 16, 32, 64]);
	assert.deepEqual(settingsOf({ d_sae: 3 }).matryoshka_widths, [1, 3]);
	assert.deepEqual(
		settingsOf({ matryoshka_widths: [10, 20] }).matryoshka_widths,
		[10, 20, 64],
	);
});

test("the default learning rate is 0.003 up to 1,024 latents and falls with their number to 0.001, where an auxiliary loss revives", () => {
	const rate = (architecture: Architecture, d_sae: number) =>
		settingsOf({ architecture, d_sae }).lr;
	for (const architecture of ["topk", "batchtopk", "matryoshka"] as const) {
		assert.equal(rate(architecture, 64), 0.003);
		assert.equal(rate(architecture, 1024), 0.003);
		assert.equal(rate(architecture, 2048), 0.0015);
		assert.equal(rate(architecture, 8192), 0.001);
	}
	for (const d_sae of [64, 1024, 8192]) {
		assert.equal(rate("standard", d_sae), 0.001);
		assert.equal(rate("gated", d_sae), 0.001);
		assert.equal(rate("jumprelu", d_sae), 0.003);
	}
	assert.equal(settingsOf({ lr: 0.02 }).lr, 0.02);
});

test("a latent counts as dead after a tenth of the steps by default, at most 100", () => {
	const window = (steps: number) =>
		settingsOf({ training_tokens: 1024 * steps }).dead_feature_window;
	assert.equal(window(4), 1);
	assert.equal(window(200), 20);
	assert.equal(window(1000), 100);
	assert.equal(window(50_000), 100);
});

test("dead latents are made anew by default where no auxiliary loss revives them", () => {
	const tokens = { training_tokens: 1024 * 200 };
	assert.equal(settingsOf(tokens).resample_steps, 0);
	const without = { ...tokens, aux_loss_coefficient: 0 };
	assert.equal(settingsOf(without).resample_steps, 20);
	for (const architecture of ["standard", "jumprelu", "gated"] as const)
		assert.equal(settingsOf({ ...tokens, architecture }).resample_steps, 20);
	const due = settingsOf({ ...tokens, architecture: "standard" });
	const steps = Array.from({ length: 200 }, (_, i) => i + 1);
	assert.deepEqual(
		steps.filter((step) => isResampling(due, step)),
		[20, 40, 60, 80, 100, 120, 140], // the learning rate falls from step 160 on
	);
});

test("the learning rate rises from its first step and falls to its last, and the sparsity term rises", () => {
	const settings = settingsOf({
		architecture: "standard",
		training_tokens: 1024 * 10,
		lr: 8,
		lr_warm_up_steps: 4,
		lr_decay_steps: 2,
		l1_coefficient: 6,
		l1_warm_up_steps: 3,
	});
	const dead = Uint32Array.of(5);
	const plans = Array.from({ length: 10 }, (_, i) =>
		planStep(settings, i, dead),
	);
	assert.deepEqual(
		plans.map(({ t }) => t),
		[1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
	);
	assert.deepEqual(
		plans.map(({ lr }) => lr),
		[2, 4, 6, 8, 8, 8, 8, 8, 8, 4],
	);
	assert.deepEqual(
		plans.map(({ coefficient }) => coefficient),
		[2, 4, 6, 6, 6, 6, 6, 6, 6, 6],
	);
	assert.equal(plans[0].dead, dead);
	const l0 = settingsOf({
		architecture: "jumprelu",
		l0_coefficient: 2,
		l0_warm_up_steps: 4,
	});
	assert.equal(planStep(l0, 0, dead).coefficient, 0.5);
	assert.equal(planStep(settingsOf(), 500, dead).coefficient, 0);
});

test("records are about a hundred and end with the last step, checkpoints as many as asked for", () => {
	for (const steps of [1, 7, 100, 101, 250, 999]) {
		const settings = settingsOf({
			training_tokens: steps * 1024,
			checkpoint_path: "x",
			n_checkpoints: 7,
		});
		assert.equal(settings.steps, steps);
		const all = Array.from({ length: steps }, (_, i) => i + 1);
		const records = all.filter((step) => isRecord(settings, step));
		assert.ok(records.length <= 101 && records.length >= Math.min(steps, 50));
		assert.equal(records.at(-1), steps);
		const checkpoints = all.filter((step) => isCheckpoint(settings, step));
		assert.equal(checkpoints.length, Math.min(7, steps));
		assert.equal(checkpoints.at(-1), steps);
	}
});

test("a call of several steps ends where a checkpoint, a record with validation or a resampling is due", () => {
	const settings = settingsOf({
		training_tokens: 1024 * 100,
		checkpoint_path: "x",
		n_checkpoints: 4, // after 25, 50, 75, 100
		aux_loss_coefficient: 0,
		resample_steps: 30,
	});
	assert.equal(stepsUntilDue(settings, 0, 8), 8);
	assert.equal(stepsUntilDue(settings, 20, 8), 5);
	assert.equal(stepsUntilDue(settings, 25, 8), 5);
	assert.equal(stepsUntilDue(settings, 98, 8), 2);
	assert.equal(stepsUntilDue(settings, 98, 1), 1);
	const looked = settingsOf({ validation_split: "test" });
	const every = Math.ceil(looked.steps / 100);
	assert.equal(stepsUntilDue(looked, 0, 1000), every);
});
