import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Split } from "../../../src/dataset";
import {
	type Architecture,
	loadSae,
	reconstructionMetrics,
	type Sae,
	type TrainOptions,
	trainSae,
} from "../../../src/sae";
import { architectures } from "../../../src/sae/architectures";
import { rowsInMemory } from "../../../src/sae/training/data";
import { someRows } from "../../../src/sae/training/data-disk";
import { validationRows } from "../../../src/sae/training/look";
import { temporaryFolder } from "../../tiny";
import { activations, planted } from "../fakes";

const { folder, remove } = temporaryFolder();
after(remove);

const { data } = planted(3000, { d_in: 20, d_true: 40, active: 3 }).acts;
const splits = (n: number): Split[] =>
	Array.from({ length: n }, (_, i) => (i < 2600 ? "train" : "validation"));
/** Rows off the origin, and of very different lengths. */
const uneven = data.map((v, i) => (1 + (Math.floor(i / 20) % 5)) * v + 0.5);
const acts = activations(uneven, 20, splits(3000));
const held = uneven.slice(20 * 2600);

const quick: TrainOptions = {
	architecture: "topk",
	d_sae: 64,
	k: 3,
	train_batch_size_tokens: 256,
	training_tokens: 256 * 150,
	lr: 0.003,
	validation_split: "validation",
};

function near(actual: number, expected: number, what: string): void {
	assert.ok(
		Math.abs(actual / expected - 1) < 1e-3,
		`${what}: ${actual} is not ${expected}`,
	);
}

for (const architecture of Object.keys(architectures) as Architecture[])
	for (const normalize_activations of [
		"none",
		"expected_average_only_in",
		"constant_norm_rescale",
		"layer_norm",
	] as const)
		test(`the last record of a ${architecture} SAE with ${normalize_activations} is what the SAE does to the validation rows, also when it was saved and loaded`, async () => {
			const sae = await trainSae(acts, {
				...quick,
				architecture,
				normalize_activations,
			});
			const { validation } = sae.history.records.at(-1) ?? {};
			assert.ok(validation);
			assert.equal(
				sae.cfg.normalize_activations,
				normalize_activations === "expected_average_only_in"
					? "none"
					: normalize_activations,
			);
			const to = join(folder, `${architecture}-${normalize_activations}`);
			sae.save(to);
			for (const one of [sae, await loadSae(to)]) await check(one, validation);
		});

async function check(
	sae: Sae,
	validation: { mse: number; explained_variance: number; l0: number },
): Promise<void> {
	const metrics = reconstructionMetrics(20);
	metrics.add(held, await sae.reconstruct(held));
	const { mse, explained_variance } = metrics.result();
	near(validation.mse, mse, "mse");
	near(validation.explained_variance, explained_variance, "explained variance");
	const { indices } = await sae.encodeRows(held);
	near(validation.l0, indices.length / 400, "l0");
	assert.ok(explained_variance > 0.2, `${explained_variance}`);
}

test("activations whose rows are centred give an SAE that says so, others one that does not", async () => {
	const centred = { ...acts, center_writing_weights: true };
	const few = { ...quick, training_tokens: 1000 };
	assert.equal((await trainSae(centred, few)).cfg.center_writing_weights, true);
	const { cfg } = await trainSae(acts, few);
	assert.ok(!("center_writing_weights" in cfg));
});

test("b_dec starts at the geometric median, the mean or zero, of the rows as they are trained on", async () => {
	const start = async (
		b_dec_init_method: TrainOptions["b_dec_init_method"],
		normalize_activations: TrainOptions["normalize_activations"],
	) => {
		const options = { ...quick, b_dec_init_method, normalize_activations };
		const { b_dec } = await trainSae(acts, {
			...options,
			training_tokens: 1,
			lr: 0,
		});
		return b_dec;
	};
	const rows = rowsInMemory(acts, acts.data);
	const close = (a: Float32Array, b: Float64Array) => {
		for (const [i, v] of a.entries()) assert.ok(Math.abs(v - b[i]) < 1e-5);
	};
	for (const mode of ["expected_average_only_in", "layer_norm"] as const) {
		close(await start("geometric_median", mode), rows.median(mode));
		close(await start("mean", mode), rows.about(mode).mean);
		assert.ok((await start("zeros", mode)).every((v) => v === 0));
	}
});

test("training stops when records in a row brought no better reconstruction of the validation rows", async () => {
	// 20 rows to train on, which are soon learnt by heart.
	const split = splits(3000).map((s, i) =>
		s === "train" && i >= 20 ? "test" : s,
	);
	const few = activations(uneven, 20, split as Split[]);
	const options = {
		...quick,
		train_batch_size_tokens: 20,
		training_tokens: 20 * 2000,
	};
	const sae = await trainSae(few, { ...options, early_stopping_patience: 4 });
	assert.equal(sae.stopped, "early");
	const seen = sae.history.records.map(
		({ validation }) => validation?.mse ?? 0,
	);
	assert.ok(seen.length < 100, `${seen.length} records`);
	const best = seen.indexOf(Math.min(...seen));
	assert.equal(seen.length - 1 - best, 4);
	assert.equal(sae.cfg.training_tokens, sae.history.records.at(-1)?.tokens);
	const checkpoint_path = join(folder, "early");
	const again = { ...options, early_stopping_patience: 4, checkpoint_path };
	await trainSae(few, again);
	const resumed = await trainSae(few, {
		...again,
		resume_from_checkpoint: checkpoint_path,
	});
	assert.equal(resumed.stopped, "early");
	assert.deepEqual(resumed.W_dec, sae.W_dec);
});

test("a validation split without rows or without splits is refused", async () => {
	await assert.rejects(
		trainSae(acts, { ...quick, validation_split: "test" }),
		/validation_split is "test", and the activations have no row of that split/,
	);
	await assert.rejects(
		trainSae(activations(uneven, 20), quick),
		/the sentences of "fake" have no splits/,
	);
	await assert.rejects(
		trainSae(acts, { ...quick, validation_split: "train" }),
		/"train", the rows to train on; give another split, such as "validation"/,
	);
	const broken = uneven.slice();
	broken[20 * 2700 + 1] = Number.NaN;
	await assert.rejects(
		trainSae(activations(broken, 20, splits(3000)), quick),
		/Row 100 of the activations of the split "validation" is not finite \(column \d+ is /,
	);
});

test("the rows looked at are about a tenth of those trained on between two records, within bounds", () => {
	assert.equal(validationRows(1024), 512);
	assert.equal(validationRows(20_480), 2048);
	assert.equal(validationRows(10 ** 7), 4096);
});

test("a part of the validation rows is not of the first sentences alone", async () => {
	const rows = await someRows(acts, "validation", 4096);
	assert.equal(rows.length, held.length);
	assert.notDeepEqual(rows, held);
	const sorted = (values: Float32Array) => [...values].sort();
	assert.deepEqual(sorted(rows), sorted(held));
});
