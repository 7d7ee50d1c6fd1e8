import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { bench } from "../../bench/bench";
import { findKernels, type KernelRun, kernelNote } from "../../bench/kernels";
import { suites } from "../../bench/suites";
import { peakOf } from "../../bench/turns";
import type { Report } from "../../bench/types";
import { noKernel, root } from "../jupyter";
import { temporaryFolder } from "../tiny";

const ours: KernelRun[] = [
	{ ms: 10, value: 5, peak_mb: 200 },
	{ ms: 30, value: 7, peak_mb: 210 },
];
const peer = { name: "a kernel", runs: [{ ms: 4, value: 2, peak_mb: 54.4 }] };
const words = (value: number, ms: number) => `${ms} over ${value}`;

test("the note has the words for each kernel's medians, the memory of the others, and the time of the one beside", () => {
	const beside = [{ ms: 123.4, value: 3, peak_mb: 99.6 }];
	assert.equal(
		kernelNote({ ours, peer, beside, peak_mb: 210 }, "a third", words),
		"ours: 20 over 6; a kernel: 4 over 2, 54 MB; a third: 123 ms, 123.4 over 3, 100 MB",
	);
});

test("a kernel that did not do the work is noted once, with the reason in place of its time", () => {
	const failed = "no answer within 3 s";
	const beside: KernelRun[] = [
		{ ms: 3000, failed },
		{ ms: 3000, failed },
	];
	assert.equal(
		kernelNote({ ours, beside, peak_mb: 210 }, "a third"),
		"a third: no answer within 3 s",
	);
});

test("what else was not as it should be is noted of ours too", () => {
	const remark = "variables lost";
	assert.equal(
		kernelNote({ ours: [{ ms: 1, remark }] as KernelRun[], peak_mb: 1 }, ""),
		"ours: variables lost",
	);
});

test("a row in which our kernel did not do the work fails", () => {
	const runs: KernelRun[] = [...ours, { ms: 3000, failed: "the kernel ended" }];
	assert.throws(
		() => kernelNote({ ours: runs, peak_mb: 210 }, ""),
		/the kernel did not do the work: the kernel ended\./,
	);
});

test("the peak of runs is the largest that they tell of", () => {
	assert.equal(peakOf(ours), 210);
	assert.equal(peakOf([{ ms: 1 }]), undefined);
});

/** The client that measures, on a kernel that is a line of JavaScript. */
function client(code: string, folder: string) {
	const settings = {
		task: "start_up",
		argv: [process.execPath, "-e", code, "{connection_file}"],
		interrupt: "signal",
		env: { FOLDER: folder },
		versions: {},
		cwd: folder,
		folder,
	};
	const script = join(root, "bench/peers/kernel.py");
	const child = spawn(findKernels().python, [script, JSON.stringify(settings)]);
	const said = { out: "", err: "" };
	child.stdout.on("data", (text) => {
		said.out += text;
	});
	child.stderr.on("data", (text) => {
		said.err += text;
	});
	child.stdin.write("run\n");
	return { child, said, ended: once(child, "close") };
}

test("a kernel that ends at its start is told with its code and what it said", {
	skip: noKernel,
}, async () => {
	const { folder, remove } = temporaryFolder();
	try {
		const { said, ended } = client(
			'console.error("it is broken"); process.exit(4);',
			folder,
		);
		assert.deepEqual((await ended)[0], 1);
		assert.match(
			said.err,
			/The kernel ended at its start \(4\)\. it is broken/,
		);
		assert.deepEqual(readdirSync(folder), []); // the connection file is gone
	} finally {
		remove();
	}
});

const lives = (pid: number) =>
	existsSync(`/proc/${pid}`) &&
	!/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));

test("when the one who asks goes, in the middle of a run, the kernel and its children go too", {
	timeout: 120_000, // it waits for processes
	skip:
		noKernel ||
		(process.platform === "linux" ? false : "processes are read from /proc"),
}, async () => {
	const { folder, remove } = temporaryFolder();
	try {
		const { child, ended } = client(
			`const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)"], { detached: true });
			require("node:fs").writeFileSync(process.env.FOLDER + "/pids", process.pid + " " + child.pid + " end");
			setInterval(() => 0, 1000);`,
			folder,
		);
		const file = join(folder, "pids");
		while (!(existsSync(file) && readFileSync(file, "utf8").endsWith("end")))
			await sleep(20);
		const pids = readFileSync(file, "utf8").split(" ").slice(0, 2).map(Number);
		assert.deepEqual(pids.map(lives), [true, true]);
		child.stdin.end();
		await ended;
		while (pids.some(lives)) await sleep(20);
		assert.deepEqual(readdirSync(folder), ["pids"]);
	} finally {
		remove();
	}
});

test("a trivial cell is measured in our kernel, beside ipykernel where it is installed", {
	skip: noKernel,
}, async () => {
	const out: string[] = [];
	const err: string[] = [];
	const code = await bench(
		["kernel", "--json", "--rows", "trivial cell", "--rounds", "1"],
		suites,
		{ stdout: (line) => out.push(line), stderr: (line) => err.push(line) },
	);
	assert.equal(code, 0, err.join("\n"));
	const { rows, versions } = JSON.parse(out[0]) as Report;
	assert.deepEqual(
		rows.map(({ name }) => name),
		["trivial cell"],
	);
	const { ipykernel } = findKernels();
	assert.equal(rows[0].peer, ipykernel ? "ipykernel" : null);
	assert.equal(versions.ipykernel, ipykernel?.versions.ipykernel);
	assert.ok(rows[0].ours_ms > 0);
	if (process.platform === "linux") assert.ok(Number(rows[0].peak_mb) > 50);
	assert.ok(err.some((line) => /ours: slowest .* ms/.test(line)));
});
