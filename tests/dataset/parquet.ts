/**
 * A small uncompressed Parquet file of required text columns, one row group, one page a column, written from the
 * format's specification (https://parquet.apache.org/docs/file-format/), so that no other tool is needed.
 */
export function parquetOf(columns: Record<string, string[]>): Uint8Array {
	const magic = Buffer.from("PAR1");
	const parts: Buffer[] = [magic];
	let at = magic.length;
	const chunks: Buffer[] = [];
	const names = Object.keys(columns);
	const rows = columns[names[0]].length;
	for (const name of names) {
		const values = Buffer.concat(columns[name].map(plainText));
		const page = struct(
			[1, i32(0)], // a data page
			[2, i32(values.length)],
			[3, i32(values.length)],
			[
				5,
				record(struct([1, i32(rows)], [2, i32(0)], [3, i32(3)], [4, i32(3)])),
			],
		);
		const offset = at;
		const size = page.length + values.length;
		parts.push(page, values);
		at += size;
		const meta = struct(
			[1, i32(6)], // BYTE_ARRAY
			[2, list(5, [varint(zigzag(0))])], // PLAIN
			[3, list(8, [text(name)])],
			[4, i32(0)], // uncompressed
			[5, i64(rows)],
			[6, i64(size)],
			[7, i64(size)],
			[9, i64(offset)],
		);
		chunks.push(struct([2, i64(offset)], [3, record(meta)]));
	}
	const total = at - magic.length;
	const group = struct([1, list(12, chunks)], [2, i64(total)], [3, i64(rows)]);
	const schema = [
		struct([4, [8, text("schema")]], [5, i32(names.length)]),
		...names.map((name) =>
			struct([1, i32(6)], [3, i32(0)], [4, [8, text(name)]], [6, i32(0)]),
		),
	];
	const footer = struct(
		[1, i32(1)],
		[2, list(12, schema)],
		[3, i64(rows)],
		[4, list(12, [group])],
	);
	const length = Buffer.alloc(4);
	length.writeUInt32LE(footer.length);
	return Buffer.concat([...parts, footer, length, magic]);
}

// Thrift's compact protocol: each value with its type
type Value = [type: number, bytes: Buffer];

const zigzag = (n: number) => (n < 0 ? -2 * n - 1 : 2 * n);
const i32 = (n: number): Value => [5, varint(zigzag(n))];
const i64 = (n: number): Value => [6, varint(zigzag(n))];
const record = (bytes: Buffer): Value => [12, bytes];
const list = (type: number, items: Buffer[]): Value => [
	9,
	Buffer.concat([Buffer.of((items.length << 4) | type), ...items]),
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

function plainText(value: string): Buffer {
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
