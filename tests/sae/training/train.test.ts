import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { beginInterruptible, endInterruptible } from "../../../src/interrupt";
import {
	type Architecture,
	loadSae,
	type TrainingRecord,
	type TrainOptions,
	trainSae,
} from "../../../src/sae";
import { temporaryFolder } from "../../tiny";
import { activations, planted } from "../fakes";

const { folder, remove } = temporaryFolder();
after(remove);

const parameters = ["W_enc", "b_enc", "W_dec", "b_dec"] as const;

const small = planted(3000, { d_in: 20, d_true: 40, active: 3 }).acts;
const quick: TrainOptions = {
	architecture: "topk",
	d_sae: 64,
	k: 3,
	train_batch_size_tokens: 256,
	training_tokens: 30_000,
};

test("a training says what its highest learning rate was, and whether that was the default", async () => {
	const own = await trainSae(small, { ...quick, training_tokens: 256 });
	assert.equal(own.history.lr, 0.003);
	assert.equal(own.history.lr_is_default, true);
	const few = { ...quick, training_tokens: 256, lr: 0.0007 };
	const given = await trainSae(small, few);
	assert.equal(given.history.lr, 0.0007);
	assert.equal(given.history.lr_is_default, false);
});

for (const architecture of ["topk", "standard"] as Architecture[]) {
	const options = { ...quick, architecture };
	test(`the same seed gives the same ${architecture} weights twice, another seed others`, async () => {
		const [a, b, c] = [
			await trainSae(small, { ...options, seed: 5 }),
			await trainSae(small, { ...options, seed: 5 }),
			await trainSae(small, { ...options, seed: 6 }),
		];
		for (const p of parameters) {
			assert.deepEqual(a[p], b[p]);
			assert.notDeepEqual(a[p], c[p]);
		}
	});

	test(`the weights of a ${architecture} SAE work on activations of any scale as they are`, async () => {
		const scaled = activations(
			small.data.map((v) => 1000 * v),
			20,
		);
		const [one, thousand] = [
			await trainSae(activations(small.data, 20), options),
			await trainSae(scaled, options),
		];
		const last = thousand.history.records.at(-1);
		const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0);
		const x = small.data.subarray(0, 2000);
		const y = await one.reconstruct(x);
		const z = await thousand.reconstruct(x.map((v) => 1000 * v));
		const error = sum(z.map((v, i) => Math.abs(v / 1000 - y[i])));
		assert.ok(error < 0.01 * sum(y.map(Math.abs)));
		assert.ok(
			Math.abs((last?.l0 ?? 0) - (one.history.records.at(-1)?.l0 ?? 0)) < 0.1,
		);
	});
}

test("records hold what happened since the one before, and reach the caller as they are made", async () => {
	const seen: TrainingRecord[] = [];
	const sae = await trainSae(small, {
		...quick,
		onRecord: (r) => seen.push(r),
	});
	const { records } = sae.history;
	assert.deepEqual(seen, records);
	assert.equal(records.at(-1)?.step, Math.round(30_000 / 256));
	assert.equal(records.at(-1)?.tokens, 117 * 256);
	assert.ok(records.every((r) => r.l0 <= 3 && (r.dead ?? 0) <= 64));
	const [first, last] = [records[0], records[records.length - 1]];
	assert.ok(last.explained_variance > first.explained_variance);
	assert.ok(last.loss < first.loss);
	assert.ok(last.explained_variance <= 1);
});

test("only the train split is trained on", async () => {
	const data = Float32Array.from(small.data);
	data.fill(Number.NaN, 20 * 1500);
	const split = Array.from({ length: 3000 }, (_, i) =>
		i < 1500 ? ("train" as const) : ("test" as const),
	);
	const sae = await trainSae(activations(data, 20, split), quick);
	assert.ok(sae.W_dec.every(Number.isFinite));
});

test("an interrupted training stops after the step at hand and says so", async () => {
	const abort = new AbortController();
	const sae = await trainSae(small, {
		...quick,
		signal: abort.signal,
		onRecord: (r) => {
			if (r.step >= 10) abort.abort();
		},
	});
	assert.equal(sae.stopped, "interrupted");
	const steps = sae.history.records.at(-1)?.step;
	assert.ok(steps !== undefined && steps >= 10 && steps < 20);
	assert.equal(sae.cfg.training_tokens, 256 * steps);
	assert.ok(sae.W_dec.every(Number.isFinite));
});

test("a training whose signal came before its first step has nothing to give, and throws the signal's reason", async () => {
	const signal = AbortSignal.abort(new Error("enough"));
	await assert.rejects(
		trainSae(small, { ...quick, signal }),
		/^Error: enough$/,
	);
	const abort = new AbortController();
	const data = small.data;
	const late = {
		...small,
		get data() {
			abort.abort(); // while the rows are looked at
			return data;
		},
	};
	await assert.rejects(trainSae(late, { ...quick, signal: abort.signal }), {
		name: "AbortError",
	});
});

test("in a notebook the cell's interrupt is the signal, and its own signal counts before it", async () => {
	const interrupt = beginInterruptible();
	try {
		const own = new AbortController();
		const unheard = trainSae(small, { ...quick, signal: own.signal });
		assert.equal(interrupt(), "unheard");
		assert.equal((await unheard).stopped, undefined);
	} finally {
		endInterruptible();
	}
	const again = beginInterruptible();
	try {
		const endless = { ...quick, training_tokens: 1e12 };
		const running = trainSae(small, endless);
		setTimeout(() => assert.equal(again(), "stopping"), 50);
		assert.equal((await running).stopped, "interrupted");
		assert.equal(again(), "unheard"); // nobody listens any more
		await assert.rejects(trainSae(small, endless), { name: "Interrupted" });
	} finally {
		endInterruptible();
	}
});

test("activations that hold NaN are refused with their row and sentence", async () => {
	const data = small.data.slice();
	data[20 * 17 + 3] = Number.NaN;
	await assert.rejects(
		trainSae(activations(data, 20), quick),
		/Row 17 of the activations \(sentence 17\)/,
	);
});

test("no activations to train on are refused, also where only the train split is empty", async () => {
	const empty = activations(new Float32Array(0), 20);
	await assert.rejects(trainSae(empty, quick), /no activations to train on/);
	const split = Array(3000).fill("test");
	await assert.rejects(
		trainSae(activations(small.data, 20, split), quick),
		/no activations to train on/,
	);
});

test("a loss that is no number any more is told, with what to do", async () => {
	await assert.rejects(
		trainSae(small, { ...quick, architecture: "standard", lr: 1e30 }),
		/^Error: The loss is no number any more at step \d+: train again with an lr below 1e\+30\.$/,
	);
});

test("a loss that grows far above its start ends training, and the sentence names the last good checkpoint", async () => {
	const checkpoint_path = join(folder, "diverges");
	const options: TrainOptions = {
		...quick,
		architecture: "standard",
		training_tokens: 256 * 400,
		lr: 3,
		lr_warm_up_steps: 20,
		checkpoint_path,
		n_checkpoints: 40,
	};
	let kept = "";
	await assert.rejects(trainSae(small, options), ({ message }: Error) => {
		kept = /checkpoint is (.*)\.$/.exec(message)?.[1] ?? "";
		assert.match(
			message,
			/^The loss has grown to [\d.e+]+ times its start by step \d+: train again with an lr below 3; the last good checkpoint is .*\.$/,
		);
		return true;
	});
	const sae = await loadSae(kept);
	assert.ok(sae.W_dec.every(Number.isFinite));
	const all = readdirSync(checkpoint_path).map(Number);
	assert.equal(Math.max(...all), sae.cfg.training_tokens);
});
