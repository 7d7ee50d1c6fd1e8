import assert from "node:assert/strict";
import { test } from "node:test";
import { highlight, table } from "../../src/notebook";
import {
	isRecord,
	kinds,
	type ResultRecord,
	recordHtml,
} from "../../src/notebook/records";
import { readable } from "../../src/notebook/table";
import * as sample from "../charts/samples";

const hostile = [
	"<img src=x onerror=alert(1)>",
	"</script><script>alert(1)</script>",
	`" onmouseover="alert(1)`,
	"' style='x",
	"&lt;b&gt; & <!-- ]]>",
];

/** The tags of HTML that this project makes; anything else came from a text that was not escaped. */
function assertSafe(html: string): void {
	const rest = html.replace(
		/<\/?(div|b|table|thead|tbody|tr|th|td|ul|li|span|progress|code)( style="[^"<>]*")?( title="strength [\d.]+")?>/g,
		"",
	);
	assert.doesNotMatch(rest, /[<>]/);
	assert.doesNotMatch(rest, /&(?!amp;|lt;|gt;|quot;|#39;)/);
}

test("hostile sentences, tokens and labels are shown as the text they are", () => {
	const clustering = sample.clustering();
	const text = clustering.sentences.text.map((_, i) => hostile[i % 5]);
	const activating = clustering.activating.map((_, i) => [
		{ start: 0, end: 4, strength: 1 },
		{ start: 3, end: 99, strength: 0.2 * (i % 5) },
	]);
	const tokens = clustering.tokens.map((t, i) => ({
		...t,
		token: hostile[i % 5],
	}));
	const { html } = highlight({
		...clustering,
		sentences: { ...clustering.sentences, text },
		activating,
		tokens,
	});
	assertSafe(html);
	assert.match(html, /&lt;img/);
	assertSafe(table(hostile, [hostile, hostile], { caption: hostile[0] }).html);
});

test("every kind of record is a safe table even where its names are hostile", () => {
	const clustering = sample.clustering();
	const sentences = {
		...clustering.sentences,
		name: hostile[0],
		text: hostile,
		labels: { [hostile[1]]: hostile },
	};
	const records = [
		sentences,
		{
			...clustering,
			sentences,
			hook_name: hostile[1],
			agreement: { [hostile[0]]: clustering.agreement.topic },
		},
		{
			kind: "cluster-assignment",
			k: 2,
			hook_name: hostile[1],
			sentences,
			assignment: Uint32Array.from(hostile, (_, i) => i % 2),
			distance: Float64Array.from(hostile, () => 0.5),
			sizes: [Math.ceil(hostile.length / 2), Math.floor(hostile.length / 2)],
			...{ unit: "text", n_units: hostile.length, copies: 0, silent: 0 },
			agreement: { [hostile[0]]: clustering.agreement.topic },
		},
		{ ...sample.counts, reason: hostile[0], hook_name: hostile[1] },
		{
			kind: "ablation",
			method: "zero",
			parts: [hostile[0]],
			interventions: [
				{
					type: "scale",
					factor: 0,
					hook_name: hostile[1],
					says: hostile[0],
				},
			],
		},
		{
			...sample.latentClusters,
			hook_name: hostile[0],
			tokens: sample.latentClusters.tokens?.map((_, i) => hostile[i % 5]),
		},
		sample.steps,
		{
			...sample.tokenClusters,
			hook_name: hostile[0],
			tokens: hostile.map((token, i) => ({ cluster: i % 3, token, score: 1 })),
		},
		{ ...sample.probes[0], label: hostile[2], notes: hostile },
		{ ...sample.kSparse, label: hostile[0] },
		{
			kind: "classifier",
			classes: hostile,
			k: 5,
			weights: new Float32Array(10),
			bias: new Float64Array(5),
			C: 1,
			iterations: 7,
			converged: false,
		},
		{ ...sample.numberProbe, label: hostile[1], before: hostile[0] },
		{
			...sample.tagsProbe,
			label: hostile[2],
			tags: hostile,
			scores: sample.tagsProbe.scores.map((s, i) => ({
				...s,
				tag: hostile[i],
			})),
		},
		{ ...sample.report, model_name: hostile[3] },
		sample.history,
		{ ...sample.evaluation, hook_name: hostile[0] },
		{
			...sample.matched,
			hook_name: hostile[0],
			classes: sample.matched.classes.map((c) => ({ ...c, class: hostile[1] })),
		},
		{ ...sample.latents(), acts: { hook_name: hostile[0] } },
		{
			kind: "activations",
			hook_name: hostile[0],
			model: { name: hostile[1] },
			sentences,
			n_tokens: 1,
			d_in: 2,
			cut: 0,
		},
		{ kind: "model", info: { name: hostile[0], n_layers: 6 } },
		sample.lens(hostile, 3),
		sample.generation(hostile[0], hostile[1]),
		{ ...sample.gradients, gradients: { [hostile[1]]: sample.tensor } },
		{
			kind: "sae",
			cfg: {
				hook_name: hostile[0],
				model_name: hostile[1],
				architecture: "topk",
				d_in: 1,
				d_sae: 2,
			},
			history: sample.history,
			seconds: 1,
			warnings: hostile,
		},
		{
			kind: "sweep",
			names: [hostile[0], "k"],
			runs: [{ varied: { k: hostile[1] }, sae: { history: sample.history } }],
			failed: [{ varied: { k: 2 }, why: hostile[2] }],
			stopped: "interrupted",
		},
		{
			kind: "planted",
			acts: { n_tokens: 0 },
			d_in: hostile[0],
			d_true: 3,
			factors: { indices: [] },
		},
		{
			kind: "recovery",
			threshold: hostile[0],
			best: new Float32Array(0),
			mean_max_cosine: Number.NaN,
			recovered: 0,
		},
		{ kind: "run", ...sample.streams, cache: { [hostile[0]]: sample.tensor } },
		{
			kind: "comparison",
			tokens: sample.streams.tokens,
			loss: sample.tensor,
			changed: [{ loss: sample.tensor, kl: sample.tensor }],
		},
	] as unknown as ResultRecord[];
	const tried = new Set<string>(records.map(({ kind }) => kind));
	assert.deepEqual([...tried].sort(), [...kinds].sort());
	for (const record of records) {
		assert.ok(isRecord(record));
		const { html, text } = recordHtml(record);
		assertSafe(html);
		assert.ok(text.length > 10);
	}
});

test("an evaluation shows every number that it has, in groups, with what it says", () => {
	const { text } = recordHtml(sample.evaluation);
	assert.match(
		text,
		/^reconstruction +explained_variance +0\.934 +0: no better/m,
	);
	assert.match(text, /^latents +l0 +16 +active per token/m);
	assert.match(text, /^ +dead_fraction +0\.012 /m);
	const numbers = Object.entries(sample.evaluation).filter(
		([, value]) => typeof value === "number",
	);
	for (const [name] of numbers) assert.match(text, new RegExp(`\\b${name}\\b`));
});

test("an object with an unknown kind is no record", () => {
	assert.equal(isRecord({ kind: "toString" }), false);
	assert.equal(isRecord({ kind: 3 }), false);
	assert.equal(isRecord(null), false);
});

test("where spans overlap the strongest counts, and the plain text has the strong ones in brackets", () => {
	const clustering = sample.clustering();
	const one = {
		...clustering,
		sizes: [1],
		exemplars: [{ cluster: 0, sentence: 0, distance: 0 }],
		activating: [
			[
				{ start: 0, end: 7, strength: 0.2 },
				{ start: 3, end: 7, strength: 0.8 },
			],
		],
		sentences: { ...clustering.sentences, text: ["The cat sat."] },
	};
	const { html, text } = highlight(one);
	assert.match(
		html,
		/title="strength 0\.20">The<\/span><span[^>]*title="strength 0\.80"> cat<\/span> sat\./,
	);
	assert.match(text, /The \[cat\] sat\./);
});

test("strengths and places that make no sense do no harm", () => {
	const clustering = sample.clustering();
	const { html } = highlight({
		...clustering,
		activating: clustering.activating.map(() => [
			{ start: -5, end: 1e9, strength: Number.NaN },
			{ start: 2, end: 3, strength: 7 },
		]),
	});
	assertSafe(html);
	assert.match(html, /background:rgb\(86,180,233\)/);
});

test("a long table says how many rows it leaves out", () => {
	const rows = Array.from({ length: 250 }, (_, i) => [i, "x".repeat(1000)]);
	const { html, text } = table(["i", "text"], rows);
	assert.match(text, /… and 150 more rows$/);
	assert.ok(html.length < 60_000);
	const wide = table(
		Array.from({ length: 21 }, (_, i) => `c${i}`),
		Array.from({ length: 101 }, () => []),
	);
	assert.match(wide.text, /… and 1 more row, 1 more column$/);
});

test("numbers are set so that they can be read", () => {
	assert.deepEqual(
		[
			...[12345, 0.934123, 1.23456, 123.456, 1.2e-7, 0],
			...[0.99996, -0.99996, Number.NaN, -Infinity],
		].map(readable),
		[
			...["12,345", "0.9341", "1.235", "123.5", "1.2e-7", "0"],
			...["0.99996", "-0.99996", "–", "–"],
		],
	);
});

test("columns of numbers are set to the right in text too", () => {
	const { text } = table(
		["name", "n"],
		[
			["a", 1],
			["bc", 1000],
		],
	);
	assert.equal(text, "name      n\n----  -----\na         1\nbc    1,000");
});

test("a logit lens is a table of guesses, with the rank of what really comes next", () => {
	const lens = sample.lens(["<bos>", " a", "\n"], 2);
	const rank = [0, 1, 2].map((layer) => Int32Array.of(layer, 7));
	const lines = recordHtml({ ...lens, rank }).text.split("\n");
	assert.match(lines[0], /^Logit lens of 3 tokens/);
	assert.match(lines[1], /before block 0 +before block 1 +after block 1 +rank/);
	assert.match(lines[3], /^ +0 +"<bos>" +"<bos>" .* 2 +-1$/);
	assert.match(lines[4], /^ +1 +" a" .* 7 +-1$/);
	assert.match(lines[5], /^ +2 +"\\n"/);
});

test("a lens of many layers and tokens is cut, its last layer kept", () => {
	const { html, text } = recordHtml(
		sample.lens(
			Array.from({ length: 400 }, () => "x".repeat(1e4)),
			48,
		),
	);
	assert.match(text, /after block 47/);
	assert.match(text, /… and 300 more rows$/);
	assert.ok(html.length < 200_000);
});

test("a continued text is shown as text, the new part in bold, with how it ended", () => {
	const { html, text } = recordHtml(sample.generation("a <b>", " c\nd"));
	assert.match(html, />a &lt;b&gt;<b> c\nd<\/b></);
	assert.equal(
		text,
		"a <b>[ c\nd]\n2 new tokens, log-probability -1.75 nats; the model ended the text",
	);
	const long = recordHtml(sample.generation("x".repeat(1e6), "y".repeat(1e6)));
	assert.ok(long.html.length < 5000);
});

test("gradients are shown as their lengths at each hook, without padding", () => {
	const { text } = recordHtml(sample.gradients);
	// Text 0 has two tokens, (3, 4) and (0, 0); text 1 has one, (5, 12), and padding of 99.
	assert.match(
		text,
		/^Gradients of a metric: 1\.500, -2\.000 \(2 texts, 3 tokens\)/,
	);
	assert.match(text, /hook_embed +2 × 2 × 2 +6 +13$/);
});
