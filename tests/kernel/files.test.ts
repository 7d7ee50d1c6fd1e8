import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const folder = mkdtempSync(join(tmpdir(), "notebook-"));
const home = process.cwd();
process.chdir(folder); // the compiler reads files from where it starts
const { openNotebook } = require("./notebook") as typeof import("./notebook");
const notebook = openNotebook(folder);
after(() => {
	notebook.close();
	process.chdir(home);
	rmSync(folder, { recursive: true });
});

const write = (name: string, text: string) =>
	writeFileSync(join(folder, name), text);

/** The value of a cell. */
async function value(code: string): Promise<unknown> {
	const ran = await notebook.run(code);
	assert.ok("value" in ran, JSON.stringify(ran));
	return ran.value;
}

test("a file is new when a cell imports it again, also where it changed below the one that is imported", async () => {
	write("c.ts", "export const c = 1;");
	write("b.ts", 'import { c } from "./c"; export const b = () => c;');
	write("a.ts", 'export { b } from "./b"; export const a = {};');
	const code = 'import { a, b } from "./a";\nb()';
	assert.equal(await value(code), 1);
	await value("const first = a;");
	assert.equal(await value(code), 1);
	assert.equal(await value("a === first"), true);
	write("c.ts", "export const c = 22;");
	assert.equal(await value("b()"), 1);
	assert.equal(await value(code), 22);
	assert.equal(await value("a === first"), false);
	write("b.ts", 'import { c } from "./c"; export const b = () => -c;');
	assert.equal(await value(code), -22);
});

test("so with .js and .json, and where nothing changed a module stays what it is", async () => {
	write("data.json", '{ "n": 1 }');
	write("plain.js", 'export const m = { is: "m" };');
	write(
		"over.ts",
		'import data from "./data.json"; import { m } from "./plain"; export const over = () => data.n + m.is;',
	);
	const code =
		'import data from "./data.json";\nimport { m } from "./plain";\nimport { over } from "./over";\n[data.n, over()].join()';
	assert.equal(await value(code), "1,1m");
	await value("const m1 = m, o1 = over;");
	write("data.json", '{ "n": 1234 }');
	assert.equal(await value(code), "1234,1234m");
	assert.equal(await value("m === m1 && over !== o1"), true);
	write("plain.js", 'export const m = { is: "mm" };');
	assert.equal(await value(code), "1234,1234mm");
	assert.equal(await value("m === m1"), false);
});

test("two cells that import one file have one module", async () => {
	write("one.ts", "export const list: number[] = [];");
	await value('import { list } from "./one";\nlist.push(1)');
	await value('import * as one from "./one";');
	assert.equal(await value("one.list === list"), true);
	await value('const later = await import("./one");');
	assert.equal(await value("later.list === list"), true);
});

test("a mistake in a changed file is told at its place, and mended by the next change", async () => {
	write("wrong.ts", "export const w: number = 1;");
	const code = 'import { w } from "./wrong";\nw';
	assert.equal(await value(code), 1);
	write("wrong.ts", 'export const w: number = "x";');
	const ran = await notebook.run(code);
	assert.ok("refused" in ran);
	assert.match(ran.refused.evalue, /^wrong\.ts 1:14 - /);
	assert.equal(await value("w"), 1);
	write("wrong.ts", "export const w: number = 3;");
	assert.equal(await value(code), 3);
});
