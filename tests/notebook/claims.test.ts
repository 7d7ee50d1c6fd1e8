import assert from "node:assert/strict";
import { test } from "node:test";
import {
	isRecord,
	kinds,
	type ResultRecord,
	recordHtml,
} from "../../src/notebook/records";
import type { Sae, TrainingRecord } from "../../src/sae";
import * as sample from "../charts/samples";
import { unspeakable } from "../charts/words";

const nan = Number.NaN;
type Kind = ResultRecord["kind"];

/** A record of which an easy table would be false. */
interface Awkward {
	of: string;
	record: object;
	not?: RegExp;
	says: RegExp;
}

const acts = {
	kind: "activations",
	hook_name: "blocks.0.hook_resid_post",
	model: { name: "m" },
	n_tokens: 0,
	d_in: 8,
	sentences: { text: [] },
};
const clustering = sample.clustering(1);
const [topic] = sample.probes;
const few: TrainingRecord = { ...sample.history.records[9], dead: null };
const sae = {
	kind: "sae",
	cfg: {
		...{ architecture: "topk", d_in: 4, d_sae: 512, k: 1 },
		...{ hook_name: "h", model_name: "m" },
	},
	history: {
		kind: "training",
		architecture: "topk",
		records: [few],
		check: {
			...{ n_rows: 1, whole: true, l0: 1, explained_variance: nan },
			silent: 217,
		},
	},
	seconds: 1,
	warnings: ["10 steps were too few."],
} as unknown as Sae;
const texts = (lengths: number[], seq: number) => ({
	ids: new Int32Array(lengths.length * seq),
	lengths: Int32Array.from(lengths),
	...{ batch: lengths.length, seq },
});
const empty = { data: new Float32Array(0), dims: [1, 0] };
const score = { ...topic.activations, n_test: 1 };
const nothing = { r2: nan, interval: [nan, nan], spearman: nan, mae: 0 };

/** Every kind of record; a new one has to be tried here. */
const awkward: Record<Kind, Awkward> = {
	model: {
		of: "a model",
		record: { kind: "model", info: { name: "m", n_layers: 1 } },
		says: /^Model m\nlayers +1$/,
	},
	run: {
		of: "one text of one token",
		record: { kind: "run", tokens: texts([1], 1), cache: {} },
		says: /^Run of 1 text, 1 token$/m,
	},
	comparison: {
		of: "a text of one token, of which nothing is predicted",
		record: {
			...{ kind: "comparison", tokens: texts([1], 1), loss: empty },
			changed: [
				{ loss: empty, kl: { data: Float32Array.of(0), dims: [1, 1] } },
			],
		},
		not: /as it is +0 /,
		says: /^as it is +– +0$/m,
	},
	ablation: {
		of: "no part",
		record: { kind: "ablation", method: "zero", parts: [], interventions: [] },
		says: /^Ablation \(zero\) of 0 places/,
	},
	generation: {
		of: "nothing new",
		record: {
			...sample.generation("a", ""),
			ids: [],
			log_probabilities: [],
		},
		not: /0\.00 nats/,
		says: /0 new tokens, log-probability – nats/,
	},
	"logit-lens": {
		of: "one token",
		record: { ...sample.lens(["a"], 1) },
		says: /^Logit lens of 1 token:/,
	},
	gradients: {
		of: "a metric that is no number",
		record: { ...sample.gradients, metric: Float32Array.of(nan) },
		says: /metric: – \(2 texts, 3 tokens\)/,
	},
	sentences: {
		of: "one sentence",
		record: { kind: "sentences", name: "s", text: ["a"], labels: {} },
		not: /first five/,
		says: /^1 sentence \(s\)\n/,
	},
	activations: { of: "none", record: acts, says: /tokens +0/ },
	sae: {
		of: "a training of fewer steps than the window",
		record: sae,
		not: /dead latents in training +0/,
		says: /dead latents in training \(too few steps to count them\) +–\nL0 as it came out, on 1 training row +1\nlatents that fire on none of it +217/,
	},
	training: {
		of: "one record, in which dead latents are not known",
		record: {
			...sample.history,
			records: [{ ...few, explained_variance: -Infinity }],
		},
		says: /, 1 record of the rows trained on\n(.*\n){2} +9 +40,960 +[\d.]+ +– +16 +– /,
	},
	sweep: {
		of: "one SAE",
		record: {
			...{ kind: "sweep", names: ["k"], failed: [], seconds: 1 },
			runs: [{ varied: { k: 1 }, hook_name: "h", sae }],
		},
		says: /^A sweep of 1 SAE, measured on training rows\n(.*\n){2}1 .* – /,
	},
	latents: {
		of: "no token",
		record: {
			...{ kind: "latents", acts, d_sae: 4 },
			indptr: new Float64Array(1),
			indices: new Uint32Array(0),
		},
		not: /L0 .* 0$|never fire .* 4$/m,
		says: /L0 .* +–\nlatents that never fire here +–/,
	},
	"sae-evaluation": {
		of: "a model that predicts better with zeros, on rows that are all alike",
		record: {
			...sample.evaluation,
			explained_variance: -Infinity,
			cossim: 0.99998,
			ce_loss_without_sae: 15.5,
			ce_loss_with_sae: 16.3,
			ce_loss_with_ablation: 13.1,
			ce_loss_score: 1.331,
			kl_div_with_sae: 0.1,
			kl_div_with_ablation: 0,
			kl_div_score: -Infinity,
		},
		not: /1\.331|nothing lost|cossim +1 /,
		says: /explained_variance +– +no variance to explain.*cossim +0\.99998 .*ce_loss_score +– +no score: the model predicts better with zeros.*kl_div_score +– +no score: zeros in this place change nothing/s,
	},
	planted: {
		of: "no row",
		record: {
			...{ kind: "planted", acts, d_in: 4, d_true: 2 },
			factors: { indices: [] },
		},
		says: /directions per row +–/,
	},
	recovery: {
		of: "no direction",
		record: {
			...{ kind: "recovery", mean_max_cosine: nan, recovered: nan },
			...{ threshold: 0.9, best: [], latent: [] },
		},
		says: /mean max cosine +–\nshare .* +–/,
	},
	probe: {
		of: "one test sentence",
		record: {
			...topic,
			...{ classes: ["a"], n_test: 1, k: 1 },
			activations: { ...score, accuracy: 0.99996, auc: nan },
		},
		not: /activations +1 /,
		says: /\(1 class, 1 column\), .*, 1 test sentence \([\s\S]*^activations +0\.99996 .* – /m,
	},
	"k-sparse": {
		of: "one class",
		record: {
			...sample.kSparse,
			classes: ["a"],
			points: [{ input: "latents", k: 1, accuracy: nan, interval: [nan, nan] }],
		},
		says: /mean over 1 class, each .* \(chance 0\.5\).*\n(.*\n){2}1 +– +–/,
	},
	"number-probe": {
		of: "numbers that are all the same",
		record: {
			...sample.numberProbe,
			n_test: 1,
			latents: { ...sample.numberProbe.activations, ...nothing },
		},
		says: /1 test sentence \([\s\S]*^SAE latents +– +– +0 /m,
	},
	"tags-probe": {
		of: "one tag that nobody has",
		record: {
			...sample.tagsProbe,
			...{ tags: ["a"], scores: [] },
			overall: {
				latents: {
					...{ micro_f1: nan, macro_f1: 0, exact_match: 1 },
					interval: [nan, nan],
				},
			},
		},
		says: /^Probes of 1 tag of[\s\S]*SAE latents +– +– +0 +1$/m,
	},
	classifier: {
		of: "a fit that did not end",
		record: {
			...{ kind: "classifier", classes: ["a", "b"], k: 1, C: 1 },
			...{ weights: [1], iterations: 5, converged: false },
		},
		says: /converged +no/,
	},
	clusters: {
		of: "one sentence",
		record: { ...clustering, k: 1, silhouette: nan, marks: [] },
		says: /^1 cluster of .* silhouette –;/,
	},
	"cluster-assignment": {
		of: "one sentence, and labels that agree with nothing",
		record: {
			...{ kind: "cluster-assignment", k: 1, sizes: [1], assignment: [0] },
			...{ distance: [1], hook_name: "h" },
			sentences: clustering.sentences,
			agreement: { a: { ...clustering.agreement.topic, ari: nan } },
		},
		says: /^1 sentence of bundled in 1 cluster of h; .* \(no labels\)/,
	},
	"cluster-counts": {
		of: "criteria that are not known where they are said to choose",
		record: {
			...sample.counts,
			n_sentences: 1,
			choices: { gap: 2, silhouette: 2, stability: 2 },
			rows: [{ ...sample.counts.rows[1], silhouette: nan, stability: nan }],
		},
		not: /silhouette, stability$/m,
		says: /^How many clusters of 1 sentence [\s\S]* – +– .* gap$/m,
	},
	"latent-clusters": {
		of: "one latent",
		record: {
			...sample.latentClusters,
			...{ k: 1, latents: [5], sizes: [1], tightness: [nan], members: [] },
			stability: nan,
		},
		says: /^1 latent, drawn from 4,000, of .* in 1 cluster by .* stability –\n[\s\S]*^0 +1 +–/m,
	},
	"k-means-steps": {
		of: "one step of one point",
		record: {
			...sample.steps,
			points: sample.steps.points.slice(0, 1),
			steps: sample.steps.steps.slice(0, 2),
		},
		says: /^k-means of 1 point .* after 1 step\n/,
	},
	"token-clusters": {
		of: "one token",
		record: {
			...sample.tokenClusters,
			...{ k: 1, assignment: [0], sizes: [1], batches: 1, inertia: nan },
		},
		says: /^1 cluster of 1 token of .* inertia – after 1 batch \(seed 0\)\n/,
	},
	neurons: {
		of: "an AUC that is not known, of one sentence",
		record: {
			...sample.report,
			...{ n_chosen_on: 1, n_held_out: 1 },
			clusters: undefined,
			factors: [
				{
					...sample.report.factors[0],
					neurons: [
						{ neuron: 3, auc: nan, mean_inside: nan, mean_outside: 0.5 },
					],
				},
			],
		},
		not: /most tied/,
		says: /chosen on 1 sentence and measured on 1 other, and 1 group that[\s\S]* 3 +– +– +0\.5$/m,
	},
	"factor-latents": {
		of: "a factor without classes, and one of whose classes one stands in a mean",
		record: {
			...sample.matched,
			classes: [],
			factors: [
				{
					...{ label: "a", n_classes: 0, n_absorbed: 0 },
					...{ f1: nan, f1_always: nan, latents: nan, f1_split: nan },
				},
				{
					...{ label: "b", n_classes: 3, n_absorbed: 1, absorbed: 0.25 },
					...{ f1: 0.5, f1_always: 0.25, latents: 2, f1_split: 0.75 },
				},
			],
		},
		says: /^a +\(mean of 0\) +– .*\nb +\(mean of 3; absorbed: of 1\) +0\.5 .* 0\.25$/m,
	},
};

for (const [kind, { of, record, not, says }] of Object.entries(awkward))
	test(`a record of kind "${kind}" of ${of} is shown as what it is`, () => {
		assert.ok(isRecord(record) && record.kind === kind);
		const { text, html } = recordHtml(record);
		assert.match(text, says);
		if (not) assert.doesNotMatch(text, not);
		assert.doesNotMatch(text, unspeakable);
		assert.doesNotMatch(html, unspeakable);
	});

test("every kind of record is tried on results of which an easy table would be false", () => {
	assert.deepEqual(Object.keys(awkward).sort(), [...kinds].sort());
});
