import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import {
	type Activations,
	extract,
	openActivations,
	poolHooks,
	poolSentences,
} from "../src/activations";
import {
	cluster,
	clusterLatents,
	clusterTokens,
	howManyClusters,
	kMeansSteps,
} from "../src/cluster";
import { loadSentences } from "../src/dataset";
import { factorLatents, neurons } from "../src/features";
import {
	beginInterruptible,
	endInterruptible,
	listenTo,
	turns,
	untilInterrupted,
} from "../src/interrupt";
import { loadModel, type Model, untrainedModel } from "../src/model";
import {
	kSparseProbe,
	logisticRegression,
	probe,
	probeLayers,
	probeNumber,
	probeTags,
} from "../src/probe";
import { setProgressSink } from "../src/progress";
import {
	evaluate,
	type Latents,
	loadSae,
	recovery,
	type Sae,
} from "../src/sae";
import { madeSentences } from "./activations/made";
import { someSae } from "./sae/random-sae";
import { temporaryFolder, writeRandomGpt2 } from "./tiny";

const { folder, remove } = temporaryFolder();
const hook_name = "blocks.1.hook_resid_post";
const sentences = madeSentences(200);
sentences.labels.length = sentences.text.map(({ length }) => `${length}`);
sentences.labels.tags = sentences.text.map(
	(_, i) => `${i % 3 ? "a" : ""};${i % 2 ? "b" : ""}`,
);

const path = join(folder, "model");
const saved = join(folder, "sae");
let model: Model;
let acts: Activations;
let sae: Sae;
let latents: Latents;

before(async () => {
	model = await loadModel(writeRandomGpt2(path));
	acts = await extract(model, sentences, { hook_name });
	sae = someSae("topk", { d_in: 16, hook_name, model_name: "model" });
	latents = await sae.encode(acts);
	sae.save(saved);
});
afterEach(() => {
	endInterruptible();
	setProgressSink(undefined);
});
after(async () => {
	await model.dispose();
	remove();
});

type Listening = Record<string, (signal?: AbortSignal) => Promise<unknown>>;

let stores = 0;
/** Small batches, so that there are many. */
const how = { hook_name, batch_tokens: 64 } as const;

/** Those that tell how far they are. */
const long: Listening = {
	extract: (signal) => extract(model, sentences, { ...how, signal }),
	"extract to a folder": (signal) => {
		const to = join(folder, `store-${stores++}`);
		return extract(model, sentences, { ...how, to, shard_tokens: 64, signal });
	},
	"sae.encode": (signal) => sae.encode(manyBatches(acts), { signal }),
	evaluate: (signal) => evaluate(sae, model, sentences, { signal }),
	probe: (signal) => probe(latents, { label: "kind", signal }),
	"probe of tokens": (signal) =>
		probe(latents, {
			label: { name: "late", of: ({ position }) => position > 3 },
			signal,
		}),
	probeLayers: (signal) =>
		probeLayers(model, sentences, { labels: ["kind"], signal }),
	kSparseProbe: (signal) => kSparseProbe(latents, { label: "kind", signal }),
	probeNumber: (signal) => probeNumber(latents, { label: "length", signal }),
	probeTags: (signal) => probeTags(latents, { label: "tags", signal }),
	poolHooks: (signal) =>
		poolHooks(model, sentences, {
			hook_names: [hook_name],
			batch_tokens: 64,
			signal,
		}),
	untrainedModel: async (signal) =>
		(await untrainedModel(model, { signal })).dispose(),
	neurons: (signal) => neurons(model, sentences, { layer: 0, signal }),
	factorLatents: (signal) => factorLatents(latents, { signal }),
};

/** Those that do not. */
const quiet: Listening = {
	loadModel: (signal) => loadModel(path, { signal }),
	loadSae: (signal) => loadSae(saved, undefined, { signal }),
	loadSentences: (signal) => loadSentences("bundled", { signal }),
	"model.run": (signal) => model.run("abc", { signal }),
	"model.runWithCache": (signal) => model.runWithCache("abc", { signal }),
	"model.loss": (signal) => model.loss("abc", { signal }),
	"model.compare": (signal) =>
		model.compare("abc", { conditions: () => [], signal }),
	"model.logitLens": (signal) => model.logitLens("abc", { signal }),
	"model.runWithGradients": (signal) =>
		model.runWithGradients("abc", {
			metric: { type: "loss" },
			hooks: ["hook_embed"],
			signal,
		}),
	poolSentences: (signal) => poolSentences(acts, { signal }),
	recovery: (signal) => recovery(sae.W_dec, sae, { signal }),
	kMeansSteps: (signal) => kMeansSteps(latents, { signal }),
	logisticRegression: (signal) =>
		logisticRegression(
			{ kind: "dense", rows: 4, columns: 1, data: Float32Array.of(0, 1, 2, 3) },
			[0, 0, 1, 1],
			{ signal },
		),
};

/** Those that give what they have. */
const giving: Listening = {
	cluster: (signal) => cluster(latents, { signal }),
	clusterLatents: (signal) => clusterLatents(sae, { k: 2, signal }),
	clusterTokens: (signal) => clusterTokens(acts, { k: 2, signal }),
	howManyClusters: (signal) =>
		howManyClusters(latents, { ks: [2], repeats: 2, signal }),
	"model.generate": (signal) => model.generate("abc", { signal }),
};

for (const [name, call] of Object.entries({ ...long, ...quiet, ...giving }))
	test(`${name}: the cell's interrupt is its signal; its own signal counts before that`, async () => {
		const interrupt = beginInterruptible();
		assert.equal(interrupt(), "unheard");
		await assert.rejects(call(), { name: "Interrupted" });
		await call(new AbortController().signal);
		endInterruptible();
		await assert.rejects(call(AbortSignal.abort(new Error("enough"))), {
			message: "enough",
		});
	});

for (const [name, call] of Object.entries(long))
	test(`${name} that is interrupted in a cell ends before its next step, with the interrupt as its error`, async () => {
		const { reports, ended } = await interruptedAtFirstReport(call);
		assert.deepEqual(ended, { tell: "unheard", reason: "Interrupted" });
		assert.equal(reports, 1);
	});

test("an interrupted extraction to a folder leaves a store that says it is not finished, and goes on from there", async () => {
	const to = join(folder, "half");
	const options = { ...how, to, shard_tokens: 64 };
	await interruptedAtFirstReport(() => extract(model, sentences, options));
	assert.ok(existsSync(to));
	await assert.rejects(openActivations(to), /is not finished \(0 shards/);
	const whole = await extract(model, sentences, options);
	assert.equal(whole.n_tokens, acts.n_tokens);
});

test("an interrupted clustering gives the best one so far, and the cell goes on until it is interrupted again", async () => {
	const interrupt = beginInterruptible();
	let reports = 0;
	setProgressSink(() => {
		if (++reports === 1) assert.equal(interrupt(), "stopping");
	});
	const found = await cluster(latents, { k: 4 });
	assert.equal(reports, 1); // the starts, ten side by side
	assert.equal(found.stopped, "interrupted");
	assert.equal(
		found.sizes.reduce((a, b) => a + b, 0),
		sentences.text.length,
	);
	const { stopped } = await cluster(latents, { k: 4 });
	assert.equal(stopped, undefined);
	await poolSentences(latents);
	assert.equal(interrupt(), "unheard");
	await assert.rejects(poolSentences(latents), { name: "Interrupted" });
});

test("an interrupted generation gives the tokens so far", async () => {
	const interrupt = beginInterruptible();
	setImmediate(() => assert.equal(interrupt(), "stopping"));
	const found = await model.generate("abc", {
		max_new_tokens: 25,
		stop_at_eos: false,
	});
	assert.equal(found.stopped, "interrupted");
	assert.ok(found.ids.length < 25);
});

test("a comparison that is interrupted between two runs of the model ends there", async () => {
	const interrupt = beginInterruptible();
	const ended = model.compare("abc", {
		hooks: [hook_name],
		conditions() {
			interrupt();
			return [[{ type: "scale", hook_name, factor: 0 }]];
		},
	});
	await assert.rejects(ended, { name: "Interrupted" });
});

test("a loop of arithmetic that takes turns hears what came meanwhile", async () => {
	const interrupt = beginInterruptible();
	setImmediate(interrupt);
	const turn = turns(listenTo());
	const endless = async () => {
		for (let round = 0; round < 1e8; round++) await turn();
	};
	await assert.rejects(endless(), { name: "Interrupted" });
});

test("where two functions would give what they have, the cell's later calls hear nothing of it once both have", async () => {
	const interrupt = beginInterruptible();
	const answer = (ends: Promise<void>) =>
		untilInterrupted(undefined, () => ends);
	const [first, second] = [gate(), gate()];
	const both = [answer(first.opens), answer(second.opens)];
	assert.equal(interrupt(), "stopping");
	first.open();
	await both[0];
	assert.throws(() => listenTo(), { name: "Interrupted" });
	second.open();
	await both[1];
	assert.equal(listenTo()?.aborted, false);
});

/** Runs a function in a cell that is interrupted when it first tells how far it is. */
async function interruptedAtFirstReport(call: () => Promise<unknown>) {
	const interrupt = beginInterruptible();
	let reports = 0;
	let tell = "";
	setProgressSink(() => {
		if (++reports === 1) tell = interrupt();
	});
	const reason = await call().then(
		() => "none",
		(error: Error) => error.name,
	);
	endInterruptible();
	return { reports, ended: { tell, reason } };
}

function manyBatches(of: Activations): Activations {
	return { ...of, batches: () => of.batches({ size: 50 }) };
}

function gate() {
	let open = () => {};
	const opens = new Promise<void>((resolve) => {
		open = resolve;
	});
	return { opens, open: () => open() };
}
