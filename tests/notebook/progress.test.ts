import assert from "node:assert/strict";
import { test } from "node:test";
import { notebookProgress } from "../../src/notebook";
import { reportProgress, setProgressSink } from "../../src/progress";
import { trainSae } from "../../src/sae";
import * as sample from "../charts/samples";
import { planted } from "../sae/fakes";
import { inKernel } from "./kernel";

const vega_lite = "application/vnd.vegalite.v5+json";
const bar = (done: number, total = 1000) => ({
	label: "<img onerror=x>",
	done,
	total,
	unit: "</code>",
	note: "a & b",
});

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("a thousand reports in a blink leave nothing behind", async () => {
	setProgressSink(notebookProgress);
	const sent = await inKernel(() => {
		for (let done = 1; done <= 1000; done++)
			reportProgress({ label: "blink", done, total: 1000, unit: "tokens" });
	});
	setProgressSink(undefined);
	assert.deepEqual(sent, []);
});

test("a bar is one output, marked as progress, that ends as one line; labels and notes are escaped", async () => {
	const sent = await inKernel(async () => {
		notebookProgress(bar(1));
		await wait(1010);
		notebookProgress(bar(500));
		notebookProgress(bar(1000));
	});
	const [first] = sent;
	const last = sent.at(-1);
	assert.deepEqual(
		sent.map(({ update }) => update),
		sent.map((_, i) => i > 0),
	);
	for (const { metadata, transient } of sent) {
		assert.deepEqual(metadata, { sparselens: "progress" });
		assert.ok(transient?.display_id);
		assert.equal(transient.display_id, first.transient?.display_id);
	}
	const html = String(first.data["text/html"]);
	assert.match(
		html,
		/^<div><progress max="1000" value="\d+"><\/progress> <code>/,
	);
	assert.match(
		html,
		/&lt;img onerror=x&gt;: [\d,]+ of 1,000 &lt;\/code&gt;, a &amp; b/,
	);
	assert.match(
		String(last?.data["text/html"]),
		/^<div>✓ <code>&lt;img onerror=x&gt;: 1,000 &lt;\/code&gt;, a &amp; b, \d+\.\d s, .*\/s<\/code><\/div>$/,
	);
	assert.match(String(last?.data["text/plain"]), /^<img onerror=x>: 1,000/);
});

test("a training of over three seconds that nobody listens to draws its curves, marked as progress", async (t) => {
	let now = performance.now();
	t.mock.method(performance, "now", () => now);
	const { records } = sample.history;
	const report = (i: number) => {
		now += 100;
		notebookProgress({
			label: "train",
			done: i + 1,
			total: 40,
			unit: "tokens",
			record: records[i],
		});
	};
	const curves = async (n: number) => {
		const sent = await inKernel(() => {
			for (let i = 0; i < n; i++) report(i);
		});
		return sent.filter(({ data }) => data[vega_lite]);
	};
	assert.equal((await curves(29)).length, 0);
	const drawn = await curves(40);
	assert.deepEqual(
		drawn.map(({ update }) => update),
		[false, true],
	);
	const spec = drawn[1].data[vega_lite] as {
		usermeta: object;
		data: { values: unknown[] };
	};
	assert.deepEqual(spec.usermeta, { sparselens: "progress" });
	assert.equal(spec.data.values.length, 40);
});

test("a training tells its records with its progress, unless the caller listens to them", async () => {
	const { acts } = planted(500, { d_in: 12, d_true: 24, active: 3 });
	const options = {
		d_sae: 16,
		architecture: "standard",
		train_batch_size_tokens: 100,
		training_tokens: 1000,
	} as const;
	const told: (object | undefined)[] = [];
	setProgressSink(({ record }) => told.push(record));
	try {
		const { history } = await trainSae(acts, options);
		assert.deepEqual(told, history.records);
		const before = told.splice(0).length;
		await trainSae(acts, { ...options, onRecord: () => {} });
		assert.deepEqual(told, Array(before).fill(undefined));
	} finally {
		setProgressSink(undefined);
	}
});
