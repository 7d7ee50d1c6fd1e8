import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadSentences, selectSentences } from "../../src/dataset";
import { temporaryFolder } from "../tiny";
import { parquetOf } from "./parquet";

const { folder, remove } = temporaryFolder();
after(remove);
let files = 0;
function file(extension: string, content: string | Uint8Array): string {
	const path = join(folder, `${files++}.${extension}`);
	writeFileSync(path, content);
	return path;
}

const csv = `\ufeffid,text,topic,prefix_end,split
1,"Anna, who ""sings"", left.",music,4,train
2,A cat.,animals,0,test

3,"Two
lines.",animals,3,validation
`;

test("a CSV gives texts, labels, offsets and splits", async () => {
	const path = file("csv", csv);
	assert.deepEqual(await loadSentences(path), {
		kind: "sentences",
		name: path,
		text: ['Anna, who "sings", left.', "A cat.", "Two\nlines."],
		labels: { topic: ["music", "animals", "animals"] },
		offsets: { prefix_end: Uint32Array.of(4, 0, 3) },
		split: ["train", "test", "validation"],
	});
});

test("a TSV takes quotation marks as they are", async () => {
	const path = file(
		"tsv",
		'label\tsentence\nham\tShe said "hi\nspam\t"Win" it\n',
	);
	const { text, labels, split } = await loadSentences(path);
	assert.deepEqual(text, ['She said "hi', '"Win" it']);
	assert.deepEqual(labels, { label: ["ham", "spam"] });
	assert.equal(split, undefined);
});

test("JSON lines may leave values out, and lists are no labels", async () => {
	const path = file(
		"jsonl",
		'{"text": "One.", "stars": 5, "tags": ["a"]}\n\n{"text": "Two.", "good": true}\n',
	);
	const { text, labels } = await loadSentences(path);
	assert.deepEqual(text, ["One.", "Two."]);
	assert.deepEqual(labels, { stars: ["5", ""], good: ["", "true"] });
});

test("a Parquet file gives texts and labels", async () => {
	const path = file(
		"parquet",
		parquetOf({ text: ["One.", "Zwei: ä."], label: ["a", "b"] }),
	);
	const { text, labels } = await loadSentences(path);
	assert.deepEqual(text, ["One.", "Zwei: ä."]);
	assert.deepEqual(labels, { label: ["a", "b"] });
});

test("a column of more than 50 different values is a label only when asked for", async () => {
	const rows = Array.from({ length: 51 }, (_, i) => `Text ${i}.,n${i},same`);
	const path = file("csv", `text,name,kind\n${rows.join("\n")}\n`);
	const byDefault = await loadSentences(path);
	assert.deepEqual(Object.keys(byDefault.labels), ["kind"]);
	const asked = await loadSentences(path, { label_columns: ["name"] });
	assert.deepEqual(Object.keys(asked.labels), ["name"]);
});

test("the text column, a split and a limit can be chosen", async () => {
	const path = file(
		"csv",
		"body,split\nA.,train\nB.,test\nC.,train\nD.,train\n",
	);
	const { text, split } = await loadSentences(path, {
		text_column: "body",
		split: "train",
		limit: 2,
	});
	assert.deepEqual(text, ["A.", "C."]);
	assert.deepEqual(split, ["train", "train"]);
});

test("chosen sentences keep their labels, offsets and splits", async () => {
	const all = await loadSentences(file("csv", csv));
	const chosen = selectSentences(all, (i) => i !== 1);
	assert.deepEqual(chosen.text, [all.text[0], all.text[2]]);
	assert.deepEqual(chosen.labels, { topic: ["music", "animals"] });
	assert.deepEqual(chosen.offsets, { prefix_end: Uint32Array.of(4, 3) });
	assert.deepEqual(chosen.split, ["train", "validation"]);
	assert.equal(all.text.length, 3);
});

const refusals: [string, string, string, object, RegExp][] = [
	["an empty file", "csv", "", {}, /is empty/],
	["a header without rows", "csv", "text,topic\n", {}, /no row below/],
	["JSON lines without rows", "jsonl", "\n", {}, /is empty/],
	["no text column", "csv", "a,b\n1,2\n", {}, /text_column, one of a, b/],
	[
		"a text column that is not there",
		"csv",
		csv,
		{ text_column: "txt" },
		/no column "txt"; near names are text/,
	],
	[
		"a label column that is not there",
		"csv",
		csv,
		{ label_columns: ["topics"] },
		/no column "topics"; near names are topic/,
	],
	[
		"a row with too few values",
		"csv",
		"text,topic\nA.,x\nB.\n",
		{},
		/Line 3 .* has 1 values, but the header names 2/,
	],
	[
		"a quotation that is not closed",
		"csv",
		'text,topic\n"A.,x\n',
		{},
		/^Error: Line \d+ of .* quotation mark/,
	],
	[
		"a file whose texts are all empty",
		"csv",
		"text,topic\n,x\n,y\n",
		{},
		/Every text of .* is empty, from line 2 on/,
	],
	[
		"an offset beyond its text, where it is said what offsets count",
		"csv",
		"text,clause_end\nAbc.,5\n",
		{ offsets: "utf16" },
		/"clause_end" .* line 2 .* it is 5, but the text has 4 characters/,
	],
	[
		"a word that is no split",
		"csv",
		"text,split\nA.,banana\n",
		{},
		/split is "banana", where train, validation or test .* split_column: false/,
	],
	[
		"a split of sentences that have none",
		"csv",
		"text\nA.\n",
		{ split: "test" },
		/no column "split"/,
	],
	[
		"a split without sentences",
		"csv",
		"text,split\nA.,train\n",
		{ split: "test" },
		/no sentence left in its test split/,
	],
	["a limit of 0", "csv", csv, { limit: 0 }, /no sentence left with limit 0/],
	[
		"a line that is not JSON",
		"jsonl",
		'{"text": "A."}\n{"text": \n',
		{},
		/Line 2 .* not valid JSON/,
	],
	[
		"a line that is no object",
		"jsonl",
		'["A."]\n',
		{},
		/Line 1 .* not a JSON object/,
	],
	["a broken Parquet file", "parquet", "PAR1", {}, /cannot be read as Parquet/],
	["an unknown kind of file", "doc", "A.", {}, /\.csv, \.tsv, \.jsonl and/],
];
for (const [what, extension, content, options, message] of refusals)
	test(`${what}: refused in one sentence`, async () => {
		await assert.rejects(
			loadSentences(file(extension, content), options),
			message,
		);
	});

test("a missing file is refused, whatever its kind", async () => {
	for (const extension of ["csv", "tsv", "jsonl", "parquet"])
		await assert.rejects(
			loadSentences(join(folder, `none.${extension}`)),
			/none\.\w+ does not exist/,
		);
});
