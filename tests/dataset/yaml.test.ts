import assert from "node:assert/strict";
import { test } from "node:test";
import { readCard } from "../../src/dataset/card";
import { readYaml, type Yaml } from "../../src/dataset/yaml";

const plain = (value: Yaml): unknown => {
	if (value instanceof Map)
		return Object.fromEntries(
			[...value].map(([key, one]) => [key, plain(one)]),
		);
	return Array.isArray(value) ? value.map(plain) : value;
};
const read = (text: string) => plain(readYaml(text));

test("YAML is read as PyYAML reads it, but each scalar as its text", () => {
	const p = { p: "1" };
	const cases: [string, unknown][] = [
		[
			"a: 1\nb:\n- x\n-   y: no\n    z: 2\n- - p\n  - q\n",
			{ a: "1", b: ["x", { y: "no", z: "2" }, ["p", "q"]] },
		],
		[
			"a: # c\n  - b # d\n  # e\n\n  - c\n\nd: 'x\n  y'\n",
			{ a: ["b", "c"], d: "x y" },
		],
		[
			"a: [b,\n c, # k\n d]\ne: {f: g, 'h': [i], j}\n",
			{ a: ["b", "c", "d"], e: { f: "g", h: ["i"], j: null } },
		],
		[
			"a: word\n  more\n\n  words\nb: |\n  x\n  y\nc: >-\n  x\n  y\n",
			{ a: "word more\nwords", b: "x\ny\n", c: "x y" },
		],
		[
			"\"c\": \"d\\t\\u00e9\\\n   e\"\n'e f': 'a''b'\n",
			{ c: "d\té" + "e", "e f": "a'b" },
		],
		[
			"a: http://x:80/y#z\nb: x:y\nc:\nd: ~\n",
			{ a: "http://x:80/y#z", b: "x:y", c: null, d: null },
		],
		["- a\r\n- b: c\r\n", ["a", { b: "c" }]],
		["", null],
		["a: !!str 1\nb: 'null'\nc: null\n", { a: "1", b: "null", c: null }],
		["a: &x {p: 1}\nb: {<<: *x, q: *x}\n", { a: p, b: { ...p, q: p } }],
	];
	for (const [text, value] of cases) assert.deepEqual(read(text), value, text);
});

test("what is broken or hostile is an error with its line, not another value", () => {
	const ten = (name: string) => `[${Array(10).fill(name)}]`;
	const broken: [string, RegExp][] = [
		["a: 1\nb: *x\n", /Unresolved alias .*: x/],
		["a: !!set\n", /line 1: Unresolved tag/],
		["a: !odd x\n", /line 1: Unresolved tag/],
		["a: 1\na: 2\n", /line 2: "a" is there twice/],
		["a: 1\nb: {c: 1, 'c': 2}\n", /line 2: "c" is there twice/],
		["a:\n\tb: 1\n", /line 2: Tabs/],
		["a: b: c\n", /line 1: Nested mappings/],
		["a: 'x\n", /Missing closing/],
		["a: [x, y\n", /end with a \]/],
		["a: [x}\n", /line 1: .*end with a \]/],
		["a: 'x' y\n", /line 1: Unexpected scalar/],
		["a: 1\n   b: 2\n", /line 1: Nested mappings/],
		["a: b\n? [x]\n: y\n", /a key is no text/],
		["~: y\n", /line 1: a key is no text/],
		["a: b\nb: &x [[*x]]\n", /line 2: \*x is inside of what it stands for/],
		[
			`a: &a ${ten("x")}\nb: &b ${ten("*a")}\nc: &c ${ten("*b")}\nd: ${ten("*c")}\n`,
			/Excessive alias count/,
		],
		[
			`- &x y\n${"- *x\n".repeat(101)}`,
			/line 102: there are more than 100 aliases/,
		],
		["[".repeat(100_000), /line 1: Maximum call stack/],
		["a".repeat(250_001), /more than 250000 characters/],
	];
	for (const [text, sentence] of broken)
		assert.throws(() => readYaml(text), sentence, text.slice(0, 40));
	const pollution = readYaml("__proto__: {polluted: yes}\n");
	assert.ok(pollution instanceof Map && !("polluted" in {}));
});

test("only what is needed of a README's header is read, so that nothing else can stop it", () => {
	const header = (body: string) =>
		`\ufeff---\r\n${body}---\r\n\r\n# Title\r\n---\n`;
	const card = readCard(
		"org/x",
		header(
			"license: !odd &x\r\ntags: [\r\nopen\r\nconfigs:\r\n- config_name: 1\r\n  data_dir: ./en/\r\n  default: Yes\r\n",
		),
	);
	assert.deepEqual(card.configs, [
		{ name: "1", folder: "en", isDefault: true },
	]);
	assert.deepEqual(readCard("org/x", "# configs:\n- no header\n").configs, []);
	assert.deepEqual(
		readCard("org/x", "---\nconfigs:\n- config_name: open\n").configs,
		[],
	);
	const more = readCard(
		"org/x",
		header("configs:\n- config_name: a\n"),
		"configs:\n- config_name: b\n",
	);
	assert.deepEqual(
		more.configs.map(({ name }) => name),
		["b"],
	);
	for (const wrong of [
		"- data_files: x\n",
		"- config_name: a\n  data_files:\n  - path: x\n",
		"- config_name: a\n  data_files:\n  - split: s\n    path: {a: b}\n",
	])
		assert.throws(
			() => readCard("org/x", header(`configs:\n${wrong}`)),
			/configurations in README\.md of the data set "org\/x" cannot be read/,
		);
});

test("class names are read from lists, from numbered names and inside lists", () => {
	const { classes, notes } = readCard(
		"org/x",
		"---\ndataset_info:\n- config_name: a\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names:\n          '1': no\n          '0': yes\n  - name: tags\n    sequence:\n      class_label:\n        names: [x, y]\n- config_name: b\n  features:\n  - name: text\n    dtype: string\n---\n",
	);
	assert.deepEqual(Object.fromEntries(classes.get("a") ?? []), {
		label: ["yes", "no"],
		tags: ["x", "y"],
	});
	assert.equal(classes.get("b")?.size, 0);
	assert.deepEqual(notes, []);
	const odd = readCard("org/x", "---\ndataset_info: !x\n---\n");
	assert.match(odd.notes[0], /features in README\.md cannot be read/);
});
