import assert from "node:assert/strict";
import fs, { mkdirSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join } from "node:path";
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
		notes: [
			'Not read: the split "unsupervised"; split: "unsupervised" reads it.',
			'The column "label" has values that none of its 2 class names belongs to, e.g. 7; they stay numbers.',
			"1 row without a text is left out.",
		],
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

test("a compression that is not known is named", async () => {
	const file = (codec: number) => {
		const path = join(folder, `codec-${codec}.parquet`);
		writeFileSync(path, parquetOf({ text: ["A.", "B."] }, { codec }));
		return path;
	};
	for (const codec of [0, 2, 4])
		assert.deepEqual((await loadSentences(file(codec))).text, ["A.", "B."]);
	await assert.rejects(
		loadSentences(file(3)),
		/is compressed with LZO, which cannot be read: write it with SNAPPY, GZIP, BROTLI, ZSTD/,
	);
});

const own = (readme: string, files: Record<string, Buffer | string>) => ({
	files: {
		...(readme && { "README.md": `---\n${readme}---\n# A data set\n` }),
		...files,
	},
	branches: ["main", "v1"],
});
const one = (text: string) => part([text], [1]);

test("the configurations of README.md say what is trained on, with a revision and offline too", async () => {
	const hub = await setup;
	hub.repositories["datasets/org/card"] = own(
		"configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: part1*\n  - split: test\n    path: part2.parquet\n",
		{
			"part1.parquet": one("A."),
			"part2.parquet": one("B."),
			"part3.parquet": one("C."),
		},
	);
	const found = await loadSentences("org/card");
	assert.deepEqual(
		[found.text, found.split],
		[
			["A.", "B."],
			["train", "test"],
		],
	);
	assert.deepEqual(found.notes, [
		'"part3.parquet" is left out, as Python\'s datasets does it: the splits are those that README.md names.',
	]);
	assert.ok(!hub.seen.some(({ path }) => path.includes("part3")));
	hub.seen.length = 0;
	assert.deepEqual(await loadSentences("org/card", { offline: true }), found);
	assert.equal(hub.seen.length, 0);
	assert.deepEqual(await loadSentences("org/card", { revision: "v1" }), found);
});

test("a README.md of several configurations gives its default, or asks for one", async () => {
	const hub = await setup;
	const files = { "en.parquet": one("A."), "de.parquet": one("B.") };
	const configs = (flag: string) =>
		`configs:\n- config_name: en\n  data_files: en.parquet\n- config_name: de\n${flag}  data_files: de.parquet\n`;
	hub.repositories["datasets/org/several"] = own(configs(""), files);
	hub.repositories["datasets/org/flagged"] = own(
		configs("  default: true\n"),
		files,
	);
	await assert.rejects(
		loadSentences("org/several"),
		/has 2 configurations: give config, one of "en", "de"/,
	);
	const asked = await loadSentences("org/several", { config: "en" });
	assert.deepEqual([asked.text, asked.notes], [["A."], undefined]);
	assert.deepEqual((await loadSentences("org/flagged")).text, ["B."]);
});

test("parts are splits of their names, and what no split takes is told", async () => {
	const hub = await setup;
	hub.repositories["datasets/org/parts"] = own("", {
		"data/train-00000-of-00001.parquet": one("A."),
		"data/val-00000-of-00001.parquet": one("V."),
		"data/unsupervised-00000-of-00001.parquet": one("U."),
		"lexicon.parquet": one("L."),
	});
	const found = await loadSentences("org/parts");
	assert.deepEqual(
		[found.text, found.split],
		[
			["A.", "V."],
			["train", "validation"],
		],
	);
	assert.deepEqual(found.notes, [
		'"lexicon.parquet" is left out, as Python\'s datasets does it: the splits are the files named as data/<split>-00000-of-00001.parquet.',
		'Not read: the split "unsupervised"; split: "unsupervised" reads it.',
	]);
	for (const split of ["val", "validation"]) {
		const alone = await loadSentences("org/parts", { split });
		assert.deepEqual([alone.text, alone.split], [["V."], ["validation"]]);
	}
	hub.repositories["datasets/org/folds"] = own("", {
		"data/fold1-00000-of-00001.parquet": one("A."),
		"data/fold2-00000-of-00001.parquet": one("B."),
	});
	await assert.rejects(
		loadSentences("org/folds"),
		/none of the splits train, validation and test: give split, one of "fold1", "fold2"/,
	);
	const fold = await loadSentences("org/folds", { split: "fold2" });
	assert.deepEqual([fold.text, fold.split], [["B."], undefined]);
	hub.repositories["datasets/org/both"] = own("", {
		"train_test.parquet": one("A."),
		"test.csv": "text\nB.\n",
	});
	assert.deepEqual((await loadSentences("org/both")).notes, [
		'The file "train_test.parquet" is in the splits "train" and "test".',
		'"test.csv" is left out, as only Parquet files are read from the hub.',
	]);
});

test("a data set that is kept in other files names them", async () => {
	const hub = await setup;
	hub.repositories["datasets/org/tables"] = own("", {
		"train.csv": "text\nA.\n",
		"test.csv": "text\nB.\n",
		"lexicon.parquet": one("L."),
	});
	await assert.rejects(
		loadSentences("org/tables"),
		/has no Parquet files to read: download one of its files .*"test.csv", "train.csv"|"train.csv", "test.csv"/,
	);
	hub.repositories["datasets/org/gone"] = own(
		"configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: a.parquet\n",
		{ "b.parquet": one("B.") },
	);
	await assert.rejects(
		loadSentences("org/gone"),
		/README\.md of the data set "org\/gone" names the file "a\.parquet" in the split "train", but there is no such file/,
	);
	hub.repositories["datasets/org/odd-card"] = own(
		"configs:\n- !x\n  config_name: default\n",
		{ "b.parquet": one("B.") },
	);
	await assert.rejects(
		loadSentences("org/odd-card"),
		/configurations in README\.md of the data set "org\/odd-card" cannot be read \(line 2: .*download its files/,
	);
});

test("class names come from README.md, or from dataset_infos.json, where the files lack them", async () => {
	const hub = await setup;
	const bare = parquet({ text: ["A.", "B.", "C."], label: [1, 0, -1] });
	const names =
		"    dtype:\n      class_label:\n        names:\n          '0': bad\n          '1': good\n";
	hub.repositories["datasets/org/features"] = own(
		`dataset_info:\n  config_name: plain\n  features:\n  - name: text\n    dtype: string\n  - name: label\n${names}`,
		{ "train.parquet": bare },
	);
	const { labels } = await loadSentences("org/features");
	assert.deepEqual(labels, { label: ["good", "bad", ""] });
	hub.repositories["datasets/org/infos"] = own("", {
		"train.parquet": bare,
		"dataset_infos.json": JSON.stringify({
			"org--infos": {
				features: { label: { names: ["no", "yes"], _type: "ClassLabel" } },
			},
		}),
	});
	assert.deepEqual((await loadSentences("org/infos")).labels, {
		label: ["yes", "no", ""],
	});
});

test("a column that one file lacks, or that has too many values, is left out and told", async () => {
	const hub = await setup;
	const rows = Array.from({ length: 51 }, (_, i) => `row ${i}`);
	hub.repositories["datasets/org/uneven"] = converted({
		"default/train/0000.parquet": parquet({
			text: rows,
			title: rows,
			a: rows.map(() => "x"),
			b: rows.map(() => "y"),
		}),
		"default/train/0001.parquet": parquet({
			text: ["last"],
			title: ["t"],
			b: ["z"],
		}),
	});
	const { labels, notes } = await loadSentences("org/uneven");
	assert.deepEqual(Object.keys(labels), ["b"]);
	assert.equal(notes?.length, 2);
	await assert.rejects(
		loadSentences("org/uneven", { label_columns: ["a"] }),
		/column "a", which other files of the data set have, is not in .*0001\.parquet/,
	);
	assert.match(
		notes?.[0] ?? "",
		/"title" is left out: it has more than 50 different values; label_columns: \["title"\] reads it as labels/,
	);
	assert.match(
		notes?.[1] ?? "",
		/"a" is left out: it is not in 0001\.parquet\.$/,
	);
});

test("what Python's datasets put into the cache is split as Python splits it, offline", async () => {
	const hub = await setup;
	const cache = join(folder, "python-cache");
	useHub(hub, cache);
	const commit = "0123456789".repeat(4);
	const home = join(cache, "hub", "datasets--org--python");
	const put = (name: string, content: Buffer | string) => {
		mkdirSync(dirname(join(home, name)), { recursive: true });
		writeFileSync(join(home, name), content);
	};
	put("refs/main", commit);
	put(`snapshots/${commit}/data/train-00000-of-00001.parquet`, one("A."));
	put(`snapshots/${commit}/data/extra-00000-of-00001.parquet`, one("B."));
	const byName = await loadSentences("org/python", { offline: true });
	assert.deepEqual(byName.text, ["A."]);
	put(
		`snapshots/${commit}/README.md`,
		"---\nconfigs:\n- config_name: default\n  data_files:\n  - split: test\n    path: data/extra-*\n---\n",
	);
	for (const options of [{}, { revision: commit }]) {
		const found = await loadSentences("org/python", {
			offline: true,
			...options,
		});
		assert.deepEqual([found.text, found.split], [["B."], ["test"]]);
	}
	assert.equal(hub.seen.length, 0);
});
