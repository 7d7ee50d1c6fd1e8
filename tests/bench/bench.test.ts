import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bench } from "../../bench/bench";
import type { Report } from "../../bench/types";

const suites = {
	fake: join(__dirname, "fake-suite.ts"),
	other: join(__dirname, "none.ts"),
};
/** The same suite under two names. */
const twice = { fake: suites.fake, again: suites.fake };

const run = (...args: string[]) => runOf(suites, ...args);

async function runOf(suites: Record<string, string>, ...args: string[]) {
	const out: string[] = [];
	const err: string[] = [];
	const code = await bench(args, suites, {
		stdout: (line) => out.push(line),
		stderr: (line) => err.push(line),
	});
	return { code, out, err };
}

test("--json prints one object with machine, versions and rows on stdout, the table on stderr", async () => {
	const { code, out, err } = await run("fake", "--json", "--rows", "peer");
	assert.equal(code, 0);
	assert.equal(out.length, 1);
	const report = JSON.parse(out[0]) as Report;
	assert.deepEqual(Object.keys(report), ["machine", "versions", "rows"]);
	assert.deepEqual(Object.keys(report.machine), [
		"cpu",
		"cores",
		"memory_mb",
		"os",
	]);
	assert.equal(report.versions.node, process.versions.node);
	assert.match(report.versions.onnxruntime, /^1\./);
	assert.equal(report.versions.library, "1.2");
	const [first, second] = report.rows;
	const { floor_ms = 0, floor_share, peak_mb, ...rest } = first;
	assert.deepEqual(rest, {
		name: "with a peer, 2x3",
		ours_ms: 3,
		peer: "a library",
		peer_ms: 6,
		ratio: 2,
	});
	assert.ok(floor_ms > 0 && (peak_mb ?? 1) > 0);
	assert.ok(Math.abs((floor_share ?? 0) / (floor_ms / 3) - 1) < 1e-3);
	assert.equal(second.name, "without a peer, 300 MB");
	assert.deepEqual(
		[second.ours_ms, second.peer, second.peer_ms, second.ratio],
		[5, null, null, null],
	);
	assert.ok(!("floor_ms" in second));
	assert.ok(err.some((line) => /^with a peer, 2x3 .*a note$/.test(line)));
});

test("the memory is that of the row's own process", {
	skip: process.platform === "linux" ? false : "RSS is read from /proc",
}, async () => {
	const { out } = await run("fake", "--json", "--rows", "peer");
	const [small, large] = (JSON.parse(out[0]) as Report).rows;
	assert.ok(Number(small.peak_mb) < 300);
	assert.ok(Number(large.peak_mb) > 300);
});

test("without --json the table is on stdout, a line a row under a line of heads", async () => {
	const { out, err } = await run("fake", "--rows", "with a peer");
	assert.deepEqual(err, []);
	const head = out.findIndex((line) => /ours ms +peer ms +ratio/.test(line));
	assert.match(
		out[head + 1],
		/^with a peer, 2x3 +3 +6 +2 +\S+ +\S+ +\S+ {2}a library; a note$/,
	);
});

test("several suites are one table and one report, each in a folder of its own", async () => {
	const rows = ["--rows", "without"];
	const { out } = await runOf(twice, "fake", "again", "fake", ...rows);
	const notes = [...out.join("\n").matchAll(/bytes; (.*)$/gm)];
	const folders = notes.map(([, folder]) => folder.split("/").at(-1));
	assert.deepEqual(folders, ["fake", "again"]);
	assert.equal(out.filter((line) => /ours ms/.test(line)).length, 1);
	const { out: json } = await runOf(twice, "again", "fake", "--json", ...rows);
	const report = JSON.parse(json[0]) as Report;
	assert.equal(report.rows.length, 2);
});

test("what a suite prepares is there for its rows and gone afterwards", async () => {
	const { out } = await run("fake", "--rows", "without");
	const folder = /bytes; (.*)$/m.exec(out.join("\n"))?.[1] ?? "";
	assert.match(folder, /sparselens-bench-/);
	assert.ok(!existsSync(folder));
});

test("a row that fails or ends is named, the others are measured, and the exit code is 1", async () => {
	const { code, out, err } = await run("fake", "--json", "--rounds", "1");
	assert.equal(code, 1);
	const { rows } = JSON.parse(out[0]) as Report;
	assert.deepEqual(
		rows.map(({ name, ours_ms }) => [name, ours_ms]),
		[
			["with a peer, 2x3", 2],
			["without a peer, 300 MB", 5],
		],
	);
	assert.deepEqual(
		err.filter((line) => line.startsWith("The row")),
		[
			'The row "failing" failed: the work cannot be done.',
			'The row "ending" failed: its process ended early (3).',
		],
	);
});

const refused: [string, string[], string][] = [
	[
		"no suite",
		[],
		'A suite is needed: give one of fake, other, as in "npm run bench -- fake".',
	],
	[
		"an unknown suite",
		["extrct", "--json"],
		'There is no suite "extrct": give one of fake, other, as in "npm run bench -- fake".',
	],
	[
		"the name of what every object has",
		["constructor"],
		'There is no suite "constructor": give one of fake, other, as in "npm run bench -- fake".',
	],
	[
		"rows that are not there",
		["fake", "--rows", "none"],
		'No row\'s name contains "none"; the rows are "with a peer, 2x3", "without a peer, 300 MB", "failing", "ending".',
	],
	[
		"no number of rounds",
		["fake", "--rounds", "0"],
		'--rounds is "0"; a whole number above 0 is needed.',
	],
];
for (const [what, args, sentence] of refused)
	test(`${what} is answered by one sentence on stderr`, async () => {
		const { code, out, err } = await run(...args);
		assert.deepEqual([code, out, err], [1, [], [sentence]]);
	});

test("an unknown option is answered by one sentence", async () => {
	const { code, out, err } = await run("fake", "--jsn");
	assert.deepEqual([code, out.length, err.length], [1, 0, 1]);
	assert.match(err[0], /--jsn/);
});

test("broken off, it ends its row and leaves nothing in the temporary folder", async () => {
	const child = spawn(
		process.execPath,
		[...process.execArgv, join(__dirname, "endless.ts"), "endless"],
		{ stdio: ["ignore", "ignore", "pipe"] },
	);
	let err = "";
	child.stderr.on("data", (text) => {
		err += text;
		if (!child.killed && /writes to .*\n/.test(err)) child.kill("SIGTERM");
	});
	const [code] = await once(child, "close");
	assert.equal(code, 1);
	const folder = /writes to (.*)/.exec(err)?.[1] ?? "";
	assert.match(folder, /sparselens-bench-/);
	assert.match(err, /The benchmark was broken off; nothing is left\.\n$/);
	assert.ok(!existsSync(folder));
});
