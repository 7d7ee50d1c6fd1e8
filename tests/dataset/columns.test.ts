import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import {
	type LoadSentencesOptions,
	loadSentences,
	type Sentences,
	selectSentences,
} from "../../src/dataset";
import { sentencesView } from "../../src/notebook/views/dataset";
import { temporaryFolder } from "../tiny";
import { parquetOf } from "./parquet";

const { folder, remove } = temporaryFolder();
after(remove);
let files = 0;
function file(end: string, content: string | Uint8Array): string {
	const path = join(folder, `${files++}.${end}`);
	writeFileSync(path, content);
	return path;
}
const load = (
	end: string,
	content: string | Uint8Array,
	options: LoadSentencesOptions = {},
) => loadSentences(file(end, content), options);
const csv = (content: string, options: LoadSentencesOptions = {}) =>
	load("csv", content, options);
const placesOf = ({ offsets }: Sentences) =>
	Object.fromEntries(
		Object.entries(offsets).map(([name, own]) => [name, [...own]]),
	);

test("columns of one name are an error that names both places, unless a number chooses", async () => {
	const two = "text,label,source,label\nA.,p,web,q\n";
	await assert.rejects(
		csv(two),
		/columns 1 and 3 of .* are both named "label"/,
	);
	await assert.rejects(
		csv("text,label,text\nA.,p,B.\n"),
		/columns 0 and 2 .* "text"/,
	);
	await assert.rejects(
		csv("text,label, label \nA.,p,q\n"),
		/columns 1 and 2 .* "label"/,
	);
	assert.deepEqual((await csv(two, { label_columns: [3] })).labels, {
		label: ["q"],
	});
	assert.deepEqual((await csv(two, { label_columns: ["source"] })).labels, {
		source: ["web"],
	});
	await assert.rejects(
		csv(two, { label_columns: ["label"] }),
		/columns 1 and 3/,
	);
	await assert.rejects(
		load(
			"jsonl",
			'{"text":"A.","label":1}\n{"text":"B.","label":1,"label":2}\n',
		),
		/Line 2 of .* has two values of "label"/,
	);
	const inside = '{"text":"A.","label":1,"meta":{"x":1,"x":2}}\n';
	assert.deepEqual((await load("jsonl", inside)).labels, { label: ["1"] });
});

test("columns are given by name or by number, with and without a line of names", async () => {
	const bare = "ham,Go on.\nspam,Win now.\n";
	const options = { header: false, text_column: 1 };
	const { text, labels } = await csv(bare, options);
	assert.deepEqual(
		[text, labels],
		[["Go on.", "Win now."], { "0": ["ham", "spam"] }],
	);
	const named = await csv("kind,body\nham,Go on.\n", {
		text_column: 1,
		label_columns: [0],
	});
	assert.deepEqual(named.labels, { kind: ["ham"] });
	assert.match(
		named.notes?.[0] ?? "",
		/first line is taken as the names .*"kind", "body".*header: false/,
	);
	await assert.rejects(
		csv(bare, { header: false, text_column: 2 }),
		/text_column is 2, but .* columns 0 to 1/,
	);
	await assert.rejects(
		csv(bare, { header: false }),
		/give text_column, one of 0, 1/,
	);
	await assert.rejects(
		csv("ham,A.\nham,B.\n", { text_column: 1 }),
		/"ham" is also a value \(line 2\): give header: false/,
	);
	await assert.rejects(
		csv(bare, { text_column: -1 }),
		/text_column is -1, where/,
	);
	await assert.rejects(
		csv(bare, { label_columns: "kind" as unknown as string[] }),
		/label_columns is "kind", where a list/,
	);
});

test("a sentence never prints a whole text, and says that the names may be a row", async () => {
	const row = "word ".repeat(2000);
	await assert.rejects(csv(`${row},p\n${row},q\n`), (error: Error) => {
		assert.ok(error.message.length < 500, error.message);
		return /looks like a row.*header: false/.test(error.message);
	});
	await assert.rejects(
		csv(`${row},p\n${row},q\n`, { text_column: "body" }),
		(error: Error) => {
			assert.ok(error.message.length < 500, error.message);
			return /no column "body"/.test(error.message);
		},
	);
});

test("a delimiter that was not seen is advised", async () => {
	const semicolons = await csv("Sentence;Mood\nI like it, really;good\n");
	assert.deepEqual(semicolons.text, ["I like it, really"]);
	assert.match(semicolons.notes?.join() ?? "", /";" between them.* delimiter/);
	await assert.rejects(
		csv("text;label, kind\nA.;p, q\n"),
		/one of text;label, kind\. If ";" stands between its columns, give delimiter: ";"/,
	);
	await assert.rejects(
		csv('"text" "label"\n"A." "p"\n'),
		/if something else than "," stands between values, give delimiter/,
	);
});

test("Text and Label are found where nothing else fits", async () => {
	const { text, labels } = await csv("Text , Label\nA.,p\n");
	assert.deepEqual([text, labels], [["A."], { Label: ["p"] }]);
	await assert.rejects(
		csv("Text,TEXT\nA.,B.\n"),
		/give text_column, one of Text, TEXT/,
	);
});

test("splits are known by the words that people write, and may be left alone", async () => {
	const words = [
		"train",
		"Train",
		"training",
		"tr",
		"dev",
		"val",
		"valid",
		"validation",
		"va",
		"test",
		"te",
		"eval",
	];
	const rows = words.map((word, i) => `Text ${i}.,${i % 2},${word}`).join("\n");
	const { split } = await csv(`text,label,split\n${rows}\n`);
	const times = (n: number, value: string) => Array(n).fill(value);
	assert.deepEqual(split, [
		...times(4, "train"),
		...times(5, "validation"),
		...times(3, "test"),
	]);
	const dev = await csv(`text,label,split\n${rows}\n`, { split: "dev" });
	assert.equal(dev.text.length, 5);

	const other = "text,label,split\nA.,p,banana\nB.,q,tr\n";
	await assert.rejects(
		csv(other),
		/In line 2 of .*split is "banana".*split_column: false.*label_columns/,
	);
	assert.deepEqual((await csv(other, { split_column: false })).labels, {
		label: ["p", "q"],
	});
	assert.deepEqual((await csv(other, { label_columns: ["split"] })).labels, {
		split: ["banana", "tr"],
	});
	assert.deepEqual((await csv(other, { split: "train" })).text, ["B."]);
	const banana = await csv(other, { split: "banana" });
	assert.deepEqual([banana.text, banana.split], [["A."], undefined]);
	const fold = await csv("text,label,fold\nA.,p,dev\nB.,q,tr\n", {
		split_column: "fold",
	});
	assert.deepEqual(
		[fold.split, fold.labels],
		[["validation", "train"], { label: ["p", "q"] }],
	);
	await assert.rejects(
		csv("text,fold\nA.,3\n", { split_column: "fold" }),
		/"fold" is "3", where train/,
	);
});

test("several files are one source, each a split where they are given so", async () => {
	const a = file("csv", "text,label\nA.,p\nB.,q\n");
	const b = file("jsonl", '{"text":"C.","label":"q","more":1}\n');
	const splits = await loadSentences({ train: a, dev: [b] });
	assert.equal(splits.name, `${a}, ${b}`);
	assert.deepEqual(splits.text, ["A.", "B.", "C."]);
	assert.deepEqual(splits.split, ["train", "train", "validation"]);
	assert.deepEqual(splits.labels, { label: ["p", "q", "q"] });
	assert.match(splits.notes?.join() ?? "", /"more" is left out: it is not in /);
	const list = await loadSentences([a, b], { limit: 2 });
	assert.deepEqual([list.text, list.split], [["A.", "B."], undefined]);
	assert.deepEqual(
		(await loadSentences({ train: a, test: b }, { split: "test" })).text,
		["C."],
	);
	await assert.rejects(
		loadSentences({ fold1: a }),
		/given as "fold1", where train, validation, test/,
	);
	await assert.rejects(loadSentences([]), /No file is given/);
	await assert.rejects(
		loadSentences(["org/name"]),
		/a data set of the hub is given alone/,
	);
	await assert.rejects(
		loadSentences({ train: a }, { split: "test" }),
		/No file is given for the split "test"/,
	);
});

test("offsets count what is said, and are UTF-16 units from then on", async () => {
	const line = JSON.stringify({ text: "😀é Paul", name_start: 3, name_end: 7 });
	const read = (offsets?: LoadSentencesOptions["offsets"]) =>
		load("jsonl", `${line}\n`, { offsets });
	assert.deepEqual(placesOf(await read("code_points")), {
		name_start: [4],
		name_end: [8],
	});
	assert.deepEqual(placesOf(await read("utf16")), {
		name_start: [3],
		name_end: [7],
	});
	assert.match(
		(await read()).notes?.join() ?? "",
		/beyond U\+FFFF \(first in line 1.*"code_points"/,
	);
	assert.equal((await read("utf16")).notes, undefined);
	const bytes = '{"text":"😀é Paul","name_start":7}\n';
	assert.deepEqual(placesOf(await load("jsonl", bytes, { offsets: "bytes" })), {
		name_start: [4],
	});
	await assert.rejects(
		load("jsonl", '{"text":"😀 a","x_start":1}\n'),
		/x_start is 1, which is inside a character, counted in UTF-16 units/,
	);
	await assert.rejects(
		load("jsonl", '{"text":"é a","x_start":1}\n', { offsets: "bytes" }),
		/inside a character, counted in bytes/,
	);
	await assert.rejects(
		csv("text,x_start\nA.,1\n", { offsets: "runes" as "bytes" }),
		/offsets is "runes", where/,
	);
});

test("a column is one of offsets by its values, and the row that keeps it from being one is named", async () => {
	const gap = await csv("text,answer_start\nAbcdef.,3\nAbc.,-1\n");
	assert.deepEqual([gap.offsets, gap.labels], [{}, {}]);
	assert.match(
		gap.notes?.[0] ?? "",
		/"answer_start" is no offsets column, as it has no place \("-1"\) in line 3/,
	);
	const floats = await csv("text,answer_start\nAbcdef.,3.0\nAbc.,1.0\n");
	assert.deepEqual(placesOf(floats), { answer_start: [3, 1] });
	const empty = await csv("text,answer_start\nAbcdef.,3.0\nAbc.,\n");
	assert.match(empty.notes?.[0] ?? "", /no place \(""\) in line 3/);
	const year = await csv("text,year_start\nAbc.,1990\nDef.,1991\n");
	assert.deepEqual(year.labels, { year_start: ["1990", "1991"] });
	assert.match(
		year.notes?.[0] ?? "",
		/"year_start" is no offsets column: in line 2 of .* it is 1990, but the text has 4 characters/,
	);
	const label = await csv("text,week_start\nAbc.,1\nDef.,2\n", {
		label_columns: ["week_start"],
	});
	assert.deepEqual(
		[label.offsets, label.labels],
		[{}, { week_start: ["1", "2"] }],
	);
});

test("one table written as CSV, as JSON lines and as Parquet gives one set of classes", async () => {
	const text = ["A.", "B.", "C."];
	const expected = {
		whole: ["1", "0", "1"],
		half: ["0.5", "1", "0.5"],
		sure: ["true", "false", "true"],
	};
	const tables = [
		await csv(
			"text,whole,half,sure\nA.,1.0,0.5,True\nB.,0.0,1.0,False\nC.,1.0,0.5,True\n",
		),
		await csv(
			"text,whole,half,sure\nA.,1,0.5,TRUE\nB.,0,1,FALSE\nC.,1,0.5,TRUE\n",
		),
		await load(
			"jsonl",
			'{"text":"A.","whole":1.0,"half":0.5,"sure":true}\n{"text":"B.","whole":0,"half":1.0,"sure":false}\n{"text":"C.","whole":1,"half":5e-1,"sure":true}\n',
		),
		await load(
			"parquet",
			parquetOf({
				text,
				whole: [1, 0, 1],
				half: ["0.5", "1.0", "0.5"],
				sure: ["true", "false", "true"],
			}),
		),
	];
	for (const table of tables) assert.deepEqual(table.labels, expected);
});

test("classes that a reader would take for one are named, and nothing else is merged", async () => {
	const { labels, notes = [] } = await csv(
		"text,label\nA.,pos\nB.,pos \nC.,neg\nD.,Neg\nE.,n eg\n",
	);
	assert.deepEqual(labels.label, ["pos", "pos", "neg", "Neg", "n eg"]);
	assert.match(
		notes.join(),
		/Spaces around .*"pos ".*differ only .*"neg" and "Neg" and "n eg"/,
	);
	const numbers = await csv(
		"text,label\nA.,0.1\nB.,0.10\nC.,9007199254740993\nD.,9007199254740992\n",
	);
	assert.equal(new Set(numbers.labels.label).size, 4);
	assert.match(
		numbers.notes?.join() ?? "",
		/differ only .*: "0.1" and "0.10"\.$/,
	);
});

test("lists are tags where they are asked for, and are left out with a note where not", async () => {
	const written =
		'text,tags\nA.,"[\'joy\', \'it\\\'s\']"\nB.,"[""anger""]"\nC.,[]\n';
	const asked = await csv(written, { label_columns: ["tags"] });
	assert.deepEqual(asked.labels.tags, ["joy;it's", "anger", ""]);
	assert.match(
		(await csv(written)).notes?.join() ?? "",
		/"tags" is left out: it holds lists.*label_columns/,
	);
	await assert.rejects(
		load("jsonl", '{"text":"A.","tags":["a;b"]}\n', {
			label_columns: ["tags"],
		}),
		/"tags" .* values with ";"/,
	);
	await assert.rejects(
		load("jsonl", '{"text":["A."]}\n'),
		/"text" .* holds lists/,
	);
	await assert.rejects(
		load("jsonl", '{"text":"A.","meta":{}}\n', { label_columns: ["meta"] }),
		/"meta" .* holds objects \(line 1\)/,
	);
});

test("what is left out is told: many values, an index, rows and words without a value", async () => {
	const rows = Array.from(
		{ length: 60 },
		(_, i) => `Text ${i}.,a${i},${i},p`,
	).join("\n");
	const { labels, notes = [] } = await csv(
		`text,author,row,label\n${rows}\n,x,60,q\nnan,y,61,p\n`,
	);
	assert.deepEqual(Object.keys(labels), ["label"]);
	assert.match(
		notes.join("\n"),
		/1 row without a text is left out, in line 62/,
	);
	assert.match(
		notes.join("\n"),
		/1 text is a word for nothing, e.g. "nan"; missing: \["nan"\]/,
	);
	assert.match(
		notes.join("\n"),
		/more than 50 different values: "author", "row"; label_columns: \["author"\]/,
	);
	const all = await csv(`text,author\n${rows.replaceAll(/,\d+,p/g, "")}\n`, {
		label_columns: ["author"],
	});
	assert.equal(new Set(all.labels.author).size, 60);
	assert.equal(all.notes, undefined);
});

test("a group may have any number of values, and is no label of its own accord", async () => {
	const { group, labels } = await csv("text,label,author\nA.,p, me\nB.,q,\n", {
		group: "author",
	});
	assert.deepEqual([group, labels], [["me", ""], { label: ["p", "q"] }]);
	await assert.rejects(
		csv("text,label\nA.,p\n", { group: "author" }),
		/no column "author"/,
	);
});

test("a limit takes the first rows and says if they come sorted, or a share of each class", async () => {
	const rows = Array.from(
		{ length: 100 },
		(_, i) => `Text ${i}.,${i < 70 ? "p" : i < 98 ? "q" : "r"}`,
	);
	const sorted = `text,label\n${rows.join("\n")}\n`;
	const first = await csv(sorted, { limit: 10 });
	assert.deepEqual(new Set(first.labels.label), new Set(["p"]));
	assert.match(
		first.notes?.[0] ?? "",
		/first 10 sentences have only one "label", "p".*stratify: "label"/,
	);
	const share = await csv(sorted, { limit: 10, stratify: "label" });
	const count = (value: string) =>
		share.labels.label.filter((own) => own === value).length;
	assert.deepEqual([count("p"), count("q"), count("r")], [6, 3, 1]);
	assert.match(
		share.notes?.[0] ?? "",
		/10 of 100 sentences, drawn with seed 0 so that each class of "label"/,
	);
	const numbers = share.text.map((text) => Number(/\d+/.exec(text)?.[0]));
	assert.deepEqual(
		numbers,
		[...numbers].sort((a, b) => a - b),
	);
	const again = await csv(sorted, { limit: 10, stratify: "label" });
	assert.deepEqual(again.text, share.text);
	const other = await csv(sorted, { limit: 10, stratify: 1, seed: 1 });
	assert.notDeepEqual(other.text, share.text);
	for (const limit of [Number.NaN, -1, 1.5, "3" as unknown as number])
		await assert.rejects(
			csv(sorted, { limit }),
			/limit is .*, where a whole number of sentences was expected/,
		);
	await assert.rejects(csv(sorted, { stratify: "label" }), /give limit too/);
});

test("notes are shown, and stay with a selection", async () => {
	const all = await csv("text,label\nA.,p\n,q\n<b>.,NA\n");
	const some = selectSentences(all, (i) => i === 0);
	assert.deepEqual(some.notes, all.notes);
	const { html, text } = sentencesView(some);
	assert.match(text, /1 row without a text is left out, in line 3/);
	assert.match(html, /1 row without a text is left out, in line 3/);
});

test("moments are one class however a program writes them", async () => {
	const of = async (...values: string[]) => {
		const rows = values.map((value, i) => `Text ${i}.,${value}`).join("\n");
		return (await csv(`text,at\n${rows}\n`)).labels.at;
	};
	const noon = "2024-01-31T12:00:00";
	assert.deepEqual(
		await of("2024-01-31 12:00:00", `${noon}.000`, noon, "NaT"),
		[noon, noon, noon, ""],
	);
	assert.deepEqual(await of(`${noon}.500000`, noon), [`${noon}.500`, noon]);
	assert.deepEqual(
		await of("2024-01-31 12:00:00+00:00", `${noon}.000Z`, `${noon}+02:00`),
		[`${noon}Z`, `${noon}Z`, "2024-01-31T10:00:00Z"],
	);
	assert.deepEqual(await of("2024-01-31T00:00:00", "2024-02-01 00:00:00.000"), [
		"2024-01-31",
		"2024-02-01",
	]);
	assert.deepEqual(await of("2024-13-31 00:00:00", noon), [
		"2024-13-31 00:00:00",
		noon,
	]);
	const parquet = parquetOf({ text: ["A."], at: ["2024-01-31 00:00:00"] });
	assert.deepEqual((await load("parquet", parquet)).labels.at, ["2024-01-31"]);
});

test("a small number is one class, whether it has an exponent or zeros", async () => {
	const { labels } = await csv("text,x\nA.,1e-07\nB.,0.0000001\nC.,0.35\n");
	assert.deepEqual(labels.x, ["1e-7", "1e-7", "0.35"]);
});

test("lists as numpy prints them are lists", async () => {
	const content = "text,tags,n\nA.,['a' 'b'],[1. 2.5]\nB.,['b'],[3.]\n";
	const { labels, notes = [] } = await csv(content);
	assert.deepEqual(labels, {});
	assert.match(notes.join("\n"), /"tags" is left out: it holds lists/);
	const asked = await csv(content, { label_columns: ["tags"] });
	assert.deepEqual(asked.labels.tags, ["a;b", "b"]);
	const words = await csv("text,tag\nA.,[a b]\nB.,[c]\n");
	assert.deepEqual(words.labels.tag, ["[a b]", "[c]"]);
});

test("classes that look alike are told, also behind an accent or a character of no width", async () => {
	const { notes = [] } = await csv(
		"text,label\nA.,caf\u00e9\nB.,cafe\u0301\nC.,pos\nD.,po\u200bs\n",
	);
	assert.match(
		notes.join("\n"),
		/how a character or a number is written: "café" and "cafe\u0301", "pos" and "po\u200bs"/,
	);
});

test("a sample too small for all classes says of which it has none", async () => {
	const rows = "text,label\nA.,p\nB.,q\nC.,r\nD.,p\n";
	const drawn = (limit: number) => csv(rows, { limit, stratify: "label" });
	const [few, all] = [await drawn(2), await drawn(3)];
	assert.deepEqual([...few.labels.label].sort(), ["p", "q"]);
	assert.match(
		String(few.notes),
		/share, but for "r", of which limit leaves none\./,
	);
	assert.match(String(all.notes), /keeps its share\.$/);
});

test("encodings have Python's names too", async () => {
	const bytes = Buffer.from("\ufefftext\nCafé\n");
	for (const encoding of ["utf-8-sig", "utf_8_sig", "utf_8", "UTF8"])
		assert.deepEqual((await load("csv", bytes, { encoding })).text, ["Café"]);
});
