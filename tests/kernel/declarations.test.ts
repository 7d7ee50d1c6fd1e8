import assert from "node:assert/strict";
import { test } from "node:test";
import * as ts from "typescript";
import { declarationsAfter } from "../../src/kernel/declarations";
import { mark } from "../../src/kernel/names";

const lines = (text: string) => text.split("\n").filter(Boolean).sort();

test("after a failure, assigned names are as the cell declares them and all others as before", () => {
	const before =
		"declare const a: number;\ndeclare let b: number, c: number;\n";
	const text =
		"declare const a: string, c: string;\ndeclare const unborn: 1;\n";
	const names = ["a", "c", "unborn"];
	assert.deepEqual(
		lines(declarationsAfter(ts, before, { text, names, assigned: ["a"] })),
		["declare const a: string;", "declare let b: number, c: number;"],
	);
});

test("types and imports of types stay, and of an import only the names that came", () => {
	const text = [
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
	const assigned = ["alias", "all", "made"];
	const kept = declarationsAfter(ts, "", { text, names, assigned });
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

test("a name keeps its type beside a new value, and its value beside a new type", () => {
	const before = [
		"interface A {",
		"}",
		"declare const B: 1;",
		"declare class C {",
		"}",
		"declare enum D {",
		"}",
		"declare namespace N {",
		"}",
		'import { E, F } from "m";',
	].join("\n");
	const text =
		"declare const A: 1, D: 2;\ntype B = 1;\ninterface C {\n}\ndeclare function F(): void;";
	const names = ["A", "D", "F"];
	const after = declarationsAfter(ts, before, { text, names, assigned: names });
	assert.deepEqual(after.split("\n"), [
		...text.split("\n"),
		"interface A {",
		"}",
		"declare const B: 1;",
		"declare namespace N {",
		"}",
		'import { E } from "m";',
		"declare let C: any;",
	]);
});

test("earlier types stay as long as a value has them, with their docstrings and without the names of type parameters", () => {
	const before = [
		"interface Box<T> {",
		"    v: T;",
		"}",
		"/** Boxed. */",
		"declare const box: Box<number>;",
		"declare function generic<Box>(b: Box): Box;",
		"interface Unused {",
		"}",
	].join("\n");
	const text = "interface Box<T> {\n}\ninterface Unused {\n    a: 1;\n}";
	const declared = { text, names: [], assigned: [] };
	const once = declarationsAfter(ts, before, declared);
	const earlier = `Box${mark}`;
	assert.deepEqual(once.split("\n"), [
		...text.split("\n"),
		`interface ${earlier}<T> {`,
		"    v: T;",
		"}",
		"/** Boxed. */",
		`declare const box: ${earlier}<number>;`,
		"declare function generic<Box>(b: Box): Box;",
	]);
	const again = {
		text: "interface Box<T> {\n    x: 1;\n}",
		names: [],
		assigned: [],
	};
	assert.ok(declarationsAfter(ts, once, again).includes(`box: ${earlier}<`));
	const gone = {
		text: "declare const box: 1;",
		names: ["box"],
		assigned: ["box"],
	};
	const without = declarationsAfter(ts, once, gone);
	assert.ok(!declarationsAfter(ts, without, again).includes(mark));
});
