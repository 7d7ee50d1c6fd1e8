import assert from "node:assert/strict";
import { test } from "node:test";
import { plainLines, type Stream } from "../../src/notebook/plain";

/** What is written to a stream, under a clock that is set by hand. */
function written(isTTY: boolean, run: (at: Report) => void): string[] {
	const texts: string[] = [];
	let time = 0;
	const stream: Stream = { isTTY, columns: 40, write: (t) => texts.push(t) };
	const lines = plainLines(stream, () => time);
	run((ms, done, label = "train") => {
		time = ms;
		lines.report({ label, done, total: 100, unit: "steps" });
	});
	lines.flush();
	return texts;
}

type Report = (ms: number, done: number, label?: string) => void;

test("without a kernel what takes long is a plain line every five seconds, and one at the end", () => {
	const texts = written(false, (at) => {
		for (let i = 0; i <= 100; i++) at(i * 100, i);
	});
	assert.deepEqual(texts, [
		"train: 10 of 100 steps, 10 steps/s, 9 s left\n",
		"train: 60 of 100 steps, 10 steps/s, 4 s left\n",
		"train: 100 steps, 10.0 s, 10 steps/s\n",
	]);
});

test("what is over within a second is not written of", () => {
	assert.deepEqual(
		written(false, (at) => {
			at(0, 0);
			at(999, 100);
		}),
		[],
	);
});

test("a loop is a line every five seconds too, and its last count is written when the program ends", () => {
	const texts = written(false, (at) => {
		for (let run = 0; run < 20; run++) {
			at(run * 400, 0);
			at(run * 400 + 300, 100);
		}
	});
	assert.deepEqual(texts, [
		"train (×4): 400 steps, 1.2 s, 333 steps/s\n",
		"train (×17): 1,700 steps, 5.1 s, 333 steps/s\n",
		"train (×20): 2,000 steps, 6.0 s, 333 steps/s\n",
	]);
});

test("in a terminal the line is overwritten, cut to the width, and free of control characters", () => {
	const texts = written(true, (at) => {
		at(0, 0, "a\x1b[31m\x07");
		at(2000, 50, "a\x1b[31m\x07");
		at(4000, 100, "a\x1b[31m\x07");
	});
	assert.deepEqual(texts, [
		"\r\x1b[Ka[31m: 50 of 100 steps, 25 steps/s, 2 s",
		"\r\x1b[Ka[31m: 100 steps, 4.0 s, 25 steps/s\n",
	]);
	assert.equal(texts[0].length, 4 + 39);
});
