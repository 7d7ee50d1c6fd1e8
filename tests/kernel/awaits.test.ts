import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createCompiler } from "../../src/kernel/compiler";

const compiler = createCompiler();
after(() => compiler.close());
const hint = "Did you forget to use 'await'?";

/** What a cell that does not compile is told. */
function told(code: string): string[] {
	const compiled = compiler.compile(code, "cell 1");
	if ("code" in compiled) return [];
	return compiled.failure.traceback.filter((line) => /^\d/.test(line));
}

const promises =
	"const text = async () => 'a', n = async () => 1, list = async () => [1], yes = async () => true;\n";

test("a promise that stands where its value was meant is refused with TypeScript's own hint", () => {
	const forgotten = [
		"text().length;",
		"list()[0];",
		"for (const x of list()) x;",
		"[...list()];",
		"const [a] = list();",
		"const { length } = text();",
		"n() > 2;",
		"n() === 1;",
		"n() * 2;",
		"n() + 1;",
		"Math.max(n());",
		"const s: string = text();",
		"function f(): number { return n(); }",
		"const o: { a: number } = { a: n() };",
		"if (yes()) 1;",
		"const w = yes() ? 1 : 2;",
		"yes() && 1;",
		"switch (n()) { case 1: }",
		"prompt('name? ').trim();",
		"if (confirm('go on? ')) 1;",
	];
	for (const code of forgotten) {
		const said = told(promises + code);
		assert.match(said[0] ?? "", /^2:\d+ - /, code);
		assert.ok(said[0].endsWith(hint), `${code}: ${said[0]}`);
	}
});

test("where TypeScript lets a promise pass for a text, a number or a condition, the cell is refused all the same", () => {
	const cases: [string, RegExp][] = [
		[`\`\${text()}\`;`, /\[object Promise\]/],
		["'hello ' + prompt('name? ');", /\[object Promise\]/],
		["let s = ''; s += text();", /\[object Promise\]/],
		["String(text());", /\[object Promise\]/],
		["JSON.stringify(text());", /'\{\}'/],
		["-n();", /NaN/],
		["Number(n());", /NaN/],
		["!yes();", /always be true/],
		["while (yes()) break;", /always be true/],
		["Object.keys(list());", /no fields/],
		["Object.entries(list());", /no fields/],
		["const copy = { a: 1, ...n() };", /no fields/],
		["for (const key in list()) key;", /no fields/],
		["'a' in n();", /no fields/],
		["n() as number;", /may be a mistake/],
	];
	for (const [code, expected] of cases) {
		const said = told(promises + code);
		assert.equal(said.length, 1, `${code}: ${said.join("\n")}`);
		assert.match(said[0], expected, code);
		assert.ok(said[0].endsWith(hint), code);
	}
});

test("functions that show and save any value say of a promise that it is too early", () => {
	const importing = 'import * as lens from "sparselens";\n';
	const forgotten = [
		"lens.show(lens.loadModel('tiny-gpt2'));",
		"lens.table(Promise.resolve([{ a: 1 }]));",
		"lens.table(['a'], Promise.resolve([[1]]));",
		"lens.saveJson('a.json', Promise.resolve(1));",
		"lens.extract(lens.loadModel('tiny-gpt2'), ['a'], { hook_name: 'blocks.1.hook_resid_post' });",
	];
	for (const code of forgotten) {
		const said = told(importing + code);
		assert.ok(said[0]?.endsWith(hint), `${code}: ${said.join("\n")}`);
	}
	assert.deepEqual(
		told(
			`${importing}const u: unknown = 1, r = {} as any;\nlens.show(u); lens.show(r); lens.table([{ a: 1 }, { b: "x" }]);`,
		),
		[],
	);
});

test("promises that are meant as such are left alone, and so are other mistakes", () => {
	const meant = [
		"await Promise.all([n(), text()]);",
		`const later = n(); \`\${await later}\`;`,
		"void n();",
		"n().then((x) => x + 1);",
		"const maybe = undefined as Promise<number> | undefined; if (maybe) 1; !maybe;",
		`const tag = (_: TemplateStringsArray, p: Promise<string>) => p; tag\`\${text()}\`;`,
	];
	for (const code of meant) assert.deepEqual(told(promises + code), [], code);
	const others = [
		"function f(): Promise<string> { return 'a'; }",
		"const p: Promise<string> = n();",
		"n().thenn(1);",
		"const t: string = 5;",
	];
	for (const code of others) {
		const said = told(promises + code);
		assert.ok(said.length && !said.join().includes(hint), said.join());
	}
});

test("what every cell has is known to it, with a text for Shift-Tab", () => {
	const about = (code: string) => compiler.inspect(code, code.length - 1) ?? "";
	assert.match(
		about("prompt("),
		/function prompt\(message\?: string.*Promise<string>\n\nAsks for a line of text in a box/s,
	);
	assert.match(about("confirm("), /Promise<boolean>\n\nAsks a question/);
	assert.match(about("console.clear("), /Clears all that the cell has printed/);
	assert.match(about("console.table("), /as a table below the cell/);
	for (const code of [
		'const name: string = await prompt("name? ");',
		'const word: string = await prompt("word? ", { password: true });',
		'const go: boolean = await confirm("go on?");',
		"console.clear(); console.table([[1]], ['0']);",
		"const prompt = 5, confirm = prompt + 1;",
	])
		assert.deepEqual(told(code), [], code);
});
