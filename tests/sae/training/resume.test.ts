import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Activations } from "../../../src/activations";
import { type Holder, holderName, thisProcess } from "../../../src/holder";
import {
	type Architecture,
	loadSae,
	type Sae,
	type TrainOptions,
	trainSae,
} from "../../../src/sae";
import { architectures } from "../../../src/sae/architectures";
import { temporaryFolder } from "../../tiny";
import { planted } from "../fakes";
import { type Job, rowsToTrainOn } from "./train-child";

const { folder, remove } = temporaryFolder();
after(remove);
const at = (name: string) => join(folder, name);

const acts = rowsToTrainOn();
const STEPS = 60;
const quick: TrainOptions = {
	architecture: "topk",
	d_sae: 48,
	k: 3,
	train_batch_size_tokens: 128,
	training_tokens: STEPS * 128,
	dead_feature_window: 5,
	seed: 2,
};

/** Everything that training gives, except how long it took. */
function given({ cfg, history, ...sae }: Sae) {
	const { W_enc, W_dec, b_dec, b_enc, threshold, b_gate, b_mag, r_mag } = sae;
	const records = history.records.map(({ seconds, ...rest }) => rest);
	const weights = {
		W_enc,
		W_dec,
		b_dec,
		b_enc,
		threshold,
		b_gate,
		b_mag,
		r_mag,
	};
	return { weights, cfg, records };
}

/** Trains until the record at that step, as an interrupt would end it. */
function trainUntil(
	step: number,
	options: TrainOptions,
	on: Activations = acts,
) {
	const abort = new AbortController();
	return trainSae(on, {
		...options,
		signal: abort.signal,
		onRecord: (record) => record.step >= step && abort.abort(),
	});
}

for (const architecture of Object.keys(architectures) as Architecture[])
	test(`a ${architecture} SAE that was interrupted and resumed is bit for bit the one of a training without a break`, async () => {
		const options = {
			...quick,
			architecture,
			d_sae: 200,
			dead_feature_window: 0,
			resample_steps: 10,
			l1_coefficient: 20,
			l0_coefficient: 20,
			lr: 0.01,
		};
		const whole = await trainSae(acts, options);
		const checkpoint_path = at(architecture);
		const part = await trainUntil(23, { ...options, checkpoint_path });
		assert.equal(part.stopped, "interrupted");
		assert.deepEqual(readdirSync(checkpoint_path), [`${23 * 128}`]);
		assert.notDeepEqual(part.W_dec, whole.W_dec);
		const resumed = await trainSae(acts, {
			...options,
			checkpoint_path,
			resume_from_checkpoint: checkpoint_path,
		});
		assert.equal(resumed.stopped, undefined);
		assert.deepEqual(given(resumed), given(whole));
		assert.ok(whole.history.records.some(({ dead }) => (dead ?? 0) > 0));
		// The last checkpoint is the finished SAE, for loadSae and for training alike.
		const last = join(checkpoint_path, `${STEPS * 128}`);
		assert.deepEqual((await loadSae(last)).W_dec, whole.W_dec);
		const finished = { ...options, resume_from_checkpoint: last };
		assert.deepEqual(given(await trainSae(acts, finished)), given(whole));
	});

test("checkpoints are spread evenly, and from each one the training ends the same", async () => {
	const checkpoint_path = at("spread");
	const options = { ...quick, checkpoint_path, n_checkpoints: 4 };
	const whole = await trainSae(acts, options);
	const names = readdirSync(checkpoint_path).map(Number);
	assert.deepEqual(
		names.sort((a, b) => a - b),
		[15, 30, 45, 60].map((step) => step * 128),
	);
	for (const name of names) {
		const resume_from_checkpoint = join(checkpoint_path, `${name}`);
		const sae = await trainSae(acts, { ...quick, resume_from_checkpoint });
		assert.deepEqual(given(sae), given(whole), `${name}`);
	}
});

function runChild(job: Job) {
	const file = join(__dirname, "train-child.ts");
	const args = ["--import", "tsx", file, JSON.stringify(job)];
	return spawnSync(process.execPath, args, { encoding: "utf8" });
}

test("killed in the midst of any write, fsync or rename of a checkpoint, it goes on from the last whole one to the same SAE", async () => {
	const whole = given(await trainSae(acts, quick));
	const checkpoint_path = at("killed");
	const options = { ...quick, checkpoint_path, n_checkpoints: 6 };
	let before: string[] = [];
	// A checkpoint takes some 25 calls.
	for (const killAt of [3, 11, 17, 19, 27, 36, 58, 400]) {
		const resume_from_checkpoint = before.length ? checkpoint_path : undefined;
		const child = runChild({
			options: { ...options, resume_from_checkpoint },
			killAt,
		});
		assert.ok(child.signal === "SIGKILL" || killAt === 400, child.stderr);
		const there = readdirSync(checkpoint_path).filter((n) => /^\d+$/.test(n));
		for (const name of there) await loadSae(join(checkpoint_path, name));
		assert.ok(there.length >= before.length);
		before = there;
	}
	assert.equal(before.length, 6);
	const resumed = await trainSae(acts, {
		...options,
		resume_from_checkpoint: join(checkpoint_path, before[0]),
	});
	assert.deepEqual(given(resumed), whole);
	// What the killed ones left is gone.
	assert.deepEqual(readdirSync(checkpoint_path).sort(), before.sort());
});

test("what is being written is removed only where its process is known to have ended", async () => {
	const checkpoint_path = at("parts");
	const here = thisProcess();
	const { pid } = spawnSync("true");
	const part = (holder: Holder) =>
		`128.${holderName(holder)}-${randomUUID()}.part`;
	const ended = [
		part({ ...here, pid }),
		part({ ...here, start: here.start + 1 }), // this number, of an earlier process
	];
	const unknown = [
		part({ ...here, host: "other", pid }),
		part({ ...here, space: "0123456789ab", pid }), // another container, or before the machine started anew
		`128.${pid}-${randomUUID()}.part`, // of an older version
	];
	for (const name of [...ended, ...unknown])
		mkdirSync(join(checkpoint_path, name), { recursive: true });
	await trainUntil(30, { ...quick, checkpoint_path });
	const left = readdirSync(checkpoint_path).filter((n) => !/^\d+$/.test(n));
	assert.deepEqual(left.sort(), unknown.sort());
});

/** A whole checkpoint, in a folder of its own. */
async function checkpointAt(name: string): Promise<string> {
	const checkpoint_path = at(name);
	await trainUntil(30, { ...quick, checkpoint_path });
	return join(checkpoint_path, `${30 * 128}`);
}

test("a checkpoint of another training is refused, and the sentence says what differs", async () => {
	const from = await checkpointAt("other");
	const refused = (
		change: Partial<TrainOptions>,
		message: RegExp,
		on: Activations = acts,
	) =>
		assert.rejects(
			trainSae(on, { ...quick, ...change, resume_from_checkpoint: from }),
			message,
		);
	await refused(
		{ architecture: "standard" },
		/is of an SAE with architecture "topk", and it is "standard" here: give the same/,
	);
	await refused({ d_sae: 50 }, /an SAE with d_sae 48, and it is 50 here/);
	const wider = planted(2000, { d_in: 24, d_true: 40, active: 3 }).acts;
	await refused({}, /an SAE with d_in 20, and it is 24 here/, wider);
	await refused({ lr: 0.002 }, /trained with lr 0\.003, and it is 0\.002 now/);
	await refused({ seed: 3 }, /trained with seed 2, and it is 3 now/);
	await refused({ k: 4 }, /with k 3, and it is 4 now/);
	await refused(
		{ training_tokens: 2 * STEPS * 128 },
		/with training_tokens 7680, and it is 15360 now/,
	);
	const data = acts.data.slice();
	data[20 * 1999] += 1e-3;
	await refused({}, /on other activations than these/, { ...acts, data });
	const fewer = planted(1900, { d_in: 20, d_true: 40, active: 3 }).acts;
	await refused({}, /with rows 2000, and it is 1900 here/, fewer);
	const elsewhere = { ...acts, hook_name: "blocks.1.hook_resid_post" as const };
	await refused({}, /hook_name "blocks.0.hook_resid_post"/, elsewhere);
});

test("another loss of a user's own is another course", async () => {
	const checkpoint_path = at("loss");
	const loss = architectures.topk.loss;
	const few = { ...quick, loss, training_tokens: 3 * 128 };
	await trainSae(acts, { ...few, checkpoint_path });
	await assert.rejects(
		trainSae(acts, {
			...few,
			loss: (...given) => loss(...given),
			resume_from_checkpoint: checkpoint_path,
		}),
		/was trained with another loss/,
	);
});

test("a damaged checkpoint is refused, and of a folder of many the last whole one is taken", async () => {
	const checkpoint_path = at("damaged");
	const options = { ...quick, checkpoint_path, n_checkpoints: 2 };
	const whole = await trainSae(acts, options);
	const last = join(checkpoint_path, `${STEPS * 128}`);
	const file = join(last, "trainer_state.safetensors");
	const bytes = readFileSync(file);
	const resume = (resume_from_checkpoint: string) =>
		trainSae(acts, { ...quick, resume_from_checkpoint });
	const damage = async (change: () => void, message: RegExp) => {
		change();
		await assert.rejects(resume(last), message);
		assert.deepEqual(given(await resume(checkpoint_path)), given(whole));
		writeFileSync(file, bytes);
	};
	await damage(() => truncateSync(file, bytes.length - 100), /truncated/);
	await damage(() => {
		const flipped = Buffer.from(bytes);
		flipped[bytes.length - 2000] ^= 1;
		writeFileSync(file, flipped);
	}, /holds other numbers than were written/);
	await damage(() => {
		const text = bytes.toString("latin1").replace('"U32"', '"I32"');
		writeFileSync(file, Buffer.from(text, "latin1"));
	}, /has no tensor silent of shape \[48\]/);
	await damage(() => {
		const text = bytes.toString("latin1").replace("sparselens", "sparselenz");
		writeFileSync(file, Buffer.from(text, "latin1"));
	}, /does not say where training stood/);
	await damage(() => writeFileSync(file, ""), /has 0 bytes/);
	assert.deepEqual(given(await resume(last)), given(whole));
});

test("a folder without a checkpoint cannot be resumed from", async () => {
	mkdirSync(at("empty"));
	for (const name of ["empty", "missing"])
		await assert.rejects(
			trainSae(acts, { ...quick, resume_from_checkpoint: at(name) }),
			/There is no checkpoint in .*(empty|missing): give a folder/,
		);
});

test("checkpoints of another training are not written over, those of the same one are", async () => {
	const from = await checkpointAt("taken");
	const checkpoint_path = at("taken");
	await assert.rejects(
		trainSae(acts, { ...quick, lr: 0.004, checkpoint_path }),
		/holds checkpoints of another training: give another checkpoint_path/,
	);
	assert.ok(existsSync(from));
	const again = await trainSae(acts, { ...quick, checkpoint_path });
	cpSync(from, at("copy"), { recursive: true });
	const resumed = await trainSae(acts, {
		...quick,
		resume_from_checkpoint: at("copy"),
	});
	assert.deepEqual(given(resumed), given(again));
});
