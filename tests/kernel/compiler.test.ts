import assert from "node:assert/strict";
import { SourceMap } from "node:module";
import { after, test } from "node:test";
import { type Compiled, createCompiler } from "../../src/kernel/compiler";
import { mark } from "../../src/kernel/names";

const compiler = createCompiler();
after(() => compiler.close());

function compile(code: string): Exclude<Compiled, { failure: object }> {
	const compiled = compiler.compile(code, "cell 7");
	assert.ok("code" in compiled, JSON.stringify(compiled));
	return compiled;
}

test("each line of a compiled cell knows its line of the cell", () => {
	const code =
		"interface Gone {\n  a: number;\n}\n\nconst made: Gone = { a: 1 };\n\nmade.a.toFixed(\n  2,\n);";
	const { js } = compile(code).code;
	const base64 = /base64,(\S+)$/.exec(js)?.[1] ?? "";
	const map = new SourceMap(
		JSON.parse(Buffer.from(base64, "base64").toString()),
	);
	const lines = ["", ...js.split("\n")]; // Node runs it behind one line
	const at = lines.findIndex((line) => line.includes("toFixed"));
	const entry = map.findEntry(at, lines[at].indexOf("toFixed"));
	assert.ok("originalLine" in entry);
	assert.equal(entry.originalSource, "cell 7");
	assert.deepEqual([entry.originalLine, entry.originalColumn], [6, 7]);
});

test("a cell names what it declares, and leaves earlier values alone until it gives new ones", () => {
	const { code } = compile(
		'import { join } from "node:path";\nlet a = 1, b: number;\nfunction f() {}\nclass K {}\njoin("a")',
	);
	assert.deepEqual([...code.names].sort(), ["K", "a", "b", "f", "join"]);
	assert.deepEqual(code.vars, []);
	assert.ok(code.js.includes("return (join"));
	assert.equal(code.async, false);
});

test("what is declared becomes a variable of the notebook, and what is not stays as it is", () => {
	for (const [code, expected] of [
		["let a = 1, b;", "a' = 1, b' = void 0;"],
		["var c;", "c';"],
		[
			"const { p, q: [r = () => 1], ...rest }: any = {};",
			"({ p: p', q: [r' = { r: () => 1 }.r], ...rest' } = {});",
		],
		["for (var i = 0; i < 2; i++) i;", "for (i' = 0; i' < 2; i'++)\n    i';"],
		[
			"for (const x of [1]) { let y = x; y; }",
			"for (const x of [1]) {\n    let y = x;\n    y;\n}",
		],
		["function f() { return f; }", "f' = f; function f() { return f'; }"],
		[
			"class K { static x = K; }\nnew K();",
			"class K {\n    static x = K;\n} K' = K;\nreturn (new K'());",
		],
		[
			"enum E { A }",
			'E\' = void 0;\n(function (E) {\n    E[E["A"] = 0] = "A";\n})(E\' || (E\' = {}));',
		],
		['import { a as b } from "m";', "({ a: b' } = import'.require(\"m\"));"],
		[
			'import c from "m";',
			"({ default: c' } = import'.default(import'.require(\"m\")));",
		],
		['import * as d from "m";', "d' = import'.all(import'.require(\"m\"));"],
		[
			"let s = 1;\n({ s } = { s });\n((s: any) => ({ s }))(s);",
			"s' = 1;\n({ s: s' } = { s: s' });\nreturn (((s) => ({ s }))(s'));",
		],
		[
			"const t = 1;\n// @ts-ignore\nt++;",
			"t' = 1;\n// @ts-ignore\nreturn (const'.t++);",
		],
	]) {
		const declared = code.includes('"m"') ? `// @ts-ignore\n${code}` : code;
		const { js } = compile(declared).code;
		const [body] = js.split("\n//# sourceMappingURL");
		const shown = body.replaceAll(mark, "'").replace("// @ts-ignore\n({", "({");
		assert.equal(shown.replace(/^\/\/ @ts-ignore\n(?=d)/, "").trim(), expected);
	}
	compiler.reset();
});

test("any await outside of functions makes a cell asynchronous", () => {
	for (const code of [
		"await (x)",
		"for await (const y of []) {}",
		"[await null]",
	])
		assert.ok(compile(`const x = 1;\n${code}`).code.async, code);
	assert.ok(!compile("async function g() { await 1; }").code.async);
});

test("a cell knows what the cells before it declared, and after a reset no longer", () => {
	compile("const known = 5;").settle({ assigned: ["known"] });
	assert.ok("code" in compiler.compile("known + 1", "cell 8"));
	compiler.reset();
	assert.ok("failure" in compiler.compile("known + 1", "cell 9"));
});

test("a cell that is run again declares what it declared", () => {
	compiler.reset();
	for (const code of ["const x = 1;", "const x = 1;", "2", "3;", "x"]) {
		const compiled = compile(code);
		compiled.settle({ assigned: compiled.code.names });
	}
	compiler.reset();
});

test("a completion inside of a string replaces what is written of it", () => {
	const code = 'const side: "left side" | "left turn" | "right" = "left tu";';
	const at = code.indexOf('tu"') + 2;
	const { start, end, candidates } = compiler.complete(code, at);
	assert.deepEqual(candidates, ["left turn"]);
	assert.equal(code.slice(start, end), "left tu");
	const open = 'const side: "left side" | "right" = "le';
	const found = compiler.complete(open, open.length);
	assert.deepEqual(found.candidates, ["left side"]);
	assert.equal(open.slice(found.start, found.end), "le");
});

test("between the arguments of a function stands what is known of it, nested or not", () => {
	const code = "Math.max(1, parseInt( ), )";
	assert.match(compiler.inspect(code, 11) ?? "", /Math\.max\(/);
	assert.match(
		compiler.inspect(code, code.indexOf("( )") + 2) ?? "",
		/parseInt\(/,
	);
	assert.equal(compiler.inspect("   ", 1), undefined);
});

test("the paragraphs of a docstring are one line each, lists and code as they are", () => {
	const code =
		"/**\n * One sentence\n * goes on.\n *\n * - a\n * - b\n *\n *     code;\n *     more;\n */\nfunction told() {}\ntold";
	assert.equal(
		compiler.inspect(code, code.length),
		"function told(): void\n\nOne sentence goes on.\n\n- a\n- b\n\n    code;\n    more;",
	);
});

test("an export is found at its place alone, with what to do", () => {
	const compiled = compiler.compile("export const z = 1;", "cell 7");
	assert.ok("failure" in compiled);
	const { evalue, traceback } = compiled.failure;
	assert.match(evalue, /^1:14 - .*A cell needs no export/);
	assert.equal(traceback.length, 3);
});
