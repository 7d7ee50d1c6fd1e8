import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { openSafetensors, readTensor } from "../../src/formats/safetensors";
import { holderName, thisProcess } from "../../src/holder";
import { hookNames, loadModel, type Model } from "../../src/model";
import { untrainedModel } from "../../src/model/untrained";
import { setProgressSink } from "../../src/progress";
import { furthest } from "../matrices";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
const temporary = join(folder, "temporary");
mkdirSync(temporary);
const before = process.env.TMPDIR;
process.env.TMPDIR = temporary;
after(() => {
	process.env.TMPDIR = before;
	if (before === undefined) delete process.env.TMPDIR;
	remove();
});

const text = "the quick brown fox";
const hook = "blocks.2.hook_resid_post";

/** The folders of untrained models that are there. */
function made(): string[] {
	return readdirSync(temporary).filter((name) => name.startsWith("sparselens"));
}

/** Makes an untrained model of a trained one's shape, uses both, and disposes of them. */
async function withBoth(
	use: (trained: Model, untrained: Model) => unknown,
	{ from = join(folder, "model"), seed = 0 } = {},
): Promise<void> {
	const trained = await loadModel(
		existsSync(from) ? from : writeRandomGpt2(from),
	);
	const untrained = await untrainedModel(trained, { seed });
	try {
		await use(trained, untrained);
	} finally {
		await trained.dispose();
		await untrained.dispose();
	}
}

async function states(model: Model): Promise<Float32Array> {
	const { cache } = await model.run(text, { hooks: [hook] });
	return cache[hook].data;
}

test("an untrained model has the shape, the hooks and the tokens of the model it is made from", async () => {
	await withBoth((trained, untrained) => {
		const { name, folder: place, fingerprint, ...shape } = untrained.info;
		const { name: _, folder: home, fingerprint: own, ...same } = trained.info;
		assert.notEqual(fingerprint, own);
		assert.deepEqual(shape, same);
		assert.equal(name, `untrained ${trained.info.name}`);
		assert.notEqual(place, home);
		assert.deepEqual(untrained.hook_names, hookNames(trained.info));
		assert.deepEqual(untrained.toTokens(text), trained.toTokens(text));
	});
});

test("its states are others, the seed's own, and its loss is about the logarithm of the vocabulary", async () => {
	await withBoth(async (trained, untrained) => {
		const own = await states(untrained);
		assert.ok(furthest(own, await states(trained)) > 0.5);
		assert.ok(own.every(Number.isFinite));
		await withBoth(async (_, again) => {
			assert.deepEqual(await states(again), own);
		});
		await withBoth(
			async (_, other) => {
				assert.ok(furthest(await states(other), own) > 0.01);
			},
			{ seed: 1 },
		);
		const { data } = await untrained.loss(text);
		const loss = data.reduce((a, b) => a + b, 0) / data.length;
		assert.ok(Math.abs(loss - Math.log(257)) < 0.1, `${loss}`);
	});
});

test("its weights have GPT-2's initial deviations: 0.02, and less by √(2 layers) where they write to the stream", async () => {
	await withBoth((_, { info }) => {
		const file = openSafetensors(join(info.folder, "model.safetensors"));
		const read = (name: string) => readTensor(file, `transformer.${name}`);
		const spread = (name: string) => {
			const x = read(name);
			return Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);
		};
		// The deviation of n numbers is known to 1 / √(2 n): 1.1 % of 4,112, 2.2 % of 1,024, 4.4 % of 256.
		const near = (value: number, wanted: number, within: number) =>
			assert.ok(Math.abs(value / wanted - 1) < within, `${value}`);
		near(spread("wte.weight"), 0.02, 0.05);
		near(spread("wpe.weight"), 0.02, 0.13);
		for (const layer of [0, 2]) {
			near(spread(`h.${layer}.mlp.c_fc.weight`), 0.02, 0.09);
			near(spread(`h.${layer}.mlp.c_proj.weight`), 0.02 / Math.sqrt(6), 0.09);
			near(spread(`h.${layer}.attn.c_proj.weight`), 0.02 / Math.sqrt(6), 0.17);
			assert.ok(read(`h.${layer}.ln_1.weight`).every((v) => v === 1));
			assert.ok(read(`h.${layer}.attn.c_attn.bias`).every((v) => v === 0));
		}
		assert.ok(read("ln_f.weight").every((v) => v === 1));
	});
});

test("a head of its own is drawn as well", async () => {
	const from = writeRandomGpt2(join(folder, "untied"), {
		tie_word_embeddings: false,
	});
	await withBoth(
		(_, untrained) => {
			const head = untrained.unembedding();
			assert.equal(head.length, 257 * 16);
			assert.ok(head.some((v) => v !== 0));
		},
		{ from },
	);
});

test("a model larger than a piece is written whole, and its writing told to the end", async () => {
	const from = writeRandomGpt2(join(folder, "wide"), {
		vocab_size: 20_000,
		n_layer: 1,
	});
	const seen: number[] = [];
	setProgressSink(({ done, total }) => seen.push(done / total));
	await withBoth(
		(_, untrained) => {
			const rows = untrained.unembedding();
			assert.equal(rows.length, 320_000);
			assert.notDeepEqual(rows.slice(262_144, 262_244), rows.slice(0, 100));
			assert.ok(rows.subarray(319_900).some((v) => v !== 0));
		},
		{ from },
	);
	setProgressSink(undefined);
	assert.equal(seen.at(-1), 1);
});

test("nothing is left in the temporary folder, nor after a call that ends early", async () => {
	assert.deepEqual(made(), []);
	const model = await loadModel(join(folder, "model"));
	const stop = new AbortController();
	setProgressSink(() => stop.abort(new Error("enough")));
	await assert.rejects(untrainedModel(model, { signal: stop.signal }), {
		message: "enough",
	});
	setProgressSink(undefined);
	await assert.rejects(
		untrainedModel(model, { seed: 0.5 }),
		/seed is 0\.5, where a whole number was expected/,
	);
	const left = await untrainedModel(model);
	assert.equal(made().length, 1);
	await left.dispose();
	await model.dispose();
	assert.deepEqual(made(), []);
});

test("a process that ends removes its untrained models; what a killed one left is removed by the next", () => {
	const run = (end: string) =>
		spawnSync(
			process.execPath,
			[
				"--import",
				"tsx",
				"--eval",
				`
				import(${JSON.stringify(pathToFileURL(resolve("src/model/index.ts")).href)}).then(async (found) => {
					const { loadModel, untrainedModel } = found.default ?? found;
					await untrainedModel(await loadModel(process.env.MODEL));
					console.log("made");
					${end}
				})`,
			],
			{
				encoding: "utf8",
				env: { ...process.env, MODEL: join(folder, "model") },
			},
		);
	const killed = run('process.kill(process.pid, "SIGKILL")');
	assert.equal(killed.stdout, "made\n", killed.stderr);
	const [left] = made();
	const here = thisProcess();
	const host = encodeURIComponent(here.host);
	assert.ok(
		left.startsWith(
			`sparselens-untrained-${host}-${here.space}-${killed.pid}-`,
		),
	);
	// Nobody can tell from here whether that one lives: it is left alone.
	const elsewhere = `sparselens-untrained-${holderName({ ...here, space: "0123456789ab", pid: killed.pid })}.abcdef`;
	mkdirSync(join(tmpdir(), elsewhere));
	const ended = run("process.exit(3)");
	assert.equal(ended.stdout, "made\n", ended.stderr);
	assert.deepEqual(made(), [elsewhere]);
	rmSync(join(tmpdir(), elsewhere), { recursive: true });
});

test("a model that is no GPT-2 is refused, naming its kind", async () => {
	const from = writeRandomGpt2(join(folder, "other"), {
		model_type: "opt",
	});
	const model = await loadModel(join(folder, "model"));
	await assert.rejects(
		untrainedModel({ info: { ...model.info, folder: from } }),
		/of type "opt", and only "gpt2"/,
	);
	await model.dispose();
});
