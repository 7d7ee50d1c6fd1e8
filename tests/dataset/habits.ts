import { gzipSync } from "node:zlib";
import type { LoadSentencesOptions } from "../../src/dataset";

/** A small file with the habits of one program, and what stands in it. */
export interface Habit {
	name: string;
	/** How its name ends. */
	end: string;
	bytes: Buffer;
	options?: LoadSentencesOptions;
	text: string[];
	/** By column, as they are to be read. */
	labels?: Record<string, string[]>;
	split?: string[];
	group?: string[];
	offsets?: Record<string, number[]>;
	/** Each of these fits a note. */
	notes?: RegExp[];
	/** What Python's readers are told, where they read it too. */
	peers?: {
		sep?: string;
		encoding?: string;
		header?: boolean;
		quote?: boolean;
	};
	/** Readers that read it otherwise, and why. */
	unlike?: Partial<Record<"csv" | "pandas" | "pyarrow", string>>;
}

type Rows = (string | null)[][];
interface Writing {
	sep?: string;
	end?: string;
	/** Which values stand between marks: those that must, all, or all but numbers and missing ones. */
	quote?: "minimal" | "all" | "text" | "none";
	na?: string;
	/** Where a mark is written twice, or behind a backslash. */
	twice?: boolean;
}

/** Rows as a program writes them, each with its line end. */
function written(
	rows: Rows,
	{
		sep = ",",
		end = "\n",
		quote = "minimal",
		na = "",
		twice = true,
	}: Writing = {},
): string {
	const cell = (value: string | null) => {
		if (value === null) return na;
		const must = [sep, '"', "\n", "\r"].some((sign) => value.includes(sign));
		const isText =
			!/^-?\d+(\.\d+)?$/.test(value) && !/^(TRUE|FALSE)$/.test(value);
		const enclose =
			quote === "all" ||
			(quote === "text" && isText) ||
			(quote === "minimal" && must);
		return enclose ? `"${value.replaceAll('"', twice ? '""' : '\\"')}"` : value;
	};
	return rows.map((row) => row.map(cell).join(sep) + end).join("");
}

const utf8 = (text: string) => Buffer.from(text, "utf8");
const utf16be = (text: string) => Buffer.from(text, "utf16le").swap16();

const hello = 'He said "hello" to me.';
const comma = "Rain, again.";
const lines = "One line.\nAnother.";
const cafe = "Café “naïve” – 5 €.";
const tabbed = "A\ttab.";
const two = { text: [hello, comma], labels: { label: ["p", "n"] } };
const pair: Rows = [
	["text", "label"],
	[hello, "p"],
	[comma, "n"],
];
const indexed = (name: string, from = 0): Rows =>
	pair.map((row, i) => [i === 0 ? name : String(i - 1 + from), ...row]);
const labelled = (labels: (string | null)[], name = "label"): Rows => [
	["text", name],
	...labels.map((label, i) => [`Text ${i}.`, label]),
];
const texts = (n: number) => Array.from({ length: n }, (_, i) => `Text ${i}.`);

function habit(
	name: string,
	end: string,
	content: string | Buffer,
	expected: Omit<Habit, "name" | "end" | "bytes">,
): Habit {
	const bytes = typeof content === "string" ? utf8(content) : content;
	return { name, end, bytes, ...expected };
}

const pandas: Habit[] = [
	habit("pandas, with its index", "csv", written(indexed("")), {
		...two,
		peers: {},
	}),
	habit("pandas, index=False", "csv", written(pair), { ...two, peers: {} }),
	habit(
		"pandas, saved twice",
		"csv",
		written(
			indexed("Unnamed: 0").map((row, i) => [i ? String(i - 1) : "", ...row]),
		),
		{
			...two,
			notes: [/"Unnamed: 0" is left out: it numbers the rows/],
			peers: {},
		},
	),
	habit(
		"pandas, a line end inside",
		"csv",
		written([
			["text", "label"],
			[lines, "p"],
			["Plain.", "n"],
		]),
		{
			text: [lines, "Plain."],
			labels: { label: ["p", "n"] },
			peers: {},
		},
	),
	habit(
		"pandas, \\r\\n inside and \\r\\n outside",
		"csv",
		written(
			[
				["text", "label"],
				["One.\r\nTwo.", "p"],
			],
			{ end: "\r\n" },
		),
		{
			text: ["One.\r\nTwo."],
			labels: { label: ["p"] },
			peers: {},
		},
	),
	habit("pandas, a missing label", "csv", written(labelled(["p", null, "n"])), {
		text: texts(3),
		labels: { label: ["p", "", "n"] },
		peers: {},
	}),
	habit(
		"pandas, whole numbers that became floats for a gap",
		"csv",
		written(labelled(["1.0", null, "0.0"])),
		{
			text: texts(3),
			labels: { label: ["1", "", "0"] },
			notes: [/"1" for "1\.0"/],
			peers: {},
		},
	),
	habit(
		"pandas, na_rep='NaN' among numbers",
		"csv",
		written(labelled(["1", null, "0"])).replace(",\n", ",NaN\n"),
		{
			text: texts(3),
			labels: { label: ["1", "", "0"] },
			notes: [/1 row without a value in "label" \("NaN"\)/],
			peers: {},
		},
	),
	habit(
		"pandas, na_rep='NaN' among words",
		"csv",
		written(labelled(["p", null]), { na: "NaN" }),
		{
			text: texts(2),
			labels: { label: ["p", "NaN"] },
			notes: [/"NaN" in "label" is a class like any other.*missing: \["NaN"\]/],
			peers: {},
		},
	),
	habit(
		"pandas, the same where missing is said",
		"csv",
		written(labelled(["p", null]), { na: "NaN" }),
		{
			options: { missing: ["NaN"] },
			text: texts(2),
			labels: { label: ["p", ""] },
		},
	),
	habit("pandas, truth values", "csv", written(labelled(["True", "False"])), {
		text: texts(2),
		labels: { label: ["true", "false"] },
		notes: [/"true" for "True"/],
		peers: {},
	}),
	habit("pandas, encoding='utf-8-sig'", "csv", `\ufeff${written(pair)}`, {
		...two,
		peers: { encoding: "utf-8-sig" },
	}),
	habit(
		"pandas, encoding='utf-16'",
		"csv",
		Buffer.from(
			`\ufeff${written([
				["text", "label"],
				[cafe, "p"],
			])}`,
			"utf16le",
		),
		{
			text: [cafe],
			labels: { label: ["p"] },
			peers: { encoding: "utf-16" },
		},
	),
	habit("pandas, sep=';'", "csv", written(pair, { sep: ";" }), {
		...two,
		notes: [/";" between them/],
		peers: { sep: ";" },
	}),
	habit("pandas, sep='|'", "csv", written(pair, { sep: "|" }), {
		...two,
		notes: [/"\|" between them/],
		peers: { sep: "|" },
	}),
	habit("pandas, tabs, marks in a text", "tsv", written(pair, { sep: "\t" }), {
		...two,
		peers: { sep: "\t" },
	}),
	habit(
		"pandas, tabs, a tab and a line end in texts",
		"tsv",
		written(
			[
				["text", "label"],
				[tabbed, "p"],
				[lines, "n"],
			],
			{ sep: "\t" },
		),
		{
			text: [tabbed, lines],
			labels: { label: ["p", "n"] },
			peers: { sep: "\t" },
		},
	),
	habit(
		"pandas, tabs in a file named .csv",
		"csv",
		written(pair, { sep: "\t" }),
		{
			...two,
			notes: [/a tab between them/],
			peers: { sep: "\t" },
		},
	),
	habit("pandas, QUOTE_ALL", "csv", written(pair, { quote: "all" }), {
		...two,
		peers: {},
	}),
	habit(
		"pandas, QUOTE_ALL, tabs",
		"tsv",
		written(
			[
				["text", "label"],
				["Plain.", "p"],
			],
			{ quote: "all", sep: "\t" },
		),
		{
			text: ["Plain."],
			labels: { label: ["p"] },
			peers: { sep: "\t" },
		},
	),
	habit(
		"pandas, QUOTE_NONNUMERIC",
		"csv",
		written(labelled(["1", "0"]), { quote: "text" }),
		{
			text: texts(2),
			labels: { label: ["1", "0"] },
			peers: {},
		},
	),
	habit(
		"pandas, QUOTE_NONE, tabs, a lone mark",
		"tsv",
		written(
			[
				["text", "label"],
				['"Well, no', "p"],
				['5" wide', "n"],
			],
			{ quote: "none", sep: "\t" },
		),
		{
			text: ['"Well, no', '5" wide'],
			labels: { label: ["p", "n"] },
			peers: { sep: "\t", quote: false },
		},
	),
	habit("pandas, compression", "csv.gz", gzipSync(written(pair)), { ...two }),
	habit("pandas, header=False", "csv", written(pair.slice(1)), {
		options: { header: false, text_column: 0 },
		text: [hello, comma],
		labels: { "1": ["p", "n"] },
		peers: { header: false },
	}),
	habit(
		"pandas, header=False, index as first column",
		"csv",
		written(indexed("").slice(1)),
		{
			options: { header: false, text_column: 1, label_columns: [2] },
			text: [hello, comma],
			labels: { "2": ["p", "n"] },
			peers: { header: false },
		},
	),
	habit(
		"pandas, decimal=','",
		"csv",
		written(labelled(["0,5", "1,0"]), { sep: ";" }),
		{
			text: texts(2),
			labels: { label: ["0,5", "1,0"] },
			peers: { sep: ";" },
		},
	),
	habit(
		"pandas, names that it mangled",
		"csv",
		written([
			["text", "label", "label.1"],
			["A.", "p", "q"],
		]),
		{
			text: ["A."],
			labels: { label: ["p"], "label.1": ["q"] },
			peers: {},
		},
	),
	habit(
		"pandas, lists as text",
		"csv",
		written([
			["text", "tags"],
			["A.", "['joy', 'anger']"],
			["B.", "[]"],
		]),
		{
			options: { label_columns: ["tags"] },
			text: ["A.", "B."],
			labels: { tags: ["joy;anger", ""] },
		},
	),
	habit(
		"pandas, encoding='latin1'",
		"csv",
		Buffer.from(
			written([
				["text", "label"],
				["Café.", "p"],
			]),
			"latin1",
		),
		{
			options: { encoding: "latin1" },
			text: ["Café."],
			labels: { label: ["p"] },
			peers: { encoding: "latin1" },
		},
	),
	habit(
		"pandas, a row without a text",
		"csv",
		written([
			["text", "label"],
			["A.", "p"],
			[null, "n"],
			["B.", "n"],
		]),
		{
			text: ["A.", "B."],
			labels: { label: ["p", "n"] },
			notes: [/1 row without a text is left out, in line 3/],
		},
	),
	habit(
		"pandas, to_json lines",
		"jsonl",
		'{"text":"caf\\u00e9 \\ud83d\\ude00 a\\/b","label":1}\n{"text":"B.","label":0}\n',
		{
			text: ["café 😀 a/b", "B."],
			labels: { label: ["1", "0"] },
			peers: {},
		},
	),
	habit(
		"pandas, to_json lines, floats for a gap",
		"jsonl",
		'{"text":"A.","label":1.0}\n{"text":"B.","label":null}\n',
		{
			text: ["A.", "B."],
			labels: { label: ["1", ""] },
		},
	),
	habit(
		"pandas, to_json records",
		"json",
		'[{"text":"A.","label":"p"},{"text":"B, \\"b\\" [].","label":"n"}]',
		{
			text: ["A.", 'B, "b" [].'],
			labels: { label: ["p", "n"] },
		},
	),
	habit(
		"pandas, to_json table",
		"json",
		'{"schema":{"fields":[{"name":"index","type":"integer"},{"name":"text","type":"string"}],"primaryKey":["index"],"pandas_version":"1.4.0"},"data":[{"index":0,"text":"A.","label":"p"},{"index":1,"text":"B.","label":"n"}]}',
		{
			text: ["A.", "B."],
			labels: { label: ["p", "n"] },
			notes: [/"index" is left out: it numbers the rows/],
		},
	),
];

const r: Habit[] = [
	habit(
		"R, write.csv",
		"csv",
		written(
			indexed("", 1).map((row, i) =>
				i ? [`n${row[0]}`, ...row.slice(1)] : row,
			),
			{ quote: "all" },
		)
			.replaceAll('"n1"', '"1"')
			.replaceAll('"n2"', '"2"'),
		{
			...two,
			peers: {},
		},
	),
	habit(
		"R, write.csv, row.names=FALSE, NA",
		"csv",
		written(labelled(["p", null, "n"]), { quote: "text", na: "NA" }),
		{
			text: texts(3),
			labels: { label: ["p", "NA", "n"] },
			notes: [/"NA" in "label" is a class/],
			peers: {},
		},
	),
	habit(
		"R, write.csv, TRUE, FALSE and NA",
		"csv",
		written(labelled(["TRUE", null, "FALSE"]), { quote: "text", na: "NA" }),
		{
			text: texts(3),
			labels: { label: ["true", "", "false"] },
			notes: [/"true" for "TRUE"/, /1 row without a value in "label" \("NA"\)/],
			peers: {},
		},
	),
	habit(
		"R, write.csv2",
		"csv",
		written(labelled(["0,5", "1"]), { quote: "text", sep: ";" }),
		{
			text: texts(2),
			labels: { label: ["0,5", "1"] },
			peers: { sep: ";" },
		},
	),
	habit(
		"R, write.table between spaces, row names without a name",
		"txt",
		'"text" "label"\n"1" "A fine day." "p"\n"2" "A grim day." "n"\n',
		{
			options: { delimiter: " " },
			text: ["A fine day.", "A grim day."],
			labels: { label: ["p", "n"] },
		},
	),
	habit(
		"R, write.table between tabs, row names without a name",
		"tsv",
		'"text"\t"label"\n"1"\t"A fine day."\t"p"\n"2"\t"A grim day."\t"n"\n',
		{
			text: ["A fine day.", "A grim day."],
			labels: { label: ["p", "n"] },
		},
	),
	habit(
		"R, write.table, quote=FALSE",
		"tsv",
		written(
			[
				["text", "label"],
				[hello, "p"],
				['"Quote."', "n"],
			],
			{ quote: "none", sep: "\t" },
		),
		{
			text: [hello, '"Quote."'],
			labels: { label: ["p", "n"] },
			notes: [/Quotation marks that begin a value are taken as characters/],
			peers: { sep: "\t", quote: false },
		},
	),
	habit(
		"R, factor codes",
		"csv",
		written(labelled(["1", "2", "1"]), { quote: "text" }),
		{
			text: texts(3),
			labels: { label: ["1", "2", "1"] },
			peers: {},
		},
	),
	habit(
		"readr, write_csv",
		"csv",
		written(
			[
				["text", "label"],
				[hello, "p"],
				[comma, null],
			],
			{ na: "NA" },
		),
		{
			options: { missing: ["NA"] },
			text: [hello, comma],
			labels: { label: ["p", ""] },
		},
	),
	habit(
		"readr, write_tsv",
		"tsv",
		written(
			[
				["text", "label"],
				[hello, "p"],
				[comma, "n"],
			],
			{ sep: "\t" },
		),
		{
			...two,
			peers: { sep: "\t" },
		},
	),
	habit("data.table, fwrite", "csv", written(labelled(["TRUE", "FALSE"])), {
		text: texts(2),
		labels: { label: ["true", "false"] },
		peers: {},
	}),
];

const spreadsheets: Habit[] = [
	habit("Excel, CSV UTF-8", "csv", `\ufeff${written(pair, { end: "\r\n" })}`, {
		...two,
		peers: { encoding: "utf-8-sig" },
	}),
	habit(
		"Excel, CSV in Windows' own encoding",
		"csv",
		Buffer.from(
			written(
				[
					["text", "label"],
					["Caf\xe9 \x93na\xefve\x94 \x96 5 \x80.", "p"],
				],
				{ end: "\r\n" },
			),
			"latin1",
		),
		{
			options: { encoding: "windows-1252" },
			text: [cafe],
			labels: { label: ["p"] },
			peers: { encoding: "cp1252" },
		},
	),
	habit(
		"Excel, sep=",
		"csv",
		`sep=;\r\n${written(pair, { sep: ";", end: "\r\n" })}`,
		{ ...two },
	),
	habit(
		"Excel, where a comma is for decimals",
		"csv",
		written(labelled(["1,5", "2"]), { sep: ";", end: "\r\n" }),
		{
			text: texts(2),
			labels: { label: ["1,5", "2"] },
			peers: { sep: ";" },
		},
	),
	habit(
		"Excel, Unicode text",
		"txt",
		Buffer.from(
			`\ufeff${written(
				[
					["text", "label"],
					[cafe, "p"],
					[hello, "n"],
				],
				{ sep: "\t", end: "\r\n" },
			)}`,
			"utf16le",
		),
		{
			options: { delimiter: "\t" },
			text: [cafe, hello],
			labels: { label: ["p", "n"] },
			peers: { sep: "\t", encoding: "utf-16" },
		},
	),
	habit(
		"Excel, tabs, marks for a comma's sake",
		"tsv",
		'text\tlabel\r\n"Rain, again."\tp\r\n',
		{
			options: { quote: '"' },
			text: [comma],
			labels: { label: ["p"] },
			peers: { sep: "\t" },
		},
	),
	habit(
		"Excel, columns that were cleared",
		"csv",
		written(
			[
				["text", "label", "", ""],
				["A.", "p", "", ""],
			],
			{ end: "\r\n" },
		),
		{
			text: ["A."],
			labels: { label: ["p"] },
			peers: {},
			unlike: { pyarrow: "refuses two columns without a name" },
		},
	),
	habit(
		"Excel, rows that were cleared",
		"csv",
		written(
			[
				["text", "label"],
				["A.", "p"],
				["", ""],
				["", ""],
			],
			{ end: "\r\n" },
		),
		{
			text: ["A."],
			labels: { label: ["p"] },
			notes: [/2 rows without a text are left out, the first in line 3/],
		},
	),
	habit(
		"Excel, an error value among numbers",
		"csv",
		written(labelled(["1", "#N/A", "0"]), { end: "\r\n" }),
		{
			text: texts(3),
			labels: { label: ["1", "", "0"] },
			notes: [/\("#N\/A"\)/],
			peers: {},
		},
	),
	habit("an old Macintosh", "csv", written(pair, { end: "\r" }), {
		...two,
		peers: {},
	}),
	habit(
		"Google Sheets, tabs",
		"tsv",
		written(
			[
				["text", "label"],
				[hello, "p"],
				[comma, "n"],
			],
			{ quote: "none", sep: "\t", end: "\r\n" },
		),
		{
			...two,
			peers: { sep: "\t", quote: false },
		},
	),
	habit(
		"a line of two systems",
		"csv",
		"text,label\nA,pos\nB,neg\nC,pos\r\nD,neg\r\nE,pos\rF,neg",
		{
			text: ["A", "B", "C", "D", "E", "F"],
			labels: { label: ["pos", "neg", "pos", "neg", "pos", "neg"] },
			peers: {},
		},
	),
	habit("UTF-16 of the other order", "csv", utf16be(`\ufeff${written(pair)}`), {
		...two,
		peers: { encoding: "utf-16" },
	}),
	habit(
		"a delimiter at the end of each row",
		"csv",
		"text,label\nA.,p,\nB.,n,\n",
		{
			text: ["A.", "B."],
			labels: { label: ["p", "n"] },
		},
	),
	habit(
		"names with spaces, values too",
		"csv",
		"text, label\nA., p\nB., n \n",
		{
			text: ["A.", "B."],
			labels: { label: [" p", " n "] },
		},
	),
	habit(
		"spaces that would tell two classes apart",
		"csv",
		"text,label\nA.,p\nB.,p \nC., n\n",
		{
			text: ["A.", "B.", "C."],
			labels: { label: ["p", "p", "n"] },
			notes: [/Spaces around the labels of "label"/],
		},
	),
];

const python: Habit[] = [
	habit("Python, csv.writer", "csv", written(pair, { end: "\r\n" }), {
		...two,
		peers: {},
	}),
	habit(
		"Python, csv.writer on Windows without newline=''",
		"csv",
		written(pair, { end: "\r\r\n" }),
		{ ...two, peers: {} },
	),
	habit("Python, excel-tab", "tsv", written(pair, { end: "\r\n", sep: "\t" }), {
		...two,
		peers: { sep: "\t" },
	}),
	habit("Python, str(None)", "csv", written(labelled(["p", "None"])), {
		text: texts(2),
		labels: { label: ["p", "None"] },
		notes: [/"None" in "label" is a class/],
		peers: {},
	}),
	habit("Python, blank lines", "csv", "text,label\n\nA.,p\n\n\nB.,n\n\n", {
		text: ["A.", "B."],
		labels: { label: ["p", "n"] },
		peers: {},
	}),
	habit("Python, no line end at the end", "csv", "text,label\nA.,p\nB.,n", {
		text: ["A.", "B."],
		labels: { label: ["p", "n"] },
		peers: {},
	}),
	habit(
		"Python, a mark inside an open value",
		"csv",
		'text,label\n5" wide,p\na "b" c,n\n',
		{
			text: ['5" wide', 'a "b" c'],
			labels: { label: ["p", "n"] },
			peers: {},
		},
	),
	habit(
		"Python, codes with zeros in front",
		"csv",
		written(labelled(["007", "7"])),
		{
			text: texts(2),
			labels: { label: ["007", "7"] },
			notes: [/differ only .*"007" and "7"/],
			peers: {},
		},
	),
	habit(
		"Python, decimals keep their digits",
		"csv",
		written(labelled(["0.10", "0.25"])),
		{
			text: texts(2),
			labels: { label: ["0.10", "0.25"] },
			peers: {},
		},
	),
	habit(
		"Python, json.dumps a line, NaN",
		"jsonl",
		'{"text": "A.", "label": NaN}\n{"text": "B.", "label": 2.0}\n',
		{
			text: ["A.", "B."],
			labels: { label: ["", "2"] },
		},
	),
	habit(
		"Python, json.dumps a line, long identifiers",
		"jsonl",
		'{"text": "A.", "author": 9007199254740993}\n{"text": "B.", "author": 9007199254740992}\n',
		{
			options: { group: "author" },
			text: ["A.", "B."],
			labels: {},
			group: ["9007199254740993", "9007199254740992"],
		},
	),
	habit(
		"Python, json.dump with indent",
		"json",
		JSON.stringify(
			[
				{ text: "A.", label: 1 },
				{ text: "B.", label: 2 },
			],
			null,
			2,
		),
		{
			text: ["A.", "B."],
			labels: { label: ["1", "2"] },
		},
	),
	habit(
		"Python, lines in a file named .json",
		"json",
		'{"text": "A.", "label": "p"}\n{"text": "B.", "label": "n"}\n',
		{
			text: ["A.", "B."],
			labels: { label: ["p", "n"] },
		},
	),
	habit(
		"Python, a list in a file named .jsonl",
		"jsonl",
		'[{"text": "A.", "label": "p"}, {"text": "B.", "label": "n"}]\n',
		{
			text: ["A.", "B."],
			labels: { label: ["p", "n"] },
		},
	),
	habit(
		"Python, JSON lines with a byte order mark",
		"jsonl",
		'\ufeff{"text": "A.", "label": "p"}\r\n{"text": "B.", "label": "n"}\r\n',
		{
			text: ["A.", "B."],
			labels: { label: ["p", "n"] },
		},
	),
	habit(
		"Python, spans counted in code points",
		"jsonl",
		'{"text": "😀😀 Paul met Lucy .", "who": "L", "name_start": 12}\n',
		{
			options: { offsets: "code_points" },
			text: ["😀😀 Paul met Lucy ."],
			labels: { who: ["L"] },
			offsets: { name_start: [14] },
		},
	),
];

const hub: Habit[] = [
	habit(
		"Hugging Face, to_csv",
		"csv",
		written([
			["text", "label"],
			[hello, "0"],
			[comma, "1"],
		]),
		{
			text: [hello, comma],
			labels: { label: ["0", "1"] },
			peers: {},
		},
	),
	habit(
		"Hugging Face, to_json",
		"jsonl",
		'{"text":"A.","label":0}\n{"text":"B.","label":1}\n',
		{
			text: ["A.", "B."],
			labels: { label: ["0", "1"] },
			peers: {},
		},
	),
	habit(
		"Hugging Face, a packed ndjson",
		"ndjson.gz",
		gzipSync('{"text":"A.","label":0}\n{"text":"B.","label":1}\n'),
		{
			text: ["A.", "B."],
			labels: { label: ["0", "1"] },
		},
	),
	habit(
		"Hugging Face, a field of rows",
		"json",
		'{"version": "0.1",\n "data": [{"text": "A.", "label": 0},\n {"text": "B.", "label": 1}]}',
		{
			text: ["A.", "B."],
			labels: { label: ["0", "1"] },
		},
	),
	habit(
		"Hugging Face, tags",
		"jsonl",
		'{"text":"A.","tags":["joy","anger"]}\n{"text":"B.","tags":[]}\n',
		{
			options: { label_columns: ["tags"] },
			text: ["A.", "B."],
			labels: { tags: ["joy;anger", ""] },
		},
	),
	habit(
		"Hugging Face, answers as objects",
		"jsonl",
		'{"text":"A.","label":"p","answers":{"text":["A"],"answer_start":[0]}}\n',
		{
			text: ["A."],
			labels: { label: ["p"] },
			notes: [/"answers" is left out: it holds objects \(line 1\)/],
		},
	),
	habit(
		"Hugging Face, rows without a text",
		"jsonl",
		'{"text":null,"label":0}\n{"text":"B.","label":1}\n',
		{
			text: ["B."],
			labels: { label: ["1"] },
			notes: [/1 row without a text is left out, in line 1/],
		},
	),
	habit(
		"a column of splits in its short words",
		"csv",
		"text,label,split\nA.,p,tr\nB.,n,va\nC.,p,te\n",
		{
			text: ["A.", "B.", "C."],
			labels: { label: ["p", "n", "p"] },
			split: ["train", "validation", "test"],
			peers: {},
		},
	),
	habit("one text a line", "txt", "One.\r\n\r\nTwo: a, b; c.\r\n", {
		text: ["One.", "Two: a, b; c."],
		labels: {},
	}),
	habit(
		"PostgreSQL, COPY",
		"tsv",
		written(labelled(["1", null, "0"]), {
			sep: "\t",
			quote: "none",
			na: "\\N",
		}),
		{
			text: texts(3),
			labels: { label: ["1", "", "0"] },
			peers: { sep: "\t", quote: false },
		},
	),
	habit(
		"SQLite, .mode csv",
		"csv",
		written(labelled(["p", "n"]), { end: "\r\n", quote: "minimal" }),
		{
			text: texts(2),
			labels: { label: ["p", "n"] },
			peers: {},
		},
	),
];

export const habits = [...pandas, ...r, ...spreadsheets, ...python, ...hub];
