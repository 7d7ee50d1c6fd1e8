import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createCompiler } from "../../src/kernel/compiler";

const compiler = createCompiler();
after(() => compiler.close());

/** What a cell that does not compile is told; nothing where it compiles. */
function told(code: string): string[] {
	const compiled = compiler.compile(code, "cell 1");
	if ("code" in compiled) return [];
	return compiled.failure.traceback.filter((line) => /^\d/.test(line));
}

test("a magic, a shell command and a question of IPython are each answered in one sentence with what to do instead", () => {
	const cases: [string, RegExp][] = [
		["%time f()", /^1:1 - %time is a magic.*console\.time\("it"\)/],
		["%%time\nconst x = 1;\nx +", /^1:1 - %%time is.*console\.timeEnd/],
		["%timeit -n 10 f(x)", /console\.time/],
		["%matplotlib inline", /figures need no setting/],
		["%load_ext autoreload", /nothing has to be loaded/],
		["%autoreload 2", /nothing has to be loaded/],
		["%pip install umap-js", /npm install/],
		["%cd data", /process\.chdir\("data"\)/],
		["%%bash\nls -la\necho $HOME", /execSync\("ls"/],
		["%%writefile a.txt\nhello there", /writeFileSync\("a\.txt"/],
		["%%html\n<b>x</b>", /display\.html/],
		["%lsmagic", /%lsmagic is a magic of IPython.*no magics\.$/],
		["!ls", /^1:1 - This is a shell command.*execSync\("ls"/],
		["!ls -la data", /execSync\("ls -la data"/],
		["!ls -la", /execSync\("ls -la"/],
		["!nvidia-smi", /execSync\("nvidia-smi"/],
		['!echo "a" > b.txt', /execSync\("echo \\"a\\" > b\.txt"/],
		["!./run.sh", /execSync\("\.\/run\.sh"/],
		["!pip install torch", /npm install/],
		["?lens", /about lens; here Shift-Tab/],
		["??lens.probe", /about lens\.probe; here Shift-Tab/],
		["lens?", /about lens; here Shift-Tab/],
		["lens.probe??", /about lens\.probe; here Shift-Tab/],
		["lens?\n1 + 1", /about lens; here Shift-Tab/],
	];
	for (const [code, expected] of cases) {
		const said = told(code);
		assert.equal(said.length, 1, `${code}: ${said.join("\n")}`);
		assert.match(said[0], expected, code);
	}
});

test("a magic is found on its own line, behind code and before it", () => {
	assert.match(told("const a = 1\n\t%time f(a)")[0], /^2:2 - %time is a magic/);
	assert.match(told("const a = 1;\n%timeit a\na")[0], /^2:1 - %timeit/);
	assert.deepEqual(
		told("!pip install x\n%matplotlib inline\nconst a = 1;").map((t) =>
			t.slice(0, 4),
		),
		["1:1 ", "2:1 "],
	);
});

test("TypeScript that begins as a magic does is never taken for one", () => {
	const valid = [
		"const flag = false;\nconst f = () => 1;\n!flag && f();",
		"const n = 10\n% 3;\nn",
		"const n = 10, time = 3;\nn\n%time",
		"const ls = true;\n!ls",
		"const s = `\n%time f()\n!ls -la\nname?\n`;",
		"/*\n%matplotlib inline\n*/\n// !ls",
		"const c = true;\nconst d = c ?\n 1 : 2;",
		"const c = true;\nconst d =\nc?\n1 : 2;",
		"const u: number | undefined = 1;\nu??\n2",
		"const r = /%time?/;\n!r.test('a')",
	];
	for (const code of valid) assert.deepEqual(told(code), [], code);
});

test("a mistake in TypeScript that begins as a magic does stays TypeScript's", () => {
	const wrong: [string, RegExp][] = [
		["const f = () => 1;\n!flagg && f();", /Cannot find name 'flagg'/],
		["const f = 1;\n!f && (", /Expression expected|expected/],
		["!done", /Cannot find name 'done'/],
		["const n = 1\n% missing", /Cannot find name 'missing'/],
		["const x: number = 'a';\nconst s = `\n%time x\n`;", /not assignable/],
		["const s = `\n%time x\n`;\nconst = 2;", /expected/],
		["const t = true;\nt?\n1 : 2;\nconst = 3;", /expected/],
	];
	for (const [code, expected] of wrong)
		assert.match(told(code).join("\n"), expected, code);
	for (const [code] of wrong)
		assert.doesNotMatch(told(code).join("\n"), /IPython/, code);
});
