import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Activations, extract } from "../../../src/activations";
import { loadModel } from "../../../src/model";
import {
	type Sae,
	type SweepOptions,
	type TrainOptions,
	trainSae,
	trainSweep,
} from "../../../src/sae";
import { madeSentences } from "../../activations/made";
import { temporaryFolder, writeRandomGpt2 } from "../../tiny";
import { planted } from "../fakes";

const { folder, remove } = temporaryFolder();
let disk: Activations[];
before(async () => {
	const model = await loadModel(writeRandomGpt2(join(folder, "model")));
	disk = await extract(model, madeSentences(200), {
		hook_names: ["blocks.0.hook_resid_post", "blocks.1.hook_resid_post"],
		to: join(folder, "store"),
		shard_tokens: 300,
	});
	await model.dispose();
});
after(remove);

const small = planted(2000, { d_in: 20, d_true: 40, active: 3 }).acts;
const common = {
	train_batch_size_tokens: 128,
	training_tokens: 4000,
};

function same(a: Sae, b: Sae): void {
	for (const p of ["W_enc", "b_enc", "W_dec", "b_dec", "threshold"] as const)
		assert.deepEqual(a[p], b[p]);
	const records = ({ history }: Sae) =>
		history.records.map(({ seconds, ...rest }) => rest);
	assert.deepEqual(records(a), records(b));
	assert.deepEqual(a.cfg, b.cfg);
}

test("each SAE of a sweep is bit for bit the one that trainSae gives with the same options", async () => {
	const sweep = await trainSweep(small, common, {
		architecture: ["topk", "standard", "batchtopk"],
		d_sae: [32, 64],
		seed: [0, 1],
		normalize_activations: ["expected_average_only_in", "layer_norm"],
	});
	assert.equal(sweep.kind, "sweep");
	assert.equal(sweep.runs.length, 24);
	assert.equal(
		new Set(sweep.runs.map((run) => JSON.stringify(run.varied))).size,
		24,
	);
	assert.deepEqual(sweep.failed, []);
	for (const { varied, sae, hook_name } of sweep.runs) {
		assert.equal(hook_name, small.hook_name);
		same(sae, await trainSae(small, { ...common, ...varied } as TrainOptions));
	}
});

test("SAEs of different lengths and batches are trained side by side as well", async () => {
	const options = { architecture: "topk", d_sae: 32, k: 2 } as const;
	const { runs } = await trainSweep(small, options, {
		training_tokens: [1000, 5000],
		train_batch_size_tokens: [100, 256],
	});
	for (const { varied, sae } of runs)
		same(sae, await trainSae(small, { ...options, ...varied }));
});

test("activations on disk are read once for all SAEs of one seed, hook after hook", async () => {
	let [readings, passes] = [0, 0];
	const counted = disk.map((acts) =>
		Object.assign(Object.create(acts), {
			shuffled(options: Parameters<Activations["shuffled"]>[0]) {
				readings++;
				return acts.shuffled(options);
			},
			batches(options: Parameters<Activations["batches"]>[0]) {
				passes++;
				return acts.batches(options);
			},
		}),
	) as Activations[];
	const options = { ...common, architecture: "topk", k: 2 } as const;
	const grid = { d_sae: [24, 32], lr: [0.001, 0.003] };
	const sweep = await trainSweep(counted, options, grid);
	assert.equal(readings, 2);
	assert.equal(passes, 2);
	assert.deepEqual(sweep.names, ["d_sae", "lr", "hook_name"]);
	assert.deepEqual(
		sweep.runs.map(({ hook_name, varied }) => [
			hook_name,
			varied.d_sae,
			varied.lr,
		]),
		disk.flatMap(({ hook_name }) =>
			[24, 32].flatMap((d) => [0.001, 0.003].map((lr) => [hook_name, d, lr])),
		),
	);
	const { varied, sae } = sweep.runs[6];
	same(sae, await trainSae(disk[1], { ...options, ...varied } as TrainOptions));
});

test("an interrupted sweep gives what it has, and resumes to what it would have become", async () => {
	const checkpoint_path = join(folder, "sweep");
	const options: SweepOptions = { ...common, architecture: "topk", k: 2 };
	const grid = { d_sae: [24, 32] };
	const abort = new AbortController();
	const part = await trainSweep(
		disk,
		{
			...options,
			checkpoint_path,
			signal: abort.signal,
			onRecord: ({ step }, { varied }) => {
				if (step === 9 && varied.d_sae === 32) abort.abort();
			},
		},
		grid,
	);
	assert.equal(part.stopped, "interrupted");
	assert.deepEqual(
		part.runs.map(({ sae }) => sae.stopped),
		["interrupted", "interrupted"],
	);
	assert.deepEqual(readdirSync(checkpoint_path).sort(), [
		"blocks.0.hook_resid_post,d_sae=24",
		"blocks.0.hook_resid_post,d_sae=32",
	]);
	const again = { ...options, checkpoint_path };
	const resumed = await trainSweep(
		disk,
		{ ...again, resume_from_checkpoint: checkpoint_path },
		grid,
	);
	const whole = await trainSweep(disk, options, grid);
	assert.equal(resumed.runs.length, 4);
	for (const [i, { sae }] of whole.runs.entries())
		same(resumed.runs[i].sae, sae);
});

test("an SAE whose loss gets out of hand does not hold up the others", async () => {
	const options = { ...common, architecture: "standard", d_sae: 32 } as const;
	const { runs, failed } = await trainSweep(small, options, {
		lr: [0.001, 1e30],
	});
	assert.equal(runs.length, 1);
	same(runs[0].sae, await trainSae(small, { ...options, lr: 0.001 }));
	assert.equal(failed.length, 1);
	assert.deepEqual(failed[0].varied, { lr: 1e30 });
	assert.match(failed[0].why, /train again with an lr below 1e\+30/);
});

test("a grid without values, with one twice, or with an unknown option is refused", async () => {
	const options = { ...common, architecture: "topk", d_sae: 32 } as const;
	await assert.rejects(
		trainSweep(small, options, { k: [] }),
		/The grid gives k as \[\]; a list of at least one value/,
	);
	await assert.rejects(
		trainSweep(small, options, { k: [2, 4, 2] }),
		/gives k 2 twice/,
	);
	await assert.rejects(
		trainSweep(small, options, { d_see: [2] } as object),
		/There is no option "d_see"; the nearest is "d_sae"/,
	);
	await assert.rejects(
		trainSweep([small, small], options, { k: [2] }),
		/Two of the activations are of blocks.0.hook_resid_post/,
	);
	await assert.rejects(trainSweep([], options, {}), /no activations/);
});
