import assert from "node:assert/strict";
import { test } from "node:test";
import { table } from "../../src/notebook";
import { consoleTable } from "../../src/notebook/console-table";

const hostile = `<img src=x onerror="alert(1)">'&`;

/** The tags of a table; anything else came from a text that was not escaped. */
function assertSafe(html: string): void {
	const rest = html.replace(
		/<\/?(div|b|table|thead|tbody|tr|th|td)( style="[^"<>]*")?>/g,
		"",
	);
	assert.doesNotMatch(rest, /[<>"]/);
}

const linesOf = (data: unknown, columns?: string[]) =>
	consoleTable(data, columns)?.text.split("\n") ?? [];

test("objects are the rows of a table, with a column for each field in the order of first appearance", () => {
	const { text, html } = table([
		{ a: 1, b: "x" },
		{ c: true, a: 1000 },
	]);
	assert.equal(text, "    a  b  c\n-----  -  ----\n    1  x\n1,000     true");
	assert.match(html, /<th style="text-align:right">a<\/th>/);
	assert.match(html, /<th style="text-align:left">b<\/th>/);
	assert.match(html, /<td style="text-align:left"><\/td>/);
});

test("values of other kinds stand on one line as Node prints them", () => {
	const { text } = table(
		[
			{ v: { d: [1, { e: 2 }] }, w: null, when: new Date(0), big: 10n },
			{ v: Float32Array.of(1, 2), w: "two\nlines", big: 5n },
		],
		{ caption: "kinds" },
	);
	const lines = text.split("\n");
	assert.equal(lines[0], "kinds");
	assert.match(
		lines[3],
		/^\{ d: \[ 1, \[Object\] \] \} +null +1970-01-01T00:00:00\.000Z +10n$/,
	);
	assert.match(lines[4], /^Float32Array\(2\) \[ 1, 2 \] +two lines +5n$/);
});

test("a table of objects escapes names and values, and is bounded in both directions", () => {
	const { html, text } = table([{ [hostile]: hostile, v: { [hostile]: 1 } }]);
	assertSafe(html);
	assert.ok(text.includes("<img"));
	const long = table(
		Array.from({ length: 250 }, (_, i) => ({
			text: "x".repeat(10_000),
			[`n${i % 30}`]: i,
		})),
	);
	assert.match(long.text, /… and 150 more rows, 11 more columns$/);
	assert.ok(long.html.length < 200_000);
	assert.ok(table([{ ["x".repeat(1e6)]: 1 }]).html.length < 2000);
	const wide = Object.fromEntries(
		Array.from({ length: 5000 }, (_, i) => [`c${i}`, i]),
	);
	assert.match(table([wide]).text, /… and at least 980 more columns$/);
});

test("a field that only some objects have is counted wherever it stands", () => {
	const rows: object[] = Array.from({ length: 200 }, () => ({ a: 1 }));
	rows.push({ late: 2 });
	const [head, , first] = table(rows).text.split("\n");
	assert.deepEqual([head.trim(), first.trim()], ["a  late", "1"]);
});

test("fields that every object inherits are no columns, and own ones of such names are", () => {
	const row = JSON.parse('{ "__proto__": 1, "constructor": 2 }');
	const [head, , , second] = table([row, {}]).text.split("\n");
	assert.equal(head, "__proto__  constructor");
	assert.equal(second, "");
});

test("no rows are a table that says so", () => {
	assert.equal(table([]).text, "no rows");
	assert.equal(table([], { caption: "none" }).text, "none\nno rows");
	assert.match(table(["a", "b"], []).text, /^a {2}b\n- {2}-\nno rows$/);
});

test("what makes no table is refused with what was given and what to give", () => {
	const cases: [unknown, RegExp][] = [
		[undefined, /^table was given nothing: give it an array of objects/],
		[{ a: 1 }, /given an object with the fields a: give/],
		["text", /given the string text: give/],
		[Promise.resolve([]), /given a promise \(put await before it\): give/],
		[[1], /^Row 0 is the number 1, where an object was expected: give/],
		[[{ a: 1 }, null], /^Row 1 is null, where/],
		[[[1, 2]], /^Row 0 is an array of 2, where/],
		[[Promise.resolve()], /^Row 0 is a promise \(put await before it\)/],
		[[{}, new Map([[1, 2]])], /objects without a field/],
	];
	for (const [value, expected] of cases)
		assert.throws(() => table(value as object[]), { message: expected });
	const rows = table as (head: unknown, rows: unknown) => unknown;
	assert.throws(() => rows(["a"], [[1, 2]]), {
		message: /^Row 0 has 2 cells, and there are names for 1 columns/,
	});
	assert.throws(() => rows(["a"], [{ a: 1 }]), /Row 0 is an object with/);
	assert.throws(() => rows([1], [[1]]), /name of column 0 is the number 1/);
});

test("console.table reads arrays, objects and what they hold as Node does", () => {
	assert.deepEqual(linesOf([1, "a", { b: 2 }]), [
		"(index)  b  Values",
		"-------  -  ------",
		"      0     1",
		"      1     a",
		"      2  2",
	]);
	assert.deepEqual(linesOf([[1, 2], [3]]).slice(0, 1), ["(index)  0  1"]);
	assert.deepEqual(linesOf([[1, 2], [3]]).slice(2), [
		"      0  1  2",
		"      1  3",
	]);
	assert.deepEqual(linesOf({ x: { a: 1 }, y: 5 }).slice(2), [
		"x        1",
		"y                5",
	]);
	assert.deepEqual(linesOf([{ a: undefined }, undefined]).slice(2), [
		"      0  undefined",
		"      1             undefined",
	]);
	const gap = [1];
	gap[2] = 3;
	assert.deepEqual(linesOf(gap).slice(2), [
		"      0       1",
		"      2       3",
	]);
});

test("console.table has a row for each entry of a Map or a Set", () => {
	const map = new Map<unknown, unknown>([
		["k", 1],
		[{ a: 1 }, [2]],
	]);
	assert.deepEqual(linesOf(map), [
		"(iteration index)  Key       Values",
		"-----------------  --------  ------",
		"                0  k         1",
		"                1  { a: 1 }  [ 2 ]",
	]);
	assert.deepEqual(linesOf(new Set(["b"])).slice(2), ["                0  b"]);
});

test("console.table shows the columns that are asked for, in their order, also where nothing has them", () => {
	const rows = [{ a: 1, b: 2 }, 3];
	assert.deepEqual(linesOf(rows, ["z", "b"]), [
		"(index)  z  b",
		"-------  -  -",
		"      0     2",
		"      1",
	]);
	assert.throws(() => consoleTable([], "a" as never), /array of their names/);
});

test("console.table prints numbers with all their digits, and leaves what is no object to be printed", () => {
	assert.match(linesOf([1234567.891])[2], / 1234567\.891$/);
	for (const value of [5, null, "s", undefined, () => 1, 10n])
		assert.equal(consoleTable(value), undefined);
});

test("console.table escapes all texts and says what it leaves out of a large value", () => {
	const shown = consoleTable([{ [hostile]: hostile }, hostile]);
	assertSafe(shown?.html ?? "");
	assertSafe(consoleTable(new Map([[hostile, hostile]]))?.html ?? "");
	assert.match(
		linesOf(new Float64Array(1e6)).at(-1) ?? "",
		/^… and 999,900 more rows$/,
	);
	assert.match(
		linesOf(new Map(Array.from({ length: 101 }, (_, i) => [i, i]))).at(-1) ??
			"",
		/^… and 1 more row$/,
	);
	assert.match(
		linesOf([new Float32Array(1e7)]).at(-1) ?? "",
		/at least \d+ more columns$/,
	);
	assert.equal(linesOf([]).at(-1), "no rows");
});
