import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { noMemory } from "../../src/kernels";

test("no room for a memory is said with its cure, in whatever words the engine says it; another error stays", () => {
	for (const message of [
		"WebAssembly.Memory(): could not allocate memory",
		"WebAssembly.instantiate(): Out of memory: Cannot allocate Wasm memory for new instance",
	]) {
		const said = noMemory(new RangeError(message), 12.5) as Error;
		assert.match(
			said.message,
			/no room for a WebAssembly memory of 13 MB.*Node\.js 24 or newer.*--disable-wasm-trap-handler/,
		);
		assert.equal((said.cause as Error).message, message);
	}
	const other = new Error("The memory of the user");
	assert.equal(noMemory(other), other);
});

const old = Number.parseInt(process.versions.node, 10) < 24;

test("under a limit on addresses every memory is told of, or made", {
	skip: process.platform === "linux" ? false : "no limit on addresses here",
}, () => {
	// Compiled: tsx needs a WebAssembly memory itself.
	const script = `
		const at = (file) => require(${JSON.stringify(join(__dirname, "../../dist"))} + file);
		const tries = [
			() => at("/sae/engine/tfjs").loadTfjs(),
			async () => at("/kernels").allocate({ x: 1000 }),
			() => at("/dataset/codecs").compressors(),
		];
		(async () => {
			for (const attempt of tries)
				try { await attempt(); console.log("made"); } catch (error) { console.log(error.message); }
		})();`;
	const run = (kilobytes: number, flags = "") =>
		spawnSync(
			"bash",
			[
				"-c",
				`ulimit -v ${kilobytes}; "$0" ${flags} -e "$1"`,
				process.execPath,
				script,
			],
			{ encoding: "utf8" },
		)
			.stdout.trim()
			.split("\n");
	const told = run(8_000_000);
	assert.equal(told.length, 3, told.join());
	for (const line of told)
		if (old)
			assert.match(line, /no room for a WebAssembly memory.*Node\.js 24/);
		else assert.equal(line, "made");
	const cured = run(8_000_000, "--disable-wasm-trap-handler");
	assert.deepEqual(cured, ["made", "made", "made"]);
});
