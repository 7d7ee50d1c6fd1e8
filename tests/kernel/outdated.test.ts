import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { outdatedBuild } from "../../src/kernel/outdated";

test("a source that changed after the build is named, with what to do", () => {
	const folder = mkdtempSync(join(tmpdir(), "sparselens-outdated-"));
	const source = join(folder, "src/deep/a.ts");
	const built = join(folder, "index.js");
	mkdirSync(join(folder, "src/deep"), { recursive: true });
	writeFileSync(source, "");
	writeFileSync(built, "");
	utimesSync(source, 1000, 1000);
	assert.equal(outdatedBuild(join(folder, "src"), built), "");
	utimesSync(built, 999, 999);
	assert.match(
		outdatedBuild(join(folder, "src"), built),
		/before src\/deep\/a\.ts changed: run "npm run build"/,
	);
});

test("where there are no sources or no build there is nothing to say", () => {
	assert.equal(outdatedBuild("/nowhere/src", "/nowhere/index.js"), "");
});
