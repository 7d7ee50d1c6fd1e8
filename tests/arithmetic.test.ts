import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

test("after all that computes, the smallest numbers are numbers still: in every thread, in hot code, and in WebAssembly", () => {
	const { stdout, stderr } = spawnSync(
		process.execPath,
		["--import", "tsx", join(__dirname, "arithmetic-child.ts")],
		{ encoding: "utf8", cwd: join(__dirname, "..") },
	);
	const line = stdout.trim().split("\n").at(-1);
	assert.ok(line, stderr);
	assert.deepEqual(JSON.parse(line), {
		...{ first: 0, main: 0, earlier: 0, later: 0, after: 0 },
	});
});
