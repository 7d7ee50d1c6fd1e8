import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { test } from "node:test";
import { plainLines } from "../../src/notebook/plain";
import type { Stream } from "../../src/output";

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

test("a line that cannot be written is lost, and the work goes on: a closed pipe, a full disk, a stream that is destroyed", () => {
	const work = `
		const { plainProgress } = require(${JSON.stringify(resolve("src/notebook/plain.ts"))});
		const { expect } = require(${JSON.stringify(resolve("src/notebook/expect.ts"))});
		const report = (done) => plainProgress({ label: "train", done, total: 9, unit: "steps" });
		if (process.env.DESTROYED) process.stderr.destroy();
		report(0);
		let done = 0;
		const timer = setInterval(() => {
			report(++done % 9 && done);
			expect("done", done, {});
			if (done < 40) return;
			clearInterval(timer);
			require("node:fs").writeSync(3, "whole");
		}, 60);
	`;
	const run = (where: string, env = {}) =>
		spawnSync(
			"bash",
			[
				"-c",
				`exec 3>&1; set -o pipefail; "$0" --import tsx --eval "$1" ${where}`,
				process.execPath,
				work,
			],
			{ encoding: "utf8", env: { ...process.env, ...env } },
		);
	for (const [where, env] of [
		["2>&1 | head -1 >/dev/null", {}],
		[">/dev/full 2>/dev/full", {}],
		["2>&1 | true", {}],
		[">&- 2>&-", {}],
		[">/dev/null", { DESTROYED: "1" }],
	] as const) {
		const { stdout, stderr, status } = run(where, env);
		assert.equal(stdout, "whole", `${where}: ${stderr}`);
		assert.equal(status, 0, where);
	}
});

test("what others write to the same stream still fails as it did", () => {
	const { status, stderr } = spawnSync(
		"bash",
		[
			"-c",
			'"$0" --import tsx --eval "$1" >/dev/full',
			process.execPath,
			`const { writeLossy } = require(${JSON.stringify(resolve("src/output.ts"))});
			writeLossy(process.stdout, "a");
			setTimeout(() => process.stdout.write("b"), 50);`,
		],
		{ encoding: "utf8" },
	);
	assert.equal(status, 1);
	assert.match(stderr, /ENOSPC/);
});
