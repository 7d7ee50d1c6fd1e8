import assert from "node:assert/strict";
import { test } from "node:test";
import { oneLine } from "../../src/notebook/html";
import { type ResultRecord, recordHtml } from "../../src/notebook/records";
import * as sample from "../charts/samples";

const textOf = (record: unknown) => recordHtml(record as ResultRecord).text;

/** A list of very many entries of which no more than some can be looked at. */
function vast<T extends { slice(from: number, to: number): T }>(
	some: T,
	length = 1e7,
	most = 5,
): T {
	const cut = (from = 0, to = length) => {
		assert.ok(to - from <= most, `${to - from} entries are looked at`);
		return some.slice(from, to);
	};
	const allowed = { length, slice: cut, subarray: cut };
	return new Proxy(allowed, {
		get(target, name) {
			if (name in target) return target[name as keyof typeof target];
			assert.fail(`a view reads ${String(name)} of all entries`);
		},
	}) as unknown as T;
}

test("sentences, activations and latents of ten million rows are shown by looking at a few", () => {
	const sentences = {
		kind: "sentences",
		name: "all",
		text: vast(["a", "b", "c", "d", "e"]),
		labels: { topic: { 0: "x", 1: "y", 2: "z", 3: "x", 4: "y" } },
	};
	assert.match(
		textOf(sentences),
		/10,000,000 sentences \(all\), the first five/,
	);
	const acts = {
		kind: "activations",
		hook_name: "blocks.0.hook_resid_post",
		model: { name: "m" },
		n_tokens: 1e7,
		d_in: 8,
	};
	assert.match(textOf({ ...acts, sentences }), /sentences +10,000,000/);
	const stored = {
		...acts,
		folder: "out/store",
		get sentences() {
			return assert.fail("the sentences of a folder are read");
		},
		get rows() {
			return assert.fail("the rows of a folder are read");
		},
	};
	assert.match(textOf(stored), /folder +out\/store/);
	const latents = {
		kind: "latents",
		acts,
		d_sae: 4,
		indptr: { length: 1e7 + 1 },
		indices: vast(Uint32Array.of(0, 2, 2), 1.6e8, 32e6),
	};
	const text = textOf(latents);
	assert.match(text, /tokens +10,000,000/);
	assert.match(text, /L0 \(active latents per token\) +16\n/);
	assert.match(
		text,
		/latents that never fire in the first 32,000,000 values +2$/m,
	);
});

test("of a text of a hundred million characters only the beginning is looked at", () => {
	const long = `a  b${"\n".repeat(1e8)}`;
	assert.equal(oneLine(long, 200), "a b …");
	assert.equal(oneLine("x".repeat(1e8), 5), "xxxx…");
	assert.equal(oneLine(" a \n b ", 5), "a b");
});

test("records of nothing are shown as such", () => {
	const nothing = [
		{ kind: "sentences", name: "none", text: [], labels: {} },
		{ kind: "training", architecture: "topk", records: [] },
		{ kind: "sweep", names: [], runs: [], failed: [], seconds: 0 },
		{
			kind: "latents",
			acts: { hook_name: "h" },
			d_sae: 0,
			indptr: new Float64Array(1),
			indices: new Uint32Array(0),
		},
		{
			...sample.clustering(),
			k: 0,
			sizes: [],
			tokens: [],
			marks: [],
			exemplars: [],
			agreement: {
				topic: { ...sample.clustering().agreement.topic, ari: Number.NaN },
			},
			silhouette: Number.NaN,
		},
		{ ...sample.report, factors: [], groups: [], effects: [] },
		{ ...sample.counts, rows: [] },
		{ ...sample.latentClusters, latents: [], sizes: [], members: [] },
		{ ...sample.steps, points: [], steps: [] },
		{ ...sample.tokenClusters, assignment: [], sizes: [], tokens: [] },
		{ ...sample.kSparse, points: [] },
		{ ...sample.tagsProbe, tags: [], scores: [], overall: {} },
		{ ...sample.matched, factors: [], classes: [] },
		{ ...sample.lens([], 2), top: [[], [], []] },
		{ ...sample.generation("", ""), ids: [], log_probabilities: [] },
		{ ...sample.gradients, gradients: {} },
		{ kind: "run", ...sample.streams, cache: {} },
	];
	for (const record of nothing) assert.ok(textOf(record).length > 10);
	assert.match(textOf(nothing[4]), /silhouette –/);
});

test("a run is shown by the shapes and sizes of its values", () => {
	const logits = { data: new Float32Array(15 * 1000), dims: [3, 5, 1000] };
	const lines = textOf({ kind: "run", ...sample.streams, logits }).split("\n");
	assert.equal(lines[0], "Run of 3 texts, 10 tokens");
	assert.match(lines[3], /^logits +3 × 5 × 1000 +0\.06$/);
	assert.match(lines[4], /^blocks\.0\.hook_resid_pre +3 × 5 × 2 /);
});

test("a comparison is shown by its means over the tokens that are there", () => {
	const row = (...values: number[]) => ({
		data: Float32Array.from(values),
		dims: [2, values.length / 2],
	});
	const text = textOf({
		kind: "comparison",
		// Three tokens and one: two are predicted.
		tokens: { ids: [], lengths: Int32Array.of(3, 1), batch: 2, seq: 3 },
		loss: row(1, 2, 0, 0),
		changed: [{ loss: row(3, 6, 0, 0), kl: row(1, 1, 1, 5, 0, 0) }],
	});
	assert.match(text, /^Predictions under changes, 2 texts, 4 tokens\n/);
	assert.match(text, /^as it is +1\.5 +0$/m);
	assert.match(text, /^condition 0 +4\.5 +2$/m);
});

test("a probe is shown beside its baselines, with what the control task leaves", () => {
	const lines = textOf(sample.probes[1]).split("\n");
	assert.match(
		lines[0],
		/^Probe of sentiment \(2 classes\), .* mean over the tokens, text before prefix_end, 1,200 test sentences \(test: 1,200 of 12,000 sentences, chosen by seed 0, by text\)$/,
	);
	assert.match(
		lines[3],
		/^SAE latents +0\.913 +0\.897 to 0\.929 +0\.909 +0\.933 +0\.4 +1,024$/,
	);
	assert.match(lines.at(-1) ?? "", /^most frequent class +0\.503 /);
	assert.match(
		textOf({ ...sample.probes[1], notes: ["Two columns are constant."] }),
		/by text\)\. Two columns are constant\.\n/,
	);
});

test("a k-sparse probe is a row for each k, then one for all columns", () => {
	const lines = textOf(sample.kSparse).split("\n");
	assert.match(lines[3], /^1 +0\.78 +0\.757 to 0\.803 +0\.61 /);
	assert.match(lines.at(-1) ?? "", /^all +0\.982 .* 0\.991 /);
});

test("a number probe is shown with its errors, tags all together and each", () => {
	assert.match(
		textOf(sample.numberProbe),
		/^SAE latents +0\.81 +0\.780 to 0\.840 +1\.9 +2\.4 +0\.9 +0\.814$/m,
	);
	const text = textOf(sample.tagsProbe);
	assert.match(text, /^\(all tags\) +SAE latents +0\.84 /m);
	assert.match(text, /^animals +SAE latents +0\.\d+ to /m);
});

test("clusters are shown with what they agree with, and their latents with lift and p", () => {
	const text = textOf(sample.clustering());
	assert.match(
		text,
		/silhouette 0\.310; agreement .* topic 0\.620, 0\.660; quoted 0\.080/,
	);
	assert.match(text, /^0 .* 0 \(4\.0, 1e-40\), 1 \(3\.0, 1e-21\)/m);
});

test("the numbers of clusters are shown with who chose them, and the reason", () => {
	const text = textOf(sample.counts);
	assert.match(text, /^How many clusters of 3,000 sentences .*: 6\. 6 is the/);
	assert.match(text, /^ +6 .* gap, silhouette, recommended$/m);
	assert.match(text, /^ +5 .* stability$/m);
});

test("clusters of latents and tokens are shown by their members", () => {
	assert.match(
		textOf(sample.latentClusters),
		/^4,000 latents of .* in 24 clusters by decoder direction \(spherical, seed 0\)\n(.*\n){2}0 +\d+ +0\.8 +\d+ “/,
	);
	assert.match(textOf(sample.tokenClusters), /^0 +3 +soup · choir$/m);
	assert.match(
		textOf(sample.steps),
		/settled after \d+ steps\n(.*\n){2}0 +600 /,
	);
});

test("a classifier is shown by its size and how its fit ended; two classes are one row", () => {
	const text = textOf({
		kind: "classifier",
		classes: ["a", "b"],
		k: 1,
		weights: new Float32Array(7),
		bias: new Float64Array(1),
		C: 0.1,
		iterations: 12,
		converged: true,
	});
	assert.match(text, /^classes +2\n +a, b\ncolumns +7\nC .* 0\.1\n/m);
	assert.match(text, /converged +yes$/);
});

test("how sentences were split, and what is to be known of that, stands with every number", () => {
	const notes = [
		"17 of 100 test sentences are also in training (the same text).",
	];
	const words =
		/test: 1,2[06]0 of 12,[06]00 sentences, chosen by seed 0, by text/;
	for (const record of [
		sample.kSparse,
		sample.tagsProbe,
		sample.matched,
		sample.report,
	]) {
		const text = textOf({ ...record, notes });
		assert.match(text, words, record.kind);
		assert.match(text, /17 of 100 test sentences are also in training/);
	}
	const older = textOf({ ...sample.kSparse, split: "made" });
	assert.match(older, /1,200 test sentences/);
	const { split } = sample.matched;
	const history = { kind: "training", architecture: "topk", records: [] };
	const rounds = { n_rows: 6779, rounds: 295.03, split, notes };
	const text = textOf({ ...history, ...rounds });
	assert.match(
		text,
		/of the rows trained on\. 295 rounds over 6,779 tokens\. 17 of 100/,
	);
	assert.doesNotMatch(textOf(history), /rounds|rate/);
	const rule = textOf({ ...history, lr: 0.003 / 7, lr_is_default: true });
	assert.match(rule, /Learning rate 0\.000429 \(default for this arch/);
	assert.match(
		textOf({ ...history, lr: 0.02, lr_is_default: false, notes }),
		/Learning rate 0\.02\. 17 of 100/,
	);
});
