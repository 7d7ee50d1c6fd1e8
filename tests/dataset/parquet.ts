import * as zlib from "node:zlib";

export interface ParquetOptions {
	/** Default: all rows in one group. */
	rows_per_group?: number;
	/** Key-value metadata of the file. */
	metadata?: Record<string, string>;
	/** By its number in the format: 0 uncompressed (the default), 2 gzip, 4 brotli; others are only declared. */
	codec?: number;
	/** Compresses a page, for the codecs that are only declared. */
	pack?: (bytes: Buffer) => Buffer;
	/** The size that the pages' headers claim before compression; default: the right one. */
	claimed?: number;
}

/** A column of values as they are stored (PLAIN), null where one is missing. */
export interface StoredColumn {
	/** The physical type by its number: 1 INT32, 2 INT64, 4 FLOAT, 5 DOUBLE, 6 BYTE_ARRAY, 7 FIXED_LEN_BYTE_ARRAY. */
	type: number;
	/** Of type 7: how many bytes a value has. */
	length?: number;
	/** What it means by the older notation, by its number: 0 UTF8, 5 DECIMAL, 6 DATE, 20 BSON, 21 INTERVAL. */
	converted?: number;
	scale?: number;
	precision?: number;
	values: (Buffer | null)[];
}

type Values = string[] | number[] | StoredColumn;

/**
 * A small Parquet file of columns of text, 64-bit integers or stored values, one page a column and row group, written
 * from the format's specification (https://parquet.apache.org/docs/file-format/), so that no other tool is needed.
 * Columns of one name are given as a list.
 */
export function parquetOf(
	columns: Record<string, Values> | [string, Values][],
	options: ParquetOptions = {},
): Uint8Array {
	const { rows_per_group, metadata = {} } = options;
	const all = (Array.isArray(columns) ? columns : Object.entries(columns)).map(
		([name, values]) => ({ name, ...storedColumn(values) }),
	);
	const rows = all[0].values.length;
	const step = rows_per_group ?? Math.max(1, rows);
	const parts: Buffer[] = [magic];
	const groups: Buffer[] = [];
	for (let from = 0; from < rows || from === 0; from += step) {
		const count = Math.min(step, rows - from);
		const chunks = all.map((column) => {
			const values = column.values.slice(from, from + count);
			return chunk({ ...column, values }, options, parts);
		});
		groups.push(
			struct([1, list(12, chunks)], [2, i64(sizeOf(parts))], [3, i64(count)]),
		);
	}
	const schema = [
		struct([4, [8, text("schema")]], [5, i32(all.length)]),
		...all.map(({ name, type, length, converted, scale, precision, values }) =>
			struct(
				[1, i32(type)],
				...(length === undefined ? [] : [field(2, i32(length))]),
				[3, i32(hasGaps(values) ? 1 : 0)],
				[4, [8, text(name)]],
				...(converted === undefined ? [] : [field(6, i32(converted))]),
				...(scale === undefined ? [] : [field(7, i32(scale))]),
				...(precision === undefined ? [] : [field(8, i32(precision))]),
			),
		),
	];
	const pairs = Object.entries(metadata).map(([key, value]) =>
		struct([1, [8, text(key)]], [2, [8, text(value)]]),
	);
	const footer = struct(
		[1, i32(1)],
		[2, list(12, schema)],
		[3, i64(rows)],
		[4, list(12, groups)],
		...(pairs.length ? ([[5, list(12, pairs)]] as [number, Value][]) : []),
	);
	const length = Buffer.alloc(4);
	length.writeUInt32LE(footer.length);
	return Buffer.concat([...parts, footer, length, magic]);
}

const magic = Buffer.from("PAR1");
const hasGaps = (values: (Buffer | null)[]) => values.includes(null);
const field = (id: number, value: Value): [number, Value] => [id, value];
const sizeOf = (parts: Buffer[]) =>
	parts.reduce((sum, part) => sum + part.length, 0);

function storedColumn(values: Values): StoredColumn {
	if (!Array.isArray(values)) return values;
	return typeof values[0] === "number"
		? { type: 2, values: values.map((value) => i64Bytes(value as number)) }
		: {
				type: 6,
				converted: 0,
				values: values.map((one) => Buffer.from(`${one}`)),
			};
}

/** Adds one column of one row group to the parts of the file; returns its entry in the footer. */
function chunk(
	{ name, type, values }: StoredColumn & { name: string },
	{ codec = 0, pack = packers[codec], claimed }: ParquetOptions,
	parts: Buffer[],
): Buffer {
	const there = values.filter((value) => value !== null);
	const plain = Buffer.concat([
		...(hasGaps(values) ? [levels(values)] : []),
		...there.map((value) => (type === 6 ? withLength(value) : value)),
	]);
	const packed = pack ? pack(plain) : plain;
	const page = struct(
		[1, i32(0)], // a data page
		[2, i32(claimed ?? plain.length)],
		[3, i32(packed.length)],
		[
			5,
			record(
				struct([1, i32(values.length)], [2, i32(0)], [3, i32(3)], [4, i32(3)]),
			),
		],
	);
	const offset = sizeOf(parts);
	parts.push(page, packed);
	const meta = struct(
		[1, i32(type)],
		[2, list(5, [varint(zigzag(0))])], // PLAIN
		[3, list(8, [text(name)])],
		[4, i32(codec)],
		[5, i64(values.length)],
		[6, i64(page.length + plain.length)],
		[7, i64(page.length + packed.length)],
		[9, i64(offset)],
	);
	return struct([2, i64(offset)], [3, record(meta)]);
}

/** Which values are there: definition levels, each a run of length 1. */
function levels(values: (Buffer | null)[]): Buffer {
	return withLength(
		Buffer.concat(values.map((value) => Buffer.of(2, value === null ? 0 : 1))),
	);
}

const packers: Record<number, (bytes: Buffer) => Buffer> = {
	2: (bytes) => zlib.gzipSync(bytes),
	4: (bytes) => zlib.brotliCompressSync(bytes),
};

// Thrift's compact protocol: each value with its type
type Value = [type: number, bytes: Buffer];

const zigzag = (n: number) => (n < 0 ? -2 * n - 1 : 2 * n);
const i32 = (n: number): Value => [5, varint(zigzag(n))];
const i64 = (n: number): Value => [6, varint(zigzag(n))];
const record = (bytes: Buffer): Value => [12, bytes];
const list = (type: number, items: Buffer[]): Value => [
	9,
	Buffer.concat([
		items.length < 15
			? Buffer.of((items.length << 4) | type)
			: Buffer.concat([Buffer.of(0xf0 | type), varint(items.length)]),
		...items,
	]),
];

function struct(...fields: [id: number, value: Value][]): Buffer {
	let last = 0;
	const parts = fields.flatMap(([id, [type, bytes]]) => {
		const head = Buffer.of(((id - last) << 4) | type);
		last = id;
		return [head, bytes];
	});
	return Buffer.concat([...parts, Buffer.of(0)]);
}

function text(value: string): Buffer {
	const bytes = Buffer.from(value);
	return Buffer.concat([varint(bytes.length), bytes]);
}

/** A 64-bit integer as it is stored. */
export function i64Bytes(value: number | bigint): Buffer {
	const bytes = Buffer.alloc(8);
	bytes.writeBigInt64LE(BigInt(value));
	return bytes;
}

/** Bytes behind their number. */
function withLength(bytes: Buffer): Buffer {
	const length = Buffer.alloc(4);
	length.writeUInt32LE(bytes.length);
	return Buffer.concat([length, bytes]);
}

function varint(value: number): Buffer {
	const bytes: number[] = [];
	let rest = value;
	do {
		const low = rest % 128;
		rest = Math.floor(rest / 128);
		bytes.push(rest > 0 ? low | 128 : low);
	} while (rest > 0);
	return Buffer.from(bytes);
}
