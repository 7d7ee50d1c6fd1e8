import * as zlib from "node:zlib";

export interface ParquetOptions {
	/** Default: all rows in one group. */
	rows_per_group?: number;
	/** Key-value metadata of the file. */
	metadata?: Record<string, string>;
	/** By its number in the format: 0 uncompressed (the default), 2 gzip, 4 brotli; others are only declared. */
	codec?: number;
}

/**
 * A small Parquet file of required columns, text or 64-bit integers, one page a column and row group, written from the
 * format's specification (https://parquet.apache.org/docs/file-format/), so that no other tool is needed.
 */
export function parquetOf(
	columns: Record<string, string[] | number[]>,
	{ rows_per_group, metadata = {}, codec = 0 }: ParquetOptions = {},
): Uint8Array {
	const names = Object.keys(columns);
	const rows = columns[names[0]].length;
	const step = rows_per_group ?? Math.max(1, rows);
	const parts: Buffer[] = [magic];
	const groups: Buffer[] = [];
	for (let from = 0; from < rows || from === 0; from += step) {
		const count = Math.min(step, rows - from);
		const chunks = names.map((name) =>
			chunk(name, columns[name].slice(from, from + count), codec, parts),
		);
		groups.push(
			struct([1, list(12, chunks)], [2, i64(sizeOf(parts))], [3, i64(count)]),
		);
	}
	const schema = [
		struct([4, [8, text("schema")]], [5, i32(names.length)]),
		...names.map((name) =>
			isText(columns[name])
				? struct([1, i32(6)], [3, i32(0)], [4, [8, text(name)]], [6, i32(0)])
				: struct([1, i32(2)], [3, i32(0)], [4, [8, text(name)]]),
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
const isText = (values: string[] | number[]) => typeof values[0] !== "number";
const sizeOf = (parts: Buffer[]) =>
	parts.reduce((sum, part) => sum + part.length, 0);

/** Adds one column of one row group to the parts of the file; returns its entry in the footer. */
function chunk(
	name: string,
	values: string[] | number[],
	codec: number,
	parts: Buffer[],
): Buffer {
	const plain = Buffer.concat(values.map(plainValue));
	const packed = pack(plain, codec);
	const page = struct(
		[1, i32(0)], // a data page
		[2, i32(plain.length)],
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
		[1, i32(isText(values) ? 6 : 2)], // BYTE_ARRAY, INT64
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

function pack(bytes: Buffer, codec: number): Buffer {
	if (codec === 2) return zlib.gzipSync(bytes);
	return codec === 4 ? zlib.brotliCompressSync(bytes) : bytes;
}

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

function plainValue(value: string | number): Buffer {
	if (typeof value === "number") {
		const bytes = Buffer.alloc(8);
		bytes.writeBigInt64LE(BigInt(value));
		return bytes;
	}
	const bytes = Buffer.from(value);
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
