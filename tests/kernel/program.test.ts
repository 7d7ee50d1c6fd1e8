import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { unmarked } from "../../src/kernel/names";
import { openNotebook } from "./notebook";

const notebook = openNotebook();
after(() => notebook.close());

/** The value of the last of some cells, all of which have to run. */
async function last(...cells: string[]): Promise<unknown> {
	let value: unknown;
	for (const code of cells) {
		const ran = await notebook.run(code);
		if ("thrown" in ran) throw ran.thrown;
		assert.ok(
			"value" in ran,
			`${code}: ${JSON.stringify("refused" in ran && ran.refused)}`,
		);
		value = ran.value;
	}
	return value;
}

/** What a cell throws. */
async function thrownBy(code: string): Promise<unknown> {
	const ran = await notebook.run(code);
	assert.ok("thrown" in ran, JSON.stringify(ran));
	return ran.thrown;
}

async function refused(code: string): Promise<string> {
	const ran = await notebook.run(code);
	assert.ok("refused" in ran, JSON.stringify(ran));
	return ran.refused.evalue;
}

test("a helper reads the variable that a later cell changed", async () => {
	await last(
		'let hook = "blocks.0.hook_resid_post";\nasync function width(): Promise<string> { return hook; }\nclass Reader { read() { return hook; } }\nconst reader = new Reader(), arrow = () => hook;',
		'hook = "blocks.5.hook_resid_post"',
	);
	const five = "blocks.5.hook_resid_post";
	assert.deepEqual(await last("[await width(), reader.read(), arrow()]"), [
		five,
		five,
		five,
	]);
	await last('const hook = "declared";');
	assert.equal(await last("await width() + reader.read()"), "declareddeclared");
});

test("a function writes a variable of another cell, which all see", async () => {
	await last(
		"let n = 1; const bump = () => { n += 1; [n] = [n * 10]; n++; };",
		"const show = () => ({ n });",
	);
	assert.deepEqual(await last("bump(); [n, show().n]"), [21, 21]);
	assert.deepEqual(
		await last("let n = 100; bump(); [n, show().n]"),
		[1011, 1011],
	);
});

test("code that still runs finds what later cells declare", async () => {
	await last(
		"let level = 1; const seen: number[] = []; let go = () => {};\nconst turn = () => new Promise<void>((r) => { go = r; });\nvoid (async () => { for (let i = 0; i < 3; i++) { await turn(); seen.push(level); } })();",
		"level = 2; go()",
		"let level = 3; go()",
		"await null; const level = 4; go()",
	);
	assert.deepEqual(await last("await null; seen"), [2, 3, 4]);
});

const kinds: [name: string, code: string, value: string][] = [
	["let", "let NAME = 1;", "1"],
	["const", "const NAME = 2;", "2"],
	["var", "var NAME = 3;", "3"],
	["nested var", "for (var NAME = 0; NAME < 4; NAME++);", "4"],
	["function", "function NAME() { return 5; }", "function 5"],
	["async function", "async function NAME() { return 6; }", "function"],
	["class", "class NAME { static is = NAME.name; static n = 7; }", "class 7"],
	["enum", "enum NAME { A = 8 }", "A,8"],
	["namespace", "namespace NAME { export const a = 9; }", "a"],
	["destructured", "const { NAME, other } = { NAME: 10, other: 0 };", "10"],
	[
		"default name",
		"let [NAME = () => 11] = [] as (() => number)[];",
		"function 11",
	],
	[
		"import",
		'import { basename as NAME } from "node:path";',
		"function basename",
	],
	["default import", 'import NAME from "node:path";', "module"],
	["import of all", 'import * as NAME from "node:path";', "module"],
	["arrow", "const NAME = () => 14;", "function 14"],
];

test("each kind of declaration takes the place of each other, for older code too", async () => {
	const describe = (v: unknown): string => {
		if (typeof v === "number") return `${v}`;
		if (typeof v === "function" && "n" in v) return `class ${v.n}`;
		if (typeof v === "function") {
			if (v.name === "basename") return "function basename";
			const value = v();
			return typeof value === "number" ? `function ${value}` : "function";
		}
		const object = v as object;
		return "join" in object
			? "module"
			: Object.keys(object)
					.filter((key) => !/^\d/.test(key))
					.concat(Object.values(object).filter((x) => x === 8))
					.join();
	};
	for (const [b, [before, first]] of kinds.entries()) {
		const names = kinds.map((_, i) => `name${b}_${i}`);
		const declare = (code: string, name: string) =>
			code.replaceAll("NAME", name).replaceAll("other", `other_${name}`);
		await last(
			`${names.map((name) => declare(first, name)).join("\n")}\nconst old${b} = () => [${names.join()}] as any[];`,
			kinds.map(([, second], i) => declare(second, names[i])).join("\n"),
		);
		const now = (await last(`[${names.join()}] as any[]`)) as unknown[];
		const old = (await last(`old${b}()`)) as unknown[];
		for (const [i, [after, , expected]] of kinds.entries()) {
			assert.equal(describe(now[i]), expected, `${after} after ${before}`);
			assert.equal(now[i], old[i], `${after} after ${before}, in older code`);
			const isNamed = /^(arrow|default name|.*function|class)$/.test(after);
			if (isNamed) assert.equal((now[i] as () => void).name, names[i]);
		}
	}
});

test("an enum and a namespace declared again are new, within a cell they merge", async () => {
	await last("enum Again { A, B }", "enum Again { C = 5 }");
	assert.deepEqual(await last("Again"), { 5: "C", C: 5 });
	await last("namespace Space { export const a = 1; }", "1;", "2;");
	assert.equal(await last("Space.a"), 1);
	await last(
		"namespace Space { export const b = 1; }\nnamespace Space { export const c = b; }",
	);
	assert.deepEqual(await last("Space"), { b: 1, c: 1 });
	await last(
		"class Both { m() { return Both.x; } }\nnamespace Both { export const x = 3; }",
	);
	assert.equal(await last("new Both().m()"), 3);
});

test("a class knows itself, and others the one that was declared last", async () => {
	await last(
		"class Kept { static n = 1; self() { return Kept.n; } }\nconst kept = new Kept(), make = () => Kept;",
		"class Kept { static n = 2; self() { return Kept.n; } }",
	);
	assert.deepEqual(await last("[kept.self(), make().n]"), [1, 2]);
	await last(
		"function mark(c: any) { c.marked = true; }\n@mark class Kept { static n = 3; self() { return Kept.n; } }",
	);
	assert.deepEqual(await last("[make().n, (Kept as any).marked]"), [3, true]);
});

test("a cell that fails leaves what it had set, and what it had not reached as it was", async () => {
	await last('let reached = "old", missed = "old"; var again = "old";');
	const error = await thrownBy(
		"const reached = 1; if (reached) throw 5; const missed = 2, unset = 3; var again = 4; var fresh = 5;",
	);
	assert.equal(error, 5);
	assert.deepEqual(
		await last("[reached.toFixed(1), missed.length, again.length, fresh]"),
		["1.0", 3, 3, undefined],
	);
	assert.match(await refused("unset"), /Cannot find name 'unset'/);
	await last("function later() { return unborn; }\nlet unborn = 1;");
	const first = await thrownBy(
		"early(); function early() { return toCome; }\nlet toCome = 1;",
	);
	assert.equal(String(first), "ReferenceError: toCome is not defined");
	const change = await thrownBy(
		"early(); function early() { toBe = () => 2; }\nlet toBe = () => 1;",
	);
	assert.equal(
		String(change),
		"ReferenceError: Cannot access 'toBe' before initialization",
	);
	await last(
		"function change() { toBe = () => 2; }\nlet { toBe }: any = { toBe: () => 1 };",
	);
	assert.equal(await last("change(); toBe() + toBe.name"), "2toBe");
});

test("what is thrown and what a cell ends in are the things themselves", async () => {
	await last("const thing = { a: 1 };");
	assert.equal(await thrownBy("throw thing;"), await last("thing"));
	assert.equal(await thrownBy("await null; throw thing;"), await last("thing"));
	assert.equal(await thrownBy("throw undefined;"), undefined);
});

test("a constant cannot be changed, neither where TypeScript looks nor where it does not", async () => {
	await last("const fixed = 1;");
	for (const code of [
		"fixed = 2",
		"fixed++",
		"[fixed] = [2]",
		"({ fixed } = { fixed: 2 })",
	]) {
		assert.match(
			await refused(code),
			/Cannot assign to 'fixed' because it is a constant/,
		);
		assert.equal(
			String(await thrownBy(`// @ts-ignore\n${code}`)),
			"TypeError: Assignment to constant variable.",
		);
	}
	assert.equal(await last("fixed"), 1);
	await last("let fixed = 3;", "fixed = 4");
	assert.equal(await last("fixed"), 4);
});

test("names of the user's neither hide what libraries look for nor are found by them", async () => {
	const names = [
		"window",
		"process",
		"document",
		"performance",
		"URL",
		"define",
		"self",
		"module",
		"name",
		"Buffer",
		"exports",
		"require",
		"constant",
		"Array",
	];
	await last(
		`${names.map((name, i) => `let ${name}${i % 2 ? " = 128" : ": any = 128"};`).join("\n")}\nclass Event {}\nfunction fetch() { return "mine"; }\nvar setTimeout = 5;`,
	);
	const found = new Function(
		`return [typeof window, typeof process.cwd, typeof document, typeof performance.now, typeof URL, typeof define, Array.isArray([]), new Event("x") instanceof globalThis.Event, fetch.name, typeof setTimeout, "window" in globalThis, Object.keys(globalThis).length]`,
	);
	assert.deepEqual(found().slice(0, -1), [
		"undefined",
		"function",
		"undefined",
		"function",
		"function",
		"undefined",
		true,
		true,
		"fetch",
		"function",
		false,
	]);
	assert.equal(found().at(-1), Object.keys(globalThis).length);
	assert.ok(!Object.keys(globalThis).some((key) => unmarked(key) !== key));
	assert.equal(
		await last(
			`[${names.filter((name) => name !== "Array").join()}, fetch(), setTimeout].join()`,
		),
		`${"128,".repeat(13)}mine,5`,
	);
	assert.equal(
		await last(
			'import { join as joinAgain } from "node:path";\njoinAgain("a", "b")',
		),
		"a/b",
	);
	notebook.compiler.reset();
});

test("an import follows a variable of its module", async () => {
	const folder = mkdtempSync(join(process.cwd(), "zz-"));
	try {
		writeFileSync(
			join(folder, "counter.ts"),
			"export let count = 0; export const add = () => { count++; };",
		);
		const from = `./${folder.split("/").at(-1)}/counter`;
		assert.equal(
			await last(`import { count, add } from "${from}";\nadd();\ncount`),
			1,
		);
		assert.equal(await last("add(); count"), 2);
		assert.equal(await last("const count = 7; add(); count"), 7);
	} finally {
		rmSync(folder, { recursive: true });
	}
});

test("values whose types nobody can name are there, with these types", async () => {
	await last(
		'import { kmeans } from "ml-kmeans";\nconst km = kmeans([[1, 1], [2, 2], [9, 9], [8, 8]], 2, { seed: 1 });',
		"const all = [km], again = () => km;",
		"const numbers: number[] = again().clusters;",
	);
	assert.match(
		await refused("const text: string = km.clusters;"),
		/'number\[\]' is not assignable to type 'string'/,
	);
	assert.match(
		await refused("all[0].nothing"),
		/does not exist on type 'KMeansResult'/,
	);
	await last(
		'const parquet = await import("hyparquet"); const read = parquet.parquetMetadata;',
	);
	assert.match(
		await refused("const n: number = read(new ArrayBuffer(8));"),
		/'FileMetaData' is not assignable/,
	);
	await last(
		"const sign = Symbol('s'); const signed = { [sign]: 1 };\nfunction hidden() { class Hidden { #a = 1; private b = 2; c = 3; me() { return this; } } return new Hidden(); }\nconst Anonymous = class { private p = 1; q = 2; };\nconst it = hidden();\nfunction inner() { enum Inner { A = 4 } return Inner.A; }\nconst four = inner();",
	);
	assert.deepEqual(
		await last("[signed[sign], it.c, new Anonymous().q, four]"),
		[1, 3, 2, 4],
	);
});

test("names that a loop or a block declares with var have their types in later cells", async () => {
	await last(
		"for (var i = 0, { w } = { w: [1] }; i < 3; i++) { var text = String(i); }",
	);
	assert.equal(await last("i + w.length + text.length"), 5);
	assert.match(
		await refused("text.nothing"),
		/does not exist on type 'string'/,
	);
});

test("the value that a name had is let go when it gets the next, also while the cell runs", async () => {
	setFlagsFromString("--expose-gc");
	const collect = runInNewContext("gc") as () => void;
	await last(
		"let large: object = { is: 'old' }; const weak = new WeakRef(large);",
	);
	(globalThis as { collect?: () => void }).collect = collect;
	assert.equal(
		await last(
			"let large: object = { is: 'new' };\nawait new Promise((r) => setTimeout(r, 10)); (globalThis as any).collect(); weak.deref()",
		),
		undefined,
	);
});
test("a constant stays what it is, also for a function that wrote the variable of that name", async () => {
	const assignment = /Assignment to constant variable/;
	await last("let wasLet = 1; function bump() { wasLet++; return wasLet; }");
	assert.equal(await last("bump()"), 2);
	await last("const wasLet = 50;");
	assert.match(String(await thrownBy("bump()")), assignment);
	assert.equal(await last("wasLet"), 50);
	assert.equal(await last("let wasLet = 7; bump()"), 8);
	await last(
		"const wasConst = 1; function change() {\n// @ts-ignore\n[wasConst] = [2];\n}",
	);
	assert.match(String(await thrownBy("change()")), assignment);
	assert.equal(await last("let wasConst = 5;", "change(); wasConst"), 2);
	await last(
		"let inAsync = 0; let resume = () => {};\nconst running = (async () => { await new Promise<void>((r) => { resume = r; }); inAsync = 1; })();\nrunning.catch(() => {});\n0",
		"const inAsync = 9;",
	);
	assert.match(String(await thrownBy("resume(); await running")), assignment);
	assert.equal(await last("inAsync"), 9);
});

test("names may begin with any number of underscores", async () => {
	assert.equal(
		await last(
			"const _one = 1, __two = 2, ___three = 3;\nfunction __f() { return __two; }\nclass __C { a = ___three; }\nenum __E { A = 4 }\nlet { __d, ...__rest } = { __d: 5, z: 6 };\ntype __T = number;\ninterface __I { a: __T }",
			"__d = 20;",
			"const typed: __I = { a: 1 };\n[_one, __f(), new __C().a, __E.A, __d, __rest.z, typed.a].join()",
		),
		"1,2,3,4,20,6,1",
	);
});

test("a cell may add to global types", async () => {
	assert.equal(
		await last(
			"declare global { interface Array<T> { mine(): number } }\nArray.prototype.mine = function () { return this.length; };",
			"[1, 2].mine()",
			"delete (Array.prototype as any).mine",
		),
		true,
	);
});

test("a value keeps the type that it was made with when the type's name gets another meaning", async () => {
	await last(
		"class Old { m() { return 1; } again() { return new Old(); } }\nconst made = new Old(), all = [made], Kept = Old;\nfunction make() { return new Old(); }\nfunction take(one: Old) { return typeof one; }\nclass Heir extends Old { own = 2; }",
		"class Old { k() { return 2; } }",
	);
	assert.equal(await last("made.m() + all[0].m() + made.again().m()"), 3);
	assert.equal(await last("make().k() + new Old().k()"), 4);
	assert.equal(await last("new Heir().m() + new Kept().m()"), 2);
	assert.equal(await last("take(made) + take(new Old())"), "objectobject");
	assert.match(
		await refused("made.k()"),
		/Property 'k' does not exist on type 'Old \(earlier\)'/,
	);
	await last(
		"interface Shape { a: number }\nconst shape: Shape = { a: 1 };\nconst area = (s: Shape) => s.a;",
		"interface Shape { b: string }",
		'const other: Shape = { b: "x" };',
	);
	assert.equal(await last("area(shape) + shape.a + other.b"), "2x");
	await last(
		"enum Side { Left, Right }\nconst side: Side = Side.Right;",
		'enum Side { Up = "up" }',
	);
	assert.equal(await last("side.toFixed() + Side.Up"), "1up");
	await last("const Old = 5;");
	assert.equal(await last("made.m() + Old"), 6);
	assert.match(await refused("made.nothing"), /does not exist on type 'Old/);
	const { candidates } = notebook.compiler.complete("Ol", 2);
	assert.deepEqual(
		candidates.filter((name) => name.startsWith("Old")),
		["Old"],
	);
});

test("a class that is declared again as it was takes the values that it had", async () => {
	const code =
		"class Same { private secret = 1; peek() { return this.secret; } }";
	await last(
		code,
		"let held = new Same();\nconst peek = (s: Same) => s.peek();",
		code,
	);
	assert.equal(await last("held = new Same(); peek(held)"), 1);
});
