import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
	type Activations,
	extract,
	openActivations,
} from "../../../src/activations";
import { loadModel } from "../../../src/model";
import { type TrainOptions, trainSae } from "../../../src/sae";
import { rowsInMemory } from "../../../src/sae/training/data";
import { rowsOnDisk } from "../../../src/sae/training/data-disk";
import { madeSentences } from "../../activations/made";
import { temporaryFolder, writeRandomGpt2 } from "../../tiny";

const parameters = ["W_enc", "b_enc", "W_dec", "b_dec"] as const;

const { folder, remove } = temporaryFolder();
let memory: Activations;
let disk: Activations;
before(async () => {
	const model = await loadModel(writeRandomGpt2(join(folder, "model")));
	const sentences = madeSentences(400);
	const hook_name = "blocks.1.hook_resid_post";
	memory = await extract(model, sentences, { hook_name });
	const to = join(folder, "store");
	disk = await extract(model, sentences, { hook_name, to, shard_tokens: 500 });
	await model.dispose();
});
after(remove);

const options: TrainOptions = {
	architecture: "topk",
	d_sae: 64,
	k: 4,
	train_batch_size_tokens: 128,
	training_tokens: 60_000,
};

test("what is said of all rows to train on is the same from disk as from memory", async () => {
	const there = await rowsOnDisk(disk, ["none", "layer_norm"]);
	const here = rowsInMemory(memory, memory.data as Float32Array);
	assert.equal(there.n, here.n);
	assert.ok(there.n > 4096 && there.n < disk.n_tokens);
	for (const mode of ["none", "layer_norm"] as const) {
		const [a, b] = [there.about(mode), here.about(mode)];
		assert.ok(Math.abs(a.meanNorm / b.meanNorm - 1) < 1e-6);
		assert.ok(Math.abs(a.variance / b.variance - 1) < 1e-5);
		// The same rows in the same order, so the same sample.
		assert.deepEqual(there.median(mode), here.median(mode));
	}
});

test("an SAE trained from disk is as good as one trained from memory, and no row needs the data in memory", async () => {
	const there = await trainSae(disk, options);
	const here = await trainSae(memory, options);
	const [a, b] = [there, here].map(
		({ history }) => history.records.at(-1)?.explained_variance ?? 0,
	);
	assert.ok(b > 0.5, `${b}`);
	assert.ok(Math.abs(a - b) < 0.03, `${a} and ${b}`);
	assert.equal(there.cfg.prepend_bos, true);
	assert.equal(there.cfg.context_size, here.cfg.context_size);
	const latents = await there.encode(disk);
	assert.equal(latents.indptr.length, disk.n_tokens + 1);
});

test("the same seed gives the same weights from disk twice, another seed others", async () => {
	const few = { ...options, training_tokens: 5000 };
	const again = await openActivations(join(folder, "store"));
	const [a, b, c] = [
		await trainSae(disk, { ...few, seed: 5 }),
		await trainSae(again, { ...few, seed: 5 }),
		await trainSae(disk, { ...few, seed: 6 }),
	];
	for (const p of parameters) {
		assert.deepEqual(a[p], b[p]);
		assert.notDeepEqual(a[p], c[p]);
	}
});

for (const architecture of ["topk", "standard", "batchtopk"] as const)
	test(`a ${architecture} SAE resumed from disk is bit for bit the one of a training without a break`, async () => {
		const few: TrainOptions = {
			...options,
			architecture,
			training_tokens: 12_000, // several epochs
			validation_split: "validation",
			normalize_activations: "layer_norm",
		};
		const whole = await trainSae(disk, few);
		const checkpoint_path = join(folder, `checkpoints-${architecture}`);
		const abort = new AbortController();
		const part = await trainSae(disk, {
			...few,
			checkpoint_path,
			n_checkpoints: 3,
			signal: abort.signal,
			onRecord: ({ step }) => step === 71 && abort.abort(),
		});
		assert.equal(part.stopped, "interrupted");
		const again = await openActivations(join(folder, "store"));
		for (const from of [
			checkpoint_path,
			join(checkpoint_path, `${32 * 128}`),
		]) {
			const resumed = await trainSae(again, {
				...few,
				resume_from_checkpoint: from,
			});
			for (const p of [...parameters, "threshold"] as const)
				assert.deepEqual(resumed[p], whole[p]);
			const records = ({ history }: typeof whole) =>
				history.records.map(({ seconds, ...record }) => record);
			assert.deepEqual(records(resumed), records(whole));
		}
		await assert.rejects(
			trainSae(memory, { ...few, resume_from_checkpoint: checkpoint_path }),
			/on other activations than these, or on the same in another order/,
		);
	});

test("options are checked before anything is read, and a signal ends the first reading", async () => {
	const unread = { ...disk, batches: () => assert.fail("it was read") };
	await assert.rejects(
		trainSae(unread, { ...options, d_sae: 0 }),
		/d_sae is 0; a whole number of at least 1/,
	);
	await assert.rejects(
		trainSae(disk, { ...options, signal: AbortSignal.abort() }),
		{ name: "AbortError" },
	);
});

test("values on disk that are not finite are refused, and so are no rows to train on", async () => {
	const row = 16 * 10;
	const broken = {
		...disk,
		async *batches() {
			yield new Float32Array(row).fill(1).fill(Number.NaN, 50, 51);
		},
	};
	await assert.rejects(
		trainSae(broken, options),
		/Row 3 of the activations to train on \(\S+store\) is not finite \(column 2 is NaN\): /,
	);
	async function* batches() {}
	await assert.rejects(
		trainSae({ ...disk, batches }, options),
		/There are no activations to train on/,
	);
});
