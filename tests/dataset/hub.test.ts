import assert from "node:assert/strict";
import fs, { mkdirSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { after, beforeEach, mock, test } from "node:test";
import { loadSentences } from "../../src/dataset";
import { openParquet } from "../../src/dataset/parquet";
import { patience } from "../../src/hub/retry";
import { type Progress, setProgressSink } from "../../src/progress";
import { type FakeRepository, startHub, useHub } from "../hub/server";
import { temporaryFolder } from "../tiny";
import { parquetOf } from "./parquet";

const { folder, remove } = temporaryFolder();
const CONVERTED = "refs/convert/parquet";
const parquet = (...args: Parameters<typeof parquetOf>) =>
	Buffer.from(parquetOf(...args));
const classes = {
	huggingface: JSON.stringify({
		info: {
			features: {
				label: { names: ["neg", "pos"], _type: "ClassLabel" },
				text: { dtype: "string", _type: "Value" },
			},
		},
	}),
};
const part = (texts: string[], labels: number[], rows_per_group?: number) =>
	parquet(
		{ text: texts, label: labels },
		{ metadata: classes, ...(rows_per_group && { rows_per_group }) },
	);
const converted = (files: Record<string, Buffer>): FakeRepository => ({
	files,
	branches: [CONVERTED],
});

const many = Array.from({ length: 40 }, (_, i) => `text ${i}`);
const repositories: Record<string, FakeRepository> = {
	"datasets/org/reviews": converted({
		"default/test/0000.parquet": part(["Fine."], [1]),
		"default/train/0000.parquet": part(["Good.", "Bad.", ""], [1, 0, 1]),
		"default/train/0001.parquet": part(["Odd.", "None."], [7, -1]),
		"default/unsupervised/0000.parquet": part(["Nobody knows."], [-1]),
	}),
	"datasets/reviews": { files: {}, renamed: "org/reviews" },
	"datasets/org/long": converted({
		"default/train/0000.parquet": part(
			many,
			many.map((_, i) => i % 2),
			10,
		),
		"default/train/0001.parquet": part(["last"], [0]),
	}),
	"datasets/org/glue": converted({
		"sst2/train/0000.parquet": parquet({ idx: [0], sentence: ["A."] }),
		"cola/train/0000.parquet": parquet({ sentence: ["B."], kind: ["x"] }),
	}),
	"datasets/org/huge": converted({
		"default/partial-train/0000.parquet": part(["A.", "B."], [0, 1]),
	}),
	"datasets/org/odd": converted({
		"default/a/0000.parquet": part(["A."], [0]),
		"default/b/0000.parquet": part(["B."], [0]),
	}),
	"datasets/org/own": {
		files: {
			"README.md": "x",
			"data/train-00000-of-00002.parquet": part(["A."], [0]),
			"data/train-00001-of-00002.parquet": part(["B."], [1]),
			"data/dev-00000-of-00001.parquet": part(["C."], [0]),
		},
		branches: ["main", "v1"],
	},
	"datasets/org/torn": {
		files: { "train-00000-of-00002.parquet": part(["A."], [0]) },
	},
	"datasets/org/csv": { files: { "data.csv": "text\na\n" } },
	"datasets/org/private": { files: {}, token: "x" },
};
const setup = startHub(repositories);
after(async () => {
	await (await setup).stop();
	remove();
});
let caches = 0;
beforeEach(async () => {
	const hub = await setup;
	useHub(hub, join(folder, `cache-${caches++}`));
	hub.seen.length = 0;
	hub.fault = () => undefined;
	Object.assign(patience, { attempts: 2, first_wait_ms: 1 });
	setProgressSink(undefined);
});

test("a data set of the hub comes with its splits, and with the names of its classes", async () => {
	assert.deepEqual(await loadSentences("org/reviews"), {
		kind: "sentences",
		name: "org/reviews",
		text: ["Good.", "Bad.", "Odd.", "None.", "Fine."],
		labels: { label: ["pos", "neg", "7", "", "pos"] },
		offsets: {},
		split: ["train", "train", "train", "train", "test"],
	});
});

test("once it is in the cache, the network is not asked, and offline gives the same", async () => {
	const hub = await setup;
	const first = await loadSentences("org/reviews");
	hub.seen.length = 0;
	assert.deepEqual(await loadSentences("org/reviews"), first);
	assert.deepEqual(
		await loadSentences("org/reviews", { offline: true }),
		first,
	);
	assert.equal(hub.seen.length, 0);
	await assert.rejects(
		loadSentences("org/glue", { offline: true }),
		/does not have the data set "org\/glue", and the network is switched off/,
	);
});

test("a short name that the hub redirects finds its data set", async () => {
	assert.equal(
		(await loadSentences("reviews", { split: "test" })).text[0],
		"Fine.",
	);
});

test("a split is read alone, also one that has no place among the three", async () => {
	const hub = await setup;
	const tests = await loadSentences("org/reviews", { split: "test" });
	assert.deepEqual([tests.text, tests.split], [["Fine."], ["test"]]);
	assert.ok(!hub.seen.some(({ path }) => path.includes("train/")));
	const rest = await loadSentences("org/reviews", { split: "unsupervised" });
	assert.deepEqual(rest, {
		kind: "sentences",
		name: "org/reviews",
		text: ["Nobody knows."],
		labels: { label: [""] },
		offsets: {},
	});
	await assert.rejects(
		loadSentences("org/reviews", { split: "validation" }),
		/no split "validation"; it has "test", "train", "unsupervised"/,
	);
	await assert.rejects(
		loadSentences("org/odd"),
		/none of the splits train, validation and test: give split, one of "a", "b"/,
	);
});

test("a limit reads no more row groups and downloads no more files than it needs", async () => {
	const hub = await setup;
	const told: Progress[] = [];
	setProgressSink((progress) => told.push(progress));
	const { text, labels } = await loadSentences("org/long", { limit: 15 });
	assert.deepEqual(text, many.slice(0, 15));
	assert.deepEqual(labels.label.slice(0, 3), ["neg", "pos", "neg"]);
	assert.ok(!hub.seen.some(({ path }) => path.includes("0001.parquet")));
	const reads = told.filter(({ label }) => label === "read train");
	assert.deepEqual(
		reads.map(({ done, total }) => [done, total]),
		[
			[10, 40],
			[40, 40],
		],
	);
	const all = await loadSentences("org/long");
	assert.deepEqual(all.text, [...many, "last"]);
	await assert.rejects(
		loadSentences("org/long", { limit: 0 }),
		/no sentence left with limit 0/,
	);
});

test("a row group is read by its own bytes, not the whole file", async () => {
	const texts = Array.from({ length: 20 }, (_, i) =>
		String(i % 10).repeat(1e5),
	);
	const path = join(folder, "groups.parquet");
	writeFileSync(path, parquetOf({ text: texts }, { rows_per_group: 1 }));
	const read = mock.method(fs, "createReadStream");
	syncBuiltinESMExports();
	const file = await openParquet(path);
	const found = await file.read(7, ["text"], 1);
	mock.restoreAll();
	syncBuiltinESMExports();
	assert.deepEqual(found.get("text"), [texts[7]]);
	const bytes = read.mock.calls.map(({ arguments: [, range] }) => {
		const { start = 0, end = 0 } = range as { start?: number; end?: number };
		return end - start + 1;
	});
	assert.ok(bytes.length > 0);
	assert.ok(bytes.reduce((a, b) => a + b) < 8e5, `${bytes}`);
});

test("of several configurations one must be chosen", async () => {
	await assert.rejects(
		loadSentences("org/glue"),
		/has 2 configurations: give config, one of "cola", "sst2"/,
	);
	await assert.rejects(
		loadSentences("org/glue", { config: "sst" }),
		/no configuration "sst"; near names are "sst2"/,
	);
	const { text, labels } = await loadSentences("org/glue", { config: "cola" });
	assert.deepEqual([text, labels], [["B."], { kind: ["x"] }]);
});

test("missing columns are named with near names, before more is downloaded", async () => {
	const hub = await setup;
	await assert.rejects(
		loadSentences("org/reviews", { text_column: "txt" }),
		/no column "txt"; near names are text/,
	);
	await assert.rejects(
		loadSentences("org/reviews", { label_columns: ["lable"] }),
		/no column "lable"; near names are label/,
	);
	assert.ok(!hub.seen.some(({ path }) => path.includes("0001.parquet")));
	hub.repositories["datasets/org/body"] = converted({
		"default/train/0000.parquet": parquet({ body: ["A."], n: [1] }),
	});
	await assert.rejects(
		loadSentences("org/body"),
		/no column "text" or "sentence"; give text_column, one of body, n/,
	);
	assert.deepEqual(
		(await loadSentences("org/body", { text_column: "body" })).labels,
		{ n: ["1"] },
	);
});

test("a column of more than 50 different values is a label only when asked for", async () => {
	const hub = await setup;
	const rows = Array.from({ length: 60 }, (_, i) => `row ${i}`);
	hub.repositories["datasets/org/wide"] = converted({
		"default/train/0000.parquet": parquet(
			{
				text: rows,
				name: rows,
				same: rows.map(() => 1),
				clause_end: rows.map(() => 2),
			},
			{ rows_per_group: 25 },
		),
	});
	const byDefault = await loadSentences("org/wide");
	assert.deepEqual(Object.keys(byDefault.labels), ["same"]);
	assert.equal(byDefault.offsets.clause_end.length, 60);
	const asked = await loadSentences("org/wide", { label_columns: ["name"] });
	assert.deepEqual(asked.labels, { name: rows });
});

test("where the hub has converted nothing, or a revision is asked for, the repository's own files are read", async () => {
	for (const options of [{}, { revision: "v1" }]) {
		const { text, split, labels } = await loadSentences("org/own", options);
		assert.deepEqual(text, ["A.", "B.", "C."]);
		assert.deepEqual(split, ["train", "train", "validation"]);
		assert.deepEqual(labels.label, ["neg", "pos", "neg"]);
	}
	await assert.rejects(
		loadSentences("org/own", { revision: "v2" }),
		/no revision "v2"; near names are "v1"/,
	);
	await assert.rejects(
		loadSentences("org/torn"),
		/split "train" of the data set "org\/torn" has 2 files, of which 1 are there/,
	);
	await assert.rejects(
		loadSentences("org/csv"),
		/has no Parquet files: download one of its files/,
	);
});

test("a split of which only a part was converted needs a limit", async () => {
	await assert.rejects(
		loadSentences("org/huge"),
		/converted only the first part of the split "train" .*give a limit/,
	);
	assert.deepEqual((await loadSentences("org/huge", { limit: 1 })).text, [
		"A.",
	]);
});

test("a file or folder on this machine wins over a name, and has no configuration", async () => {
	const hub = await setup;
	const path = join(folder, "reviews.csv");
	writeFileSync(path, "text\nA.\n");
	assert.deepEqual((await loadSentences(path)).text, ["A."]);
	await assert.rejects(
		loadSentences(path, { config: "x" }),
		/is not a data set of the hub, so that config "x" cannot be chosen/,
	);
	await assert.rejects(
		loadSentences("org/none.csv"),
		/none\.csv does not exist/,
	);
	await assert.rejects(loadSentences("../x"), /no known kind of name/);
	const before = process.cwd();
	mkdirSync(join(folder, "org", "reviews"), { recursive: true });
	process.chdir(folder);
	try {
		await assert.rejects(
			loadSentences("org/reviews"),
			/org\/reviews has no known kind of name/,
		);
	} finally {
		process.chdir(before);
	}
	assert.equal(hub.seen.length, 0);
});

test("a data set that is not there or private is named", async () => {
	await assert.rejects(
		loadSentences("org/nothing"),
		/refuses the data set "org\/nothing" \(401\): it does not exist, or it is private or gated; check the name, or set HF_TOKEN/,
	);
	await assert.rejects(
		loadSentences("org/private"),
		/refuses the data set "org\/private"/,
	);
});

test("a misspelt word is no file, and no data set either", async () => {
	await assert.rejects(
		loadSentences("bundeld"),
		/^Error: "bundeld" is neither "bundled" nor a file; as a data set of the hub: 127\.0\.0\.1:\d+ refuses/,
	);
	process.env.HF_ENDPOINT = "http://127.0.0.1:1";
	await assert.rejects(
		loadSentences("bundeld"),
		/neither "bundled" nor a file; .* cannot be reached/,
	);
});

test("gzip and brotli are read; a compression that is not known is named", async () => {
	const file = (codec: number) => {
		const path = join(folder, `codec-${codec}.parquet`);
		writeFileSync(path, parquetOf({ text: ["A.", "B."] }, { codec }));
		return path;
	};
	for (const codec of [0, 2, 4])
		assert.deepEqual((await loadSentences(file(codec))).text, ["A.", "B."]);
	await assert.rejects(
		loadSentences(file(5)),
		/is compressed with LZ4, which cannot be read: write it with SNAPPY, GZIP, BROTLI/,
	);
	await assert.rejects(loadSentences(file(6)), /ZSTD/);
});
