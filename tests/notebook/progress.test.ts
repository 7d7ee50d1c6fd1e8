import assert from "node:assert/strict";
import { test } from "node:test";
import { notebookProgress } from "../../src/notebook";
import { reportProgress, setProgressSink } from "../../src/progress";
import { inKernel } from "./kernel";

/** Tenths of a second since then. */
const tenths = (then: number) => (performance.now() - then) / 100;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("a thousand reports in a blink are drawn twice: the start, and the end as one line", async () => {
	setProgressSink(notebookProgress);
	const began = performance.now();
	const sent = await inKernel(() => {
		for (let done = 1; done <= 1000; done++)
			reportProgress({ label: "extract", done, total: 1000, unit: "tokens" });
	});
	setProgressSink(undefined);
	assert.ok(sent.length >= 2 && sent.length <= 2 + tenths(began));
	assert.deepEqual(
		sent.map(({ update }) => update),
		sent.map((_, i) => i > 0),
	);
	assert.equal(
		sent[0].transient?.display_id,
		sent.at(-1)?.transient?.display_id,
	);
	assert.match(
		String(sent[0].data["text/html"]),
		/<progress max="1000" value="1">/,
	);
	assert.doesNotMatch(String(sent.at(-1)?.data["text/html"]), /<progress/);
	assert.match(
		String(sent.at(-1)?.data["text/plain"]),
		/^extract: 1,000 tokens, \d+\.\d s$/,
	);
});

test("a bar is redrawn at most ten times a second", async () => {
	const began = performance.now();
	const sent = await inKernel(async () => {
		for (let done = 0; done < 30; done++) {
			notebookProgress({ label: "slow", done, total: 100, unit: "steps" });
			await wait(10);
		}
		notebookProgress({ label: "slow", done: 100, total: 100, unit: "steps" });
	});
	assert.ok(
		sent.length >= 3 && sent.length <= 2 + tenths(began),
		`${sent.length} drawings`,
	);
});

test("another run under the same label gets a bar of its own", async () => {
	const report = (done: number) =>
		notebookProgress({ label: "train", done, total: 10, unit: "steps" });
	const sent = await inKernel(() => {
		report(5); // stopped here
		report(1);
		report(10);
		report(10);
	});
	assert.deepEqual(
		sent.map(({ update }) => update),
		[false, false, true, false],
	);
	assert.equal(new Set(sent.map((s) => s.transient?.display_id)).size, 3);
});

test("labels and notes are escaped", async () => {
	const [{ data }] = await inKernel(() =>
		notebookProgress({
			label: "<img onerror=x>",
			done: 1,
			total: 2,
			unit: "</code>",
			note: "a & b",
		}),
	);
	assert.match(
		String(data["text/html"]),
		/&lt;img onerror=x&gt;: 1 of 2 &lt;\/code&gt;, a &amp; b/,
	);
});
