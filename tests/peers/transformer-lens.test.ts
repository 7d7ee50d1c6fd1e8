import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
	type HookName,
	type Intervention,
	loadModel,
	type Metric,
	type Model,
	type Tensor,
	type TokenBatch,
} from "../../src/model";
import { hookShape, hookWidth } from "../../src/model/hooks";
import { random } from "../../src/random";
import { largestDifference } from "../numbers";
import { type RandomGpt2, temporaryFolder, writeRandomGpt2 } from "../tiny";
import { ask, type Peer, saeLens, transformerLens } from "./python";
import { agreed, type PeerName } from "./record";

type Plain = Pick<Tensor, "dims"> & { data: number[] };
interface Answer {
	logits: Plain;
	loss: number[];
	cache: Record<string, Plain>;
	gradients: { metric: number[]; gradients: Record<string, Plain> }[];
	changed: Plain[];
}

const seq = 9;
const kinds: Record<string, RandomGpt2> = {
	"a plain GPT-2": { seed: 11 },
	"the exact GELU and a head of its own": {
		seed: 12,
		activation_function: "gelu",
		tie_word_embeddings: false,
	},
	"ReLU, four heads, a narrow MLP": {
		seed: 13,
		activation_function: "relu",
		n_head: 4,
		n_inner: 24,
	},
	"scores divided by the layer": {
		seed: 14,
		scale_attn_by_inverse_layer_idx: true,
	},
};
const metrics: Metric[] = [
	{ type: "loss" },
	{ type: "logit", token: 7 },
	{ type: "logit_difference", token: 7, versus: 9 },
	{ type: "probability", token: 5, position: 3 },
	{ type: "log_probability", token: 101 },
];

/** Two rows of random ids, the first one behind BOS. */
function rowsOf(seed: number): number[][] {
	const draw = random(seed);
	const rows = [0, 1].map(() =>
		Array.from({ length: seq }, () => draw.int(256)),
	);
	rows[0][0] = 256;
	return rows;
}

/** Interventions at every hook that takes them: every kind, or the next one from hook to hook. */
function interventionsOf(model: Model, all: boolean): Intervention[] {
	const draw = random(3);
	return model.hook_names.flatMap((hook_name, i): Intervention[] => {
		const shape = hookShape(hook_name);
		if (shape === "scale" || shape === "per head") return [];
		const d = hookWidth(model.info, hook_name);
		const values = (n: number) =>
			Float32Array.from({ length: n }, () => draw.normal());
		const kinds: Intervention[] = [
			{
				hook_name,
				type: "add",
				values: values(d),
				scale: 0.5,
				positions: [2, 4],
			},
			{ hook_name, type: "scale", factor: 0, units: [0, 3, 5] },
			{ hook_name, type: "project", direction: values(d) },
			{
				hook_name,
				type: "replace",
				values: values(2 * seq * d),
				positions: [i % seq],
			},
		];
		return all ? kinds : [kinds[i % kinds.length]];
	});
}

const { folder, remove } = temporaryFolder();
const models: {
	what: string;
	model: Model;
	batch: TokenBatch;
	interventions: Intervention[];
}[] = [];

before(async () => {
	if (saeLens.skip && transformerLens.skip) return;
	for (const [what, config] of Object.entries(kinds)) {
		const path = writeRandomGpt2(join(folder, String(config.seed)), config);
		const model = await loadModel(path);
		const batch = model.batch(
			rowsOf(config.seed ?? 1).map((ids) => Int32Array.from(ids)),
		);
		models.push({
			what,
			model,
			batch,
			interventions: interventionsOf(model, models.length === 0),
		});
	}
});
after(async () => {
	for (const { model } of models) await model.dispose();
	remove();
});

/** The largest difference as a part of the peer's largest number. */
function apart(own: Tensor, peer: Plain, what: string): number {
	assert.deepEqual(own.dims, peer.dims, what);
	const size = peer.data.reduce(
		(most, x) => Math.max(most, Number.isFinite(x) ? Math.abs(x) : 0),
		0,
	);
	return size && largestDifference(own.data, peer.data) / size;
}

function peersAnswers(peer: Peer, version: 3 | 4): Answer[] {
	const script = readFileSync(
		join(__dirname, "transformer_lens_gpt2.py"),
		"utf8",
	);
	const cases = models.map(({ model, batch, interventions }) => ({
		folder: model.info.folder,
		ids: [0, 1].map((b) => [...batch.ids.subarray(b * seq, (b + 1) * seq)]),
		hooks: model.hook_names,
		metrics,
		interventions: interventions.map((given) =>
			Object.fromEntries(
				Object.entries(given).map(([key, value]) => [
					key,
					value instanceof Float32Array ? [...value] : value,
				]),
			),
		),
	}));
	return ask(peer, script, { cases, version });
}

/** What TransformerLens 3 has no hook for: what the next layer reads is a name of 4. */
const newer = /ln(1|2|_final)\.hook_out$/;

for (const [peer, version] of [
	[saeLens, 3],
	[transformerLens, 4],
] as const)
	describe(`TransformerLens ${version}, without processing`, {
		skip: peer.skip,
	}, () => {
		const beside: PeerName = `TransformerLens ${version}`;
		let answers: Answer[];
		before(() => {
			answers = peersAnswers(peer, version);
		});

		for (const [i, what] of Object.keys(kinds).entries()) {
			test(`${what}: logits, loss and every hook of every layer are the same`, async () => {
				const { model, batch } = models[i];
				const hooks = [...model.hook_names];
				const { logits, cache } = await model.run(batch, {
					hooks,
					logits: true,
				});
				assert.ok(logits);
				const off = apart(logits, answers[i].logits, "logits");
				assert.ok(off < 5e-6, `logits: ${off}`);
				agreed("logits", beside, off);
				const loss = await model.loss(batch);
				const offLoss = largestDifference(loss.data, answers[i].loss);
				assert.ok(offLoss < 1e-5, `loss: ${offLoss}`);
				agreed("loss of each token, nats", beside, offLoss);
				const missing = hooks.filter((hook) => !(hook in answers[i].cache));
				assert.deepEqual(
					missing,
					version === 3 ? hooks.filter((hook) => newer.test(hook)) : [],
				);
				for (const hook of hooks) {
					const theirs = answers[i].cache[hook];
					if (!theirs) continue;
					const off = apart(cache[hook], theirs, hook);
					assert.ok(off < 1e-5, `${hook}: ${off}`);
					agreed("every hook of every layer", beside, off);
				}
			});

			test(`${what}: interventions at every hook give the same logits`, async () => {
				const { model, batch, interventions } = models[i];
				for (const [j, given] of interventions.entries()) {
					if (version === 3 && newer.test(given.hook_name)) continue;
					const { logits } = await model.run(batch, { interventions: [given] });
					assert.ok(logits);
					const off = apart(logits, answers[i].changed[j], given.hook_name);
					assert.ok(off < 1e-5, `${given.type} at ${given.hook_name}: ${off}`);
					agreed(
						"logits under interventions of every kind at every hook",
						beside,
						off,
					);
				}
			});

			if (version === 3)
				test(`${what}: the gradients of five metrics at every hook are the same`, async () => {
					const { model, batch } = models[i];
					const hooks = model.hook_names.filter(
						(hook) => !newer.test(hook),
					) as HookName[];
					for (const [j, metric] of metrics.entries()) {
						const own = await model.runWithGradients(batch, { metric, hooks });
						const theirs = answers[i].gradients[j];
						assert.ok(largestDifference(own.metric, theirs.metric) < 1e-5);
						for (const hook of hooks) {
							const off = apart(
								own.gradients[hook],
								theirs.gradients[hook],
								hook,
							);
							assert.ok(off < 5e-5, `${metric.type}, ${hook}: ${off}`);
							agreed("gradients of five metrics at every hook", beside, off);
						}
					}
				});
		}
	});
