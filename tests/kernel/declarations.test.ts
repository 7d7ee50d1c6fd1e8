import assert from "node:assert/strict";
import { test } from "node:test";
import * as ts from "typescript";
import { keepAssigned } from "../../src/kernel/declarations";

const lines = (text: string) => text.split("\n").filter(Boolean).sort();

test("after a failure, assigned names are as the cell declares them and all others as before", () => {
	const before =
		"declare const a: number;\ndeclare let b: number, c: number;\n";
	const after =
		"declare const a: string, c: string;\ndeclare let b: number;\ndeclare const unborn: 1;\n";
	assert.deepEqual(
		lines(keepAssigned(ts, before, after, ["a", "c", "unborn"], ["a"])),
		[
			"declare const a: string;",
			"declare let b: number;",
			"declare let c: number;",
		],
	);
});

test("types and imports of types stay, and of an import only the names that came", () => {
	const after = [
		'import type { T } from "t";',
		'import first, { second, third as alias } from "m";',
		'import * as all from "all";',
		'import * as none from "none";',
		"interface Shape {",
		"    a: number;",
		"}",
		"type Text = string;",
		"declare class Unmade {",
		"}",
		"declare function made(): void;",
	].join("\n");
	const names = ["first", "second", "alias", "all", "none", "Unmade", "made"];
	const kept = keepAssigned(ts, "", after, names, ["alias", "all", "made"]);
	assert.deepEqual(kept.split("\n").filter(Boolean), [
		'import type { T } from "t";',
		'import { third as alias } from "m";',
		'import * as all from "all";',
		"interface Shape {",
		"    a: number;",
		"}",
		"type Text = string;",
		"declare function made(): void;",
	]);
});
