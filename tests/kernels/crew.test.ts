import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import test from "node:test";
import { setTimeout } from "node:timers/promises";
import { allocate } from "../../src/kernels";
import { random } from "../../src/random";

const [rows, d] = [1001, 96];

/** Rows less a vector, by so many threads. */
function centred(threads: number) {
	const store = allocate({ x: rows * d, out: rows * d, b: d }, threads);
	const { array, at, crew } = store;
	const draw = random(1);
	for (const of of [array.x, array.b])
		of.forEach((_, i) => {
			of[i] = draw.normal();
		});
	const run = () => crew.run("centreRows", rows, 2, at.out, at.x, at.b, d);
	return { ...store, run };
}

test("every part is done once, whatever the number of threads", async () => {
	for (const threads of [1, 2, 3]) {
		const { array, run, crew } = centred(threads);
		for (let round = 0; round < 50; round++) {
			array.out.fill(0);
			run();
			array.out.forEach((v, i) => {
				assert.equal(v, Math.fround(array.x[i] - array.b[i % d]));
			});
		}
		await crew.release();
	}
});

test("the other threads take part", async () => {
	const { run, crew } = centred(3);
	const end = Date.now() + 20_000; // they need a moment to start
	while (crew.helped() === 0 && Date.now() < end) {
		for (let i = 0; i < 20; i++) run();
		await setTimeout(5);
	}
	assert.ok(crew.helped() > 0);
	await crew.release();
});

test("work goes on without threads that have ended", async () => {
	const { array, run, crew } = centred(2);
	run();
	await crew.release();
	const helped = crew.helped();
	array.out.fill(0);
	run();
	assert.equal(array.out[5], Math.fround(array.x[5] - array.b[5]));
	assert.equal(crew.helped(), helped);
});

test("no parts at all are done at once", () => {
	const { at, crew } = allocate({ x: 4 }, 1);
	crew.run("centreRows", 0, 8, at.x, at.x, at.x, 4);
});

test("a kernel that fails on any thread is an error here, and the next work is done", async () => {
	const { array, run, crew, at } = centred(2);
	for (let round = 0; round < 20; round++)
		assert.throws(
			() => crew.run("centreRows", rows, 1, 2 ** 32 - 64, at.x, at.b, d),
			/The kernel "centreRows" failed/,
		);
	run();
	assert.equal(array.out[7], Math.fround(array.x[7] - array.b[7]));
	await crew.release();
});

test("too many parts are refused", () => {
	const { at, crew } = allocate({ x: 4 }, 1);
	assert.throws(
		() => crew.run("centreRows", 65_536, 1, at.x, at.x, at.x, 4),
		/too many parts: 65536/,
	);
});

test("threads that nobody released do not keep the process alive", () => {
	const kernels = join(__dirname, "../../dist/kernels");
	const code = `
		const { crew, at } = require(${JSON.stringify(kernels)}).allocate({ x: 64 }, 3);
		crew.run("centreRows", 8, 1, at.x, at.x, at.x, 8);
		console.log("done");`;
	const options = { encoding: "utf8", timeout: 60_000 } as const;
	const { status, stdout } = spawnSync(process.execPath, ["-e", code], options);
	assert.equal(stdout, "done\n");
	assert.equal(status, 0);
});
