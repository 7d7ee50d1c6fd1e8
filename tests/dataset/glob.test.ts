import assert from "node:assert/strict";
import { test } from "node:test";
import { isPattern, matchesPattern } from "../../src/dataset/glob";

test("patterns name files as fsspec reads them", () => {
	const fits: Record<string, string[]> = {
		"*": ["a", "b.c"],
		"a/*": ["a/b"],
		"a/**": ["a/b", "a/b/c"],
		"**": ["a", "a/b/c"],
		"**/b": ["b", "a/b", "x/y/b"],
		"a/**/b": ["a/b", "a/x/b", "a/x/y/b"],
		"a?[0-9][!x]": ["ab1y", "a-2z"],
		"[a-c]-[-_]": ["b--", "c-_"],
		"data/train-*": ["data/train-0.parquet"],
		".x/*": [".x/a"],
		"*/.y": ["a/.y"],
		"__x/*": ["__x/a"],
		"[^a]": ["^", "a"],
		"[": ["["],
	};
	const misses: Record<string, string[]> = {
		"*": ["a/b", ".a", ""],
		"a/*": ["a", "a/b/c", "a/"],
		"a/**": ["a", "b/a/c"],
		"**/b": ["a/bb", ".x/b", "__x/b"],
		"a?[0-9][!x]": ["ab1x", "a1y", "abxy"],
		"data/train-*": ["data/x/train-0", "train-0"],
		"a.c": ["abc"],
		"[^a]": ["b"],
	};
	for (const [pattern, names] of Object.entries(fits))
		for (const name of names)
			assert.ok(matchesPattern(pattern, name), `${pattern} ${name}`);
	for (const [pattern, names] of Object.entries(misses))
		for (const name of names)
			assert.ok(!matchesPattern(pattern, name), `${pattern} ${name}`);
	assert.deepEqual(["a.b", "a*", "a?", "[a]"].map(isPattern), [
		false,
		true,
		true,
		true,
	]);
});

test("no pattern takes long", () => {
	const start = performance.now();
	assert.ok(!matchesPattern(`${"*a".repeat(400)}b`, "a".repeat(1000)));
	assert.ok(!matchesPattern(`${"**/a/".repeat(100)}b`, `${"a/".repeat(400)}c`));
	assert.ok(performance.now() - start < 2000);
});
