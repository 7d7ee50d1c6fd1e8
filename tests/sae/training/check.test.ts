import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { random } from "../../../src/random";
import { type TrainOptions, trainSae } from "../../../src/sae";
import { makeSae } from "../../../src/sae/sae";
import { checkTrained } from "../../../src/sae/training/check";
import { trainSettings } from "../../../src/sae/training/options";
import { activations } from "../fakes";

const folder = mkdtempSync(join(tmpdir(), "check-"));
after(() => rmSync(folder, { recursive: true }));

const r = random(1);
const acts = activations(
	Float32Array.from({ length: 2000 }, () => r.normal()),
	4,
);
const short: TrainOptions = {
	architecture: "topk",
	d_sae: 512,
	k: 1,
	training_tokens: 640,
	train_batch_size_tokens: 64,
};

test("dead latents are not known while no more steps than the window were taken, and the SAE says what never fires", async () => {
	const sae = await trainSae(acts, { ...short, dead_feature_window: 100 });
	assert.ok(sae.history.records.every(({ dead }) => dead === null));
	const latents = await sae.encode(acts);
	const silent = 512 - new Set(latents.indices).size;
	assert.ok(silent > 100, `${silent}`);
	assert.deepEqual(
		{ ...sae.history.check, explained_variance: 0 },
		{ n_rows: 500, whole: true, l0: 1, explained_variance: 0, silent },
	);
	assert.deepEqual(sae.warnings, [
		`10 steps were too few to count dead latents (dead_feature_window is 100), and ${silent} of the 512 of the SAE that came out fire on none of the 500 rows it was trained on.`,
	]);
});

test("dead latents are known from the first record on that has more steps than the window before it", async () => {
	const { history } = await trainSae(acts, {
		...short,
		training_tokens: 64 * 12,
		dead_feature_window: 5,
	});
	assert.deepEqual(
		history.records.map(({ step, dead }) => [step, dead !== null]),
		Array.from({ length: 12 }, (_, i) => [i + 1, i >= 6]),
	);
});

test("a training that goes on from a checkpoint knows its dead latents where the whole one does", async () => {
	const options = { ...short, dead_feature_window: 5 };
	const checkpoint_path = join(folder, "resumed");
	const whole = await trainSae(acts, {
		...options,
		checkpoint_path,
		n_checkpoints: 5,
	});
	const resumed = await trainSae(acts, {
		...options,
		resume_from_checkpoint: join(checkpoint_path, `${4 * 64}`),
	});
	const dead = (sae: typeof whole) =>
		sae.history.records.map((record) => record.dead);
	assert.deepEqual(dead(resumed), dead(whole));
	assert.deepEqual(dead(whole).slice(0, 6), new Array(6).fill(null));
	assert.deepEqual(resumed.history.check, whole.history.check);
	assert.deepEqual(resumed.warnings, whole.warnings);
});

test("where the threshold that is saved has not settled, the L0 of training is not the SAE's, and a warning says so", async () => {
	const options: TrainOptions = {
		architecture: "batchtopk",
		d_sae: 64,
		k: 8,
		lr: 0.001, // slow, so that the threshold stays behind
		training_tokens: 6400,
		train_batch_size_tokens: 64,
	};
	const sae = await trainSae(acts, options);
	const { check, records } = sae.history;
	const { indices } = await sae.encode(acts);
	assert.equal(check?.l0, indices.length / 500);
	assert.equal(records.at(-1)?.l0, 8);
	assert.match(
		sae.warnings?.[0] ?? "",
		/^Training counted 8\.0 active latents per row, and the SAE that came out has \d+\.\d on the 500 rows it was trained on: .* threshold/,
	);
	const long = await trainSae(acts, {
		...options,
		k: 2,
		training_tokens: 64 * 2000,
	});
	assert.ok(!long.warnings?.some((w) => w.includes("active latents")));
});

test("an SAE that does what training counted has no warning; held-out rows are looked at as well", async () => {
	const split = Array.from({ length: 500 }, (_, i) =>
		i < 400 ? ("train" as const) : ("validation" as const),
	);
	const sae = await trainSae(activations(acts.data, 4, split), {
		architecture: "topk",
		d_sae: 8,
		k: 2,
		training_tokens: 64 * 300,
		train_batch_size_tokens: 64,
		dead_feature_window: 10,
		validation_split: "validation",
	});
	const { check, records } = sae.history;
	assert.equal(sae.warnings, undefined);
	assert.deepEqual([check?.n_rows, check?.whole], [400, true]);
	assert.equal(check?.validation?.n_rows, 100);
	const last = records.at(-1)?.validation;
	assert.ok(last && check?.validation);
	assert.ok(Math.abs(last.l0 - check.validation.l0) < 1e-6);
	assert.ok(
		Math.abs(last.explained_variance - check.validation.explained_variance) <
			1e-4,
	);
});

/** Two latents on rows (1, 0), of which the first fires; counted is what a record says. */
async function warningsOf(
	counted: { l0: number; explained_variance: number; dead: number | null },
	options: Partial<TrainOptions> = {},
) {
	const cfg = {
		architecture: "standard" as const,
		d_in: 2,
		d_sae: 2,
		dtype: "float32" as const,
		apply_b_dec_to_input: true,
		normalize_activations: "none" as const,
		hook_name: "blocks.0.hook_resid_post",
		model_name: "fake",
		prepend_bos: true,
	};
	const sae = makeSae(cfg, {
		W_enc: Float32Array.of(1, 0, 0, 1),
		W_dec: Float32Array.of(1, 0, 0, 1),
		b_enc: Float32Array.of(0, -9),
		b_dec: new Float32Array(2),
	});
	const sample = Float32Array.of(1, 0, 2, 0, 3, 0, 4, 0);
	const settings = trainSettings(
		{ architecture: "standard", d_sae: 2, training_tokens: 400, ...options },
		4,
	);
	const record = { step: 100, tokens: 400, loss: 1, mse: 1, l1: 1, seconds: 1 };
	const { warnings } = await checkTrained(sae, settings, {
		records: [{ ...record, ...counted }],
		n: 4,
		sample,
	});
	return warnings;
}

test("each number that training counted otherwise is one sentence", async () => {
	const same = { l0: 1, explained_variance: 1, dead: 1 };
	assert.deepEqual(await warningsOf(same), []);
	assert.deepEqual(await warningsOf({ ...same, l0: 1.4 }), []);
	assert.deepEqual(await warningsOf({ ...same, l0: 2 }), [
		"Training counted 2.0 active latents per row, and the SAE that came out has 1.0 on the 4 rows it was trained on.",
	]);
	assert.deepEqual(await warningsOf({ ...same, explained_variance: 0.7 }), [
		"Training counted an explained variance of 0.700, and the SAE that came out has 1.000 on the 4 rows it was trained on.",
	]);
	assert.deepEqual(await warningsOf({ ...same, dead: 0 }), [
		"Training counted 0 dead latents, and 1 of the 2 of the SAE that came out fire on none of the 4 rows it was trained on.",
	]);
	assert.deepEqual(
		await warningsOf(
			{ ...same, explained_variance: 0.7 },
			{ normalize_activations: "layer_norm" },
		),
		[], // the record is of rows that were normalised one by one
	);
});
