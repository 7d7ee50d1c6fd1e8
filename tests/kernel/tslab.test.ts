import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

test("tslab is exactly the version whose inner files the kernel uses", () => {
	const file = require.resolve("tslab/package.json");
	assert.equal(
		require(file).version,
		"1.0.22",
		"tslab changed: go through src/kernel/compiler.ts, then change this test",
	);
	for (const name of ["converter", "executor", "inspect", "jupyter"]) {
		assert.ok(existsSync(join(dirname(file), `dist/${name}.js`)), name);
	}
});
