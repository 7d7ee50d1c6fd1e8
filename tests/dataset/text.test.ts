import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { loadSentences } from "../../src/dataset";
import { delimitedRows } from "../../src/dataset/text/delimited";
import { jsonParts } from "../../src/dataset/text/json";
import { lines } from "../../src/dataset/text/lines";
import { random } from "../../src/random";
import { temporaryFolder } from "../tiny";

const { folder, remove } = temporaryFolder();
after(remove);
let files = 0;
function file(end: string, content: string | Uint8Array): string {
	const path = join(folder, `${files++}.${end}`);
	writeFileSync(path, content);
	return path;
}
const load = (end: string, content: string | Uint8Array, options = {}) =>
	loadSentences(file(end, content), options);

/** A text cut at random places, as it may come from a disk. */
function cut(text: string, seed: number): string[] {
	const rng = random(seed);
	const pieces: string[] = [];
	for (let at = 0; at < text.length; ) {
		const length = 1 + rng.int(4);
		pieces.push(text.slice(at, at + length));
		at += length;
	}
	return pieces;
}

function inPieces<T>(
	rows: (piece: string, ended: boolean) => Iterable<T>,
	pieces: string[],
): T[] {
	return [
		...pieces.flatMap((piece) => [...rows(piece, false)]),
		...rows("", true),
	];
}

test("random tables are read as csv-parse reads them, in whatever pieces they come", () => {
	const rng = random(7);
	const signs = ["a", "é", "😀", ",", '"', "\n", "\r", "\r\n", " ", ""];
	const ends = ["\n", "\r\n", "\r"];
	for (let seed = 0; seed < 300; seed++) {
		const width = 1 + rng.int(3);
		let text = "";
		for (let row = 0; row < 1 + rng.int(5); row++) {
			const values = Array.from({ length: width }, () =>
				Array.from(
					{ length: rng.int(5) },
					() => signs[rng.int(signs.length)],
				).join(""),
			);
			text += values
				.map((value) => `"${value.replaceAll('"', '""')}"`)
				.join(",");
			text += ends[rng.int(3)];
		}
		const expected = parse(text, { record_delimiter: ["\r\n", "\n", "\r"] });
		const { rows } = delimitedRows({ delimiter: ",", quote: '"' });
		const found = inPieces(rows, cut(text, seed));
		assert.deepEqual(
			found.map(({ values }) => values),
			expected,
			JSON.stringify(text),
		);
	}
});

test("each row knows its line, whatever ends the lines and whatever is inside a value", () => {
	const text = 'a\r\n"b\r\nc"\n\n"d\re"\rf';
	const { rows } = delimitedRows({ delimiter: ",", quote: '"' });
	const found = inPieces(rows, cut(text, 1));
	assert.deepEqual(
		found.map(({ line }) => line),
		[1, 2, 5, 7],
	);
});

test("lines and the elements of a JSON array are the same in whatever pieces they come", () => {
	const array = '[ {"a": "]\\"[,{"},\r\n{"b": [1, {"c": 2}]},\n\n 3 ]';
	const text = "one\r\ntwo\n\n  \rthree\nfour";
	for (let seed = 0; seed < 20; seed++) {
		const elements = inPieces(jsonParts(false).parts, cut(array, seed));
		assert.deepEqual(
			elements.map((part) => [JSON.parse(part.text), part.line]),
			[
				[{ a: ']"[,{' }, 1],
				[{ b: [1, { c: 2 }] }, 2],
				[3, 2],
			],
		);
		assert.deepEqual(
			inPieces(lines().parts, cut(text, seed)).map((part) => [
				part.text,
				part.line,
			]),
			[
				["one", 1],
				["two", 2],
				["three", 5],
				["four", 6],
			],
		);
	}
});

test("a file longer than a piece is read whole, with the characters that a piece cuts", async () => {
	const rows = Array.from(
		{ length: 60_000 },
		(_, i) => `"é😀 ${i}, €",c${i % 2}`,
	);
	const text = `text,label\r\n${rows.join("\r\n")}`;
	for (const [end, bytes] of [
		["csv", Buffer.from(text)],
		["csv.gz", gzipSync(text)],
		["csv", Buffer.from(`\ufeff${text}`, "utf16le")],
	] as const) {
		const read = await load(end, bytes);
		assert.equal(read.text.length, 60_000);
		assert.ok(read.text.every((one, i) => one === `é😀 ${i}, €`));
		assert.ok(read.labels.label.every((one, i) => one === `c${i % 2}`));
	}
});

test("with a limit nothing is judged that was not read", async () => {
	const rows = Array.from(
		{ length: 200_000 },
		(_, i) => `Text ${i}.,c${i % 2}`,
	);
	const good = Buffer.from(`text,label\n${rows.join("\n")}\n`);
	const broken = Buffer.concat([good, Buffer.of(0xff), Buffer.from(",,,\n")]);
	const { text } = await load("csv", broken, { limit: 3 });
	assert.deepEqual(text, ["Text 0.", "Text 1.", "Text 2."]);
	await assert.rejects(load("csv", broken), /Line 200002 of .* is not UTF-8/);
	const json = '{"text":"A."}\n'.repeat(100_000);
	const first = await load("jsonl", `${json}{"text":`, { limit: 2 });
	assert.deepEqual(first.text, ["A.", "A."]);
	await assert.rejects(
		load("jsonl", `${json}{"text":`),
		/Line 100001 .* not valid JSON/,
	);
});

test("a packed file that holds one endless value is refused before memory is full", async () => {
	const bomb = (before: string, end: string) =>
		load(end, gzipSync(before + " ".repeat(20_000_000), { level: 1 }));
	await assert.rejects(
		bomb('text\n"', "csv.gz"),
		/Line 2 .* goes on for more than 16777216/,
	);
	await assert.rejects(
		bomb('{"text": "', "jsonl.gz"),
		/a value of more than 16777216 .* line 1/,
	);
	await assert.rejects(
		bomb('[{"text": "', "json.gz"),
		/a value of more than 16777216 .* line 1/,
	);
});

test("an encoding is named, or read off the byte order mark, and never guessed", async () => {
	const text = "text\nCafé “5 €”\n";
	const wide = Buffer.from(text, "utf16le");
	assert.deepEqual((await load("csv", wide, { encoding: "utf-16le" })).text, [
		"Café “5 €”",
	]);
	const old = Buffer.from("text\nCaf\xe9 \x935 \x80\x94\n", "latin1");
	for (const encoding of ["latin1", "latin_1", "windows-1252", "cp1252"])
		assert.deepEqual((await load("csv", old, { encoding })).text, [
			"Café “5 €”",
		]);
	const lines = Buffer.from('{"text":"Caf\xe9"}\n', "latin1");
	assert.deepEqual((await load("jsonl", lines, { encoding: "latin1" })).text, [
		"Café",
	]);
	await assert.rejects(
		load("csv", wide),
		/NUL in every other byte.*encoding: "utf-16le"/,
	);
	await assert.rejects(
		load("csv", old),
		/Line 2 of .* is not UTF-8;.* encoding/,
	);
	await assert.rejects(
		load("csv", text, { encoding: "klingon" }),
		/encoding is "klingon"/,
	);
	await assert.rejects(
		load("csv", `\ufeff${text}`, { encoding: "latin1" }),
		/byte order mark of utf-8, but encoding is "latin1"/,
	);
	await assert.rejects(
		load("csv", Buffer.from([0xff, 0xfe, 0x41]), {}),
		/is not utf-16le/,
	);
});

test("marks between tabs enclose values where the file shows that they do", async () => {
	const read = async (text: string, options = {}) =>
		(await load("tsv", `text\tlabel\n${text}\n`, options)).text[0];
	// A doubled mark, a tab, or a line end shows it.
	assert.equal(await read('"a ""b"""\tp'), 'a "b"');
	assert.equal(await read('"a\tb"\tp'), "a\tb");
	assert.equal(await read('"a\nb"\tp'), "a\nb");
	assert.equal(await read('""\tp\nb\tq'), "b"); // an empty value
	// A mark that is not closed shows that they do not.
	assert.equal(await read('"a\tp'), '"a');
	assert.equal(await read('"a" b\tp\n"c ""d"""\tq'), '"a" b');
	// Otherwise the option says.
	assert.equal(await read('"a"\tp'), '"a"');
	assert.equal(await read('"a"\tp', { quote: '"' }), "a");
	assert.equal(await read('"a ""b"""\tp', { quote: false }), '"a ""b"""');
	assert.equal(await read("'a\tb'\tp", { quote: "'" }), "a\tb");
	const { notes = [] } = await load(
		"tsv",
		'text\tlabel\n"c ""d"""\tq\n"a\tp\n',
	);
	assert.match(notes[0], /"\\"c \\"\\"d\\"\\"\\"" begins and ends with one/);
	// R's write.table writes \" where all is enclosed.
	await assert.rejects(
		load("tsv", '"text"\t"label"\n"He said \\"hi\\"."\t"p"\n'),
		/Line 2 .* is broken: after the " that ends a value stands "hi.* quote: false/,
	);
});

test("a mark behind a space is told, as it encloses nothing", async () => {
	const {
		text,
		labels,
		notes = [],
	} = await load("csv", 'text,label\nA., "p"\nB., "q"\n');
	assert.deepEqual(
		[text, labels.label],
		[
			["A.", "B."],
			[' "p"', ' "q"'],
		],
	);
	assert.match(notes[0], /behind a space encloses nothing .* first in line 2/);
	assert.equal(notes.filter((note) => /encloses nothing/.test(note)).length, 1);
});

const refusals: [string, string, string, object, RegExp][] = [
	[
		"text behind a mark that ends a value",
		"csv",
		'text,label\n"a" b,p\n',
		{},
		/Line 2 .* stands " b"/,
	],
	[
		"a mark that is never closed",
		"csv",
		'text,label\na,p\n"a,p\nb,q\n',
		{},
		/Line 3 .* begins with " and no " ends it/,
	],
	[
		"a row that is too long",
		"csv",
		"text,label\na, b,p\n",
		{},
		/Line 2 .* has 3 values, but the header names 2 columns/,
	],
	[
		"an array that is cut off",
		"json",
		'[{"text":"a"},{"text":"b"}',
		{},
		/ends before its array is closed/,
	],
	[
		"columns as pandas writes them",
		"json",
		'{"text":{"0":"a"},"label":{"0":1}}',
		{},
		/one JSON object of columns.*orient="records"/,
	],
	[
		"a table of another name",
		"txt",
		"ham\ta\nspam\tb\n",
		{},
		/Each line of .* has a tab.*delimiter: "\\t"/,
	],
	[
		"a spreadsheet",
		"csv",
		"PK\x03\x04 and so on",
		{},
		/is a zip archive, as spreadsheets \(\.xlsx\) are: save its table as CSV/,
	],
	[
		"a delimiter of two characters",
		"csv",
		"text\na\n",
		{ delimiter: "::" },
		/delimiter is "::", where one character/,
	],
	["an odd mark", "csv", "text\na\n", { quote: "`" }, /quote is "`", where/],
	[
		"a delimiter for JSON lines",
		"jsonl",
		'{"text":"a"}\n',
		{ quote: false },
		/quote is given \("false"\), but .* leave it out/,
	],
];
for (const [what, end, content, options, message] of refusals)
	test(`${what}: refused in one sentence`, async () => {
		await assert.rejects(load(end, content, options), message);
	});
