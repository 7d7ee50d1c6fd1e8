import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadSentences } from "../../src/dataset";
import { openParquet } from "../../src/dataset/parquet";
import { temporaryFolder } from "../tiny";
import {
	i64Bytes,
	type ParquetOptions,
	parquetOf,
	type StoredColumn,
} from "./parquet";

const { folder, remove } = temporaryFolder();
after(remove);
const written = join(__dirname, "python"); // by files.py there
let files = 0;
const fileOf = (...args: Parameters<typeof parquetOf>) => {
	const path = join(folder, `${files++}.parquet`);
	writeFileSync(path, parquetOf(...args));
	return path;
};
const columnsOf = async (path: string, lists = false) => {
	const file = await openParquet(path);
	const names = [...file.columns, ...(lists ? file.lists : [])];
	const found = Object.fromEntries(await file.read(0, names, file.groups[0]));
	return { found, unreadable: Object.fromEntries(file.unreadable) };
};

test("every compression that polars and pyarrow write is read with every version of Node", async () => {
	const texts = Array.from(
		{ length: 300 },
		(_, i) => `A fine day number ${i % 7}, as days go.`,
	);
	for (const name of [
		"polars-zstd",
		"polars-lz4",
		"pyarrow-snappy",
		"pyarrow-gzip",
		"pyarrow-brotli",
		"pyarrow-zstd",
		"pyarrow-lz4",
	]) {
		const { text } = await loadSentences(join(written, `${name}.parquet`));
		assert.deepEqual(text, texts, name);
	}
});

/** LZ4 and ZSTD with bytes as they are, in frames of at most `most` bytes. */
const literals = (bytes: Buffer) =>
	bytes.length < 15
		? Buffer.concat([Buffer.of(bytes.length << 4), bytes])
		: Buffer.concat([Buffer.of(0xf0, bytes.length - 15), bytes]);
const u32 = (value: number) => {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
};
const inTwo = (pack: (bytes: Buffer) => Buffer) => (bytes: Buffer) =>
	Buffer.concat([pack(bytes.subarray(0, 5)), pack(bytes.subarray(5))]);
const hadoop = (bytes: Buffer) => {
	const packed = literals(bytes);
	return Buffer.concat([u32(bytes.length), u32(packed.length), packed]);
};
/** A frame whose one block repeats a byte, or is raw. */
const zstdFrame = (size: number, block: Buffer) =>
	Buffer.concat([Buffer.from("28b52ffda0", "hex"), u32(size).reverse(), block]);
const raw = (bytes: Buffer) =>
	zstdFrame(
		bytes.length,
		Buffer.concat([
			u32((bytes.length << 3) | 1)
				.reverse()
				.subarray(0, 3),
			bytes,
		]),
	);
const repeated = (size: number) =>
	zstdFrame(
		size,
		Buffer.concat([
			u32((size << 3) | 3)
				.reverse()
				.subarray(0, 3),
			Buffer.of(65),
		]),
	);

test("pages may be of several frames, and LZ4 in Hadoop's frames or in none", async () => {
	const text = ["A fine day.", "A grim day."];
	const packed: [number, (bytes: Buffer) => Buffer][] = [
		[5, literals],
		[5, hadoop],
		[5, inTwo(hadoop)],
		[6, raw],
		[6, inTwo(raw)],
		[7, literals],
	];
	for (const [codec, pack] of packed) {
		const path = fileOf({ text }, { codec, pack });
		assert.deepEqual((await loadSentences(path)).text, text);
	}
});

test("a page that unpacks to more or less than its header says is refused, and no more is unpacked", async () => {
	const refused: ParquetOptions[] = [
		...[1, 2, 4, 5, 6, 7].map((codec) => ({
			codec,
			claimed: 10,
			...(codec === 6 && { pack: raw }),
			...([1, 5, 7].includes(codec) && { pack: literals }),
		})),
		{ codec: 6, claimed: 1000, pack: raw },
		{ codec: 7, claimed: 1000, pack: literals },
		{ codec: 6, claimed: 30, pack: () => repeated(100_000) },
		{ codec: 6, claimed: 2 ** 30, pack: () => repeated(100_000) },
		{ codec: 6, pack: (bytes) => raw(bytes).subarray(0, -4) },
		{ codec: 7, pack: () => Buffer.of(0x1f, 65, 9, 0, 255, 255) },
		{ codec: 2, claimed: -5 },
	];
	for (const options of refused)
		await assert.rejects(
			loadSentences(fileOf({ text: ["A fine day.", "A grim day."] }, options)),
			/^Error: The column "text" of .*parquet cannot be read: /,
			JSON.stringify(options),
		);
});

test("a compression that nobody here knows is named, whatever the version of Node", async () => {
	for (const [codec, name] of [
		[3, "LZO"],
		[77, "something unknown"],
	] as const)
		await assert.rejects(
			loadSentences(fileOf({ text: ["A."] }, { codec })),
			new RegExp(
				`is compressed with ${name}, which cannot be read: write it with SNAPPY, GZIP, BROTLI, ZSTD, LZ4`,
			),
		);
});

test("values that pyarrow wrote have all of their digits, and a missing one is empty", async () => {
	const { found, unreadable } = await columnsOf(
		join(written, "values.parquet"),
		true,
	);
	assert.deepEqual(found, {
		text: ["a", "b", "c"],
		decimal_5: ["0.35", "-1.50", ""],
		decimal_18: ["12345678901234.5678", "-0.0001", "0.0000"],
		decimal_38: [
			"1234567890123456789012345678.9012345678",
			"-1234567890123456789012345678.9012345679",
			"1.5000000000",
		],
		decimal_whole: ["7", "-70", "0"],
		int64: ["9007199254740993", "-9223372036854775808", "9223372036854775807"],
		uint64: ["18446744073709551615", "9007199254740993", "0"],
		uint32: ["4294967295", "1", "0"],
		int8: ["-128", "1", ""],
		float: ["0.1", "", ""],
		double: ["1", "", "0.1"],
		infinite: ["inf", "-inf", "1e+22"],
		half: ["0.1", "1", "-65500"],
		boolean: ["true", "false", ""],
		date: ["2024-01-31", "1969-12-31", "0001-01-01"],
		millis: ["2024-01-31T12:00:00.123Z", "1970-01-01T00:00:00Z", ""],
		micros: ["2024-01-31T12:00:00.123456", "1969-12-31T23:59:59.999999", ""],
		nanos: [
			"2024-01-31T12:00:00.123456789Z",
			"1969-12-31T23:59:59.999999999Z",
			"1970-01-01T00:00:00Z",
		],
		time: ["01:02:03.004", "00:00:00", "23:59:59"],
		time_micros: ["01:02:03.000004", "00:00:00", "23:59:59"],
		nothing: ["", "", ""],
		category: ["u", "v", "u"],
		mark: ["\ufeffx", "", ""],
		bytes_of_text: ["abc", "é", ""],
		tags: ["joy;fear", "", ""],
		numbers: ["1;2", "3", ""],
		uuid: [1, 2, 3].map((n) => `00000000-0000-0000-0000-00000000000${n}`),
	});
	assert.deepEqual(Object.keys(unreadable).sort(), [
		"bytes",
		"deep",
		"map",
		"odd_tags",
		"structure",
	]);
	assert.match(unreadable.bytes, /row 2 has bytes that are not UTF-8/);
	assert.match(unreadable.odd_tags, /row 1, the list has the item "a;b"/);
});

test("the same values are read from every encoding, and from the old ones of times", async () => {
	const encodings = await columnsOf(join(written, "encodings.parquet"));
	assert.deepEqual(encodings.found, {
		text: ["a", "b", "c"],
		decimal_5: ["0.35", "-1.50", ""],
		decimal_18: ["12345678901234.5678", "-0.0001", "0.0000"],
		int64: ["9007199254740993", "-9223372036854775808", "9223372036854775807"],
		double: ["1", "", "0.1"],
		float: ["0.1", "", ""],
	});
	const old = await columnsOf(join(written, "int96.parquet"));
	assert.deepEqual(old.found.micros, [
		"2024-01-31T12:00:00.123456",
		"1969-12-31T23:59:59.999999",
		"",
	]);
	assert.equal(old.found.nanos[0], "2024-01-31T12:00:00.123456789");
});

test("what DuckDB and polars write is read, and what has no text of its own is left out", async () => {
	const duckdb = await columnsOf(join(written, "duckdb.parquet"));
	assert.deepEqual(duckdb, {
		found: {
			text: ["a"],
			price: ["0.35"],
			two: ["1.50"],
			tiny: ["-0.00001"],
			large: ["12345678901234567890.123456789"],
			enum: ["u"],
			moment: ["2024-01-31T11:00:00.500Z"],
		},
		unreadable: { span: "holds intervals and no text" },
	});
	const polars = await columnsOf(join(written, "polars.parquet"), true);
	assert.deepEqual(polars.found, {
		text: ["a", "b"],
		enum: ["u", "v"],
		decimal: ["0.350", "1.500"],
		tags: ["a", "b;c"],
	});
	assert.match(polars.unreadable.int128, /bytes that are no text|not UTF-8/);
});

const decimal = (
	type: number,
	scale: number,
	values: (Buffer | null)[],
	length?: number,
): StoredColumn => ({
	type,
	converted: 5,
	scale,
	precision: 38,
	values,
	...(length !== undefined && { length }),
});

test("decimals have the digits that were written, however they are stored", async () => {
	const i32 = (value: number) => {
		const bytes = Buffer.alloc(4);
		bytes.writeInt32LE(value);
		return bytes;
	};
	const hex = (text: string) => Buffer.from(text, "hex");
	const { found } = await columnsOf(
		fileOf({
			int32: decimal(1, 2, [35, -5, 0, 2 ** 31 - 1, -1250].map(i32)),
			int64: decimal(
				2,
				18,
				[1n, -(10n ** 18n), 35n, 10n ** 17n, 0n].map(i64Bytes),
			),
			fixed: decimal(
				7,
				3,
				["0000ff", "ffff01", "800000", "7fffff", "000000"].map(hex),
				3,
			),
			bytes: decimal(
				6,
				0,
				["", "00", "ff", "0100", "00ffffffffffffffffff"].map(hex),
			),
			gaps: decimal(6, 1, [null, hex("01"), null, hex("0a"), null]),
		}),
	);
	assert.deepEqual(found, {
		int32: ["0.35", "-0.05", "0.00", "21474836.47", "-12.50"],
		int64: [
			"0.000000000000000001",
			"-1.000000000000000000",
			"0.000000000000000035",
			"0.100000000000000000",
			"0.000000000000000000",
		],
		fixed: ["0.255", "-0.255", "-8388.608", "8388.607", "0.000"],
		bytes: ["0", "0", "-1", "256", "4722366482869645213695"],
		gaps: ["", "0.1", "", "1.0", ""],
	});
});

test("a column nobody asked for can stop nothing; one that is asked for gives a sentence", async () => {
	const broken = Buffer.from("c3ff", "hex");
	const path = fileOf([
		["text", ["A.", "B."]],
		["label", ["x", "y"]],
		["broken", { type: 6, converted: 0, values: [broken, broken] }],
		["bson", { type: 6, converted: 20, values: [broken, broken] }],
		["span", { type: 7, length: 2, converted: 21, values: [broken, broken] }],
		["scale", decimal(2, 2 ** 30, [i64Bytes(1), i64Bytes(2)])],
		["same", ["1", "2"]],
		["same", ["3", "4"]],
		["__proto__", ["p", "q"]],
		["constructor", ["c", "d"]],
	]);
	const { text, labels, notes } = await loadSentences(path);
	assert.deepEqual(text, ["A.", "B."]);
	assert.deepEqual(labels.label, ["x", "y"]);
	assert.deepEqual(labels.constructor, ["c", "d"]);
	assert.deepEqual(notes?.map((note) => /"(.*?)"/.exec(note)?.[1]).sort(), [
		"broken",
		"bson",
		"same",
		"scale",
		"span",
	]);
	const asked: [string, RegExp][] = [
		[
			"broken",
			/column "broken" of .* cannot be read: row 1 has bytes that are not UTF-8; write the file in that encoding\./,
		],
		[
			"bson",
			/column "bson" of .* holds BSON and no text: choose another column/,
		],
		["same", /column "same" of .* is there more than once/],
		["lable", /has no column "lable"; near names are label/],
	];
	for (const [name, sentence] of asked) {
		await assert.rejects(
			loadSentences(path, { label_columns: [name] }),
			sentence,
		);
		if (name !== "lable")
			await assert.rejects(
				loadSentences(path, { text_column: name }),
				sentence,
			);
	}
});

test("lists become labels only when they are asked for", async () => {
	const path = join(written, "values.parquet");
	const { labels, notes } = await loadSentences(path);
	assert.ok(!("tags" in labels));
	assert.ok(
		notes?.some((note) =>
			/"tags" is left out: it holds lists; label_columns: \["tags"\]/.test(
				note,
			),
		),
	);
	const asked = await loadSentences(path, {
		label_columns: ["tags", "numbers"],
	});
	assert.deepEqual(asked.labels, {
		tags: ["joy;fear", "", ""],
		numbers: ["1;2", "3", ""],
	});
	await assert.rejects(
		loadSentences(path, { text_column: "tags" }),
		/column "tags" of .* holds lists and no text: choose another column/,
	);
});

const declared = (features: object) => ({
	metadata: { huggingface: JSON.stringify({ info: { features } }) },
});
const classLabel = (...names: string[]) => ({ names, _type: "ClassLabel" });

test("class labels of a local file have the names of their classes", async () => {
	const path = fileOf(
		{
			text: ["A.", "B.", "C.", "D."],
			label: [1, 0, -1, 7],
			other: [0, 1, 0, 1],
		},
		declared({ label: classLabel("0", "7"), other: { dtype: "int64" } }),
	);
	const { labels, notes } = await loadSentences(path);
	assert.deepEqual(labels, {
		label: ["7", "0", "", "number 7"],
		other: ["0", "1", "0", "1"],
	});
	assert.deepEqual(notes, [
		'The column "label" has values that none of its 2 class names belongs to, e.g. 7; they stay numbers.',
	]);
});

test("files without rows, without row groups, and of columns that are all missing are read", async () => {
	await assert.rejects(
		loadSentences(join(written, "no-groups.parquet")),
		/is empty: it has no row below its header/,
	);
	await assert.rejects(
		loadSentences(join(written, "doubled.parquet"), {
			label_columns: ["label"],
		}),
		/"label" of .* is there more than once/,
	);
	const gaps = { type: 6, converted: 0, values: [null, null] };
	const { labels } = await loadSentences(fileOf({ text: ["A.", "B."], gaps }));
	assert.deepEqual(labels, { gaps: ["", ""] });
	await assert.rejects(
		loadSentences(fileOf({ text: gaps })),
		/Every text of .* is empty, from row 1 on/,
	);
});

test("a limit reads no more rows of a local file than it needs", async () => {
	const broken = Buffer.from("ff", "hex");
	const values = ["A.", "B.", "C."].map((text) => Buffer.from(text));
	const path = fileOf(
		{ text: { type: 6, converted: 0, values: [...values, broken] } },
		{ rows_per_group: 3 },
	);
	assert.deepEqual((await loadSentences(path, { limit: 3 })).text, [
		"A.",
		"B.",
		"C.",
	]);
	await assert.rejects(
		loadSentences(path, { limit: 4 }),
		/column "text" of .* cannot be read: row 4 has bytes that are not UTF-8/,
	);
});

test("pages with fewer values than the row group has rows are refused", async () => {
	const bytes = Buffer.from(parquetOf({ text: ["A.", "B."] }));
	const path = join(folder, "short.parquet");
	const at = bytes.indexOf(Buffer.from([0x15, 4, 0x15, 0, 0x15, 6])); // num_values 2 of the page
	assert.ok(at > 0);
	bytes[at + 1] = 2;
	writeFileSync(path, bytes);
	await assert.rejects(
		loadSentences(path),
		/"text" of .* its values end too early/,
	);
});

test("one table as CSV, JSONL and Parquet gives one set of classes", async () => {
	const text = ["A.", "B.", "C."];
	const doubles = [1, 2.5, 1e22].map((value) => {
		const bytes = Buffer.alloc(8);
		bytes.writeDoubleLE(value);
		return bytes;
	});
	const parquet = fileOf({
		text,
		whole: [1, 2, 1],
		long: { type: 2, values: [2n ** 53n + 1n, 2n ** 53n, -1n].map(i64Bytes) },
		double: { type: 5, values: doubles },
		gap: {
			type: 6,
			converted: 0,
			values: [Buffer.from("x"), null, Buffer.from("x")],
		},
	});
	const csv = join(folder, "one.csv");
	writeFileSync(
		csv,
		"text,whole,long,double,gap\nA.,1.0,9007199254740993,1.0,x\nB.,2.0,9007199254740992,2.5,\nC.,1.0,-1,1e+22,x\n",
	);
	const jsonl = join(folder, "one.jsonl");
	writeFileSync(
		jsonl,
		'{"text":"A.","whole":1,"long":9007199254740993,"double":1.0,"gap":"x"}\n{"text":"B.","whole":2,"long":9007199254740992,"double":2.5,"gap":null}\n{"text":"C.","whole":1,"long":-1,"double":1e22,"gap":"x"}\n',
	);
	const labels = {
		whole: ["1", "2", "1"],
		long: ["9007199254740993", "9007199254740992", "-1"],
		double: ["1", "2.5", "1e+22"],
		gap: ["x", "", "x"],
	};
	for (const path of [csv, jsonl, parquet])
		assert.deepEqual((await loadSentences(path)).labels, labels, path);
});
