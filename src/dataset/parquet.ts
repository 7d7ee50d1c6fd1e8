import * as zlib from "node:zlib";
import type { FileMetaData } from "hyparquet";

/** A Parquet file of which parts are read when they are asked for. */
export interface ParquetFile {
	/** Columns of one plain value a row; lists and structures are left out. */
	columns: string[];
	/** How many rows each row group has. */
	groups: number[];
	/** The first rows of a row group by column, as text; a missing value is "", a column of objects is left out. */
	read(
		group: number,
		columns: string[],
		rows: number,
	): Promise<Map<string, string[]>>;
}

/**
 * Opens a Parquet file: only its footer is read here, and later only the columns of one row group at a time. Integers
 * that the "huggingface" metadata declares as class labels become the names of their classes.
 * Throws one sentence where the file is missing, broken or compressed in a way that cannot be read.
 */
export async function openParquet(file: string): Promise<ParquetFile> {
	const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } =
		await import("hyparquet");
	const buffer = await orBroken(file, () => asyncBufferFromFile(file));
	const metadata = await orBroken(file, () =>
		parquetMetadataAsync(buffer, { geoparquet: false }),
	);
	const columns = plainColumns(metadata);
	const groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
	const classes = classNames(metadata);
	let before = 0;
	const starts = groups.map((rows) => {
		before += rows;
		return before - rows;
	});
	return {
		columns,
		groups,
		async read(group, wanted, rows) {
			checkCodecs(file, metadata, group, wanted);
			const end = starts[group] + Math.min(rows, groups[group]);
			const objects = await orBroken(file, () =>
				parquetReadObjects({
					file: buffer,
					metadata,
					columns: wanted,
					rowStart: starts[group],
					rowEnd: end,
					compressors,
				}),
			);
			const found = new Map<string, string[]>();
			for (const name of wanted)
				if (!objects.some((row) => isNested(row[name])))
					found.set(
						name,
						objects.map((row) => textOf(row[name], classes.get(name))),
					);
			return found;
		},
	};
}

async function orBroken<T>(file: string, action: () => Promise<T>): Promise<T> {
	try {
		return await action();
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		throw new Error(
			code === "ENOENT"
				? `The file ${file} does not exist or cannot be read; give "bundled" or the path of a .csv, .tsv, .jsonl or .parquet file.`
				: `The file ${file} cannot be read as Parquet: ${message}.`,
		);
	}
}

function plainColumns({ schema }: FileMetaData): string[] {
	const names: string[] = [];
	for (let i = 1; i < schema.length; ) {
		const { name, num_children = 0, repetition_type } = schema[i];
		if (num_children === 0 && repetition_type !== "REPEATED") names.push(name);
		i = after(schema, i);
	}
	return names;
}

/** The place in the schema behind an element and all that is below it. */
function after(schema: FileMetaData["schema"], i: number): number {
	let open = 1;
	while (open > 0 && i < schema.length)
		open += (schema[i++].num_children ?? 0) - 1;
	return i;
}

/** The names of the classes of each column that is a ClassLabel of Python's `datasets`. */
function classNames({
	key_value_metadata = [],
}: FileMetaData): Map<string, string[]> {
	const found = new Map<string, string[]>();
	const text = key_value_metadata.find(({ key }) => key === "huggingface");
	try {
		const features = JSON.parse(text?.value ?? "{}").info?.features ?? {};
		for (const [name, feature] of Object.entries<Record<string, unknown>>(
			features,
		)) {
			if (feature?._type !== "ClassLabel") continue;
			const names = Object.values(feature.names ?? []);
			if (names.every((label) => typeof label === "string"))
				found.set(name, names as string[]);
		}
	} catch {} // without readable metadata, labels stay numbers
	return found;
}

function isNested(value: unknown): boolean {
	return (
		typeof value === "object" && value !== null && !(value instanceof Date)
	);
}

function textOf(value: unknown, classes: string[] | undefined): string {
	if (value === null || value === undefined) return "";
	if (value instanceof Date) return value.toISOString();
	const text = String(value);
	if (!classes || !/^-?\d+$/.test(text)) return text;
	return text === "-1" ? "" : (classes[Number(text)] ?? text); // -1: a row without a label
}

const atMost = (length: number) => ({ maxOutputLength: Math.max(1, length) });
const unpacked = (bytes: Uint8Array) => new Uint8Array(bytes);
const { zstdDecompressSync } = zlib as typeof zlib & {
	/** From Node 22.15 on. */
	zstdDecompressSync?: typeof zlib.gunzipSync;
};

/** Beside snappy, which hyparquet has itself. No output may be longer than the file says. */
const compressors = {
	GZIP: (bytes: Uint8Array, length: number) =>
		unpacked(zlib.gunzipSync(bytes, atMost(length))),
	BROTLI: (bytes: Uint8Array, length: number) =>
		unpacked(zlib.brotliDecompressSync(bytes, atMost(length))),
	...(zstdDecompressSync && {
		ZSTD: (bytes: Uint8Array, length: number) =>
			unpacked(zstdDecompressSync(bytes, atMost(length))),
	}),
};

function checkCodecs(
	file: string,
	{ row_groups }: FileMetaData,
	group: number,
	wanted: string[],
): void {
	const readable = ["UNCOMPRESSED", "SNAPPY", ...Object.keys(compressors)];
	for (const { meta_data } of row_groups[group].columns) {
		const { codec = "UNCOMPRESSED", path_in_schema = [] } = meta_data ?? {};
		if (readable.includes(codec) || !wanted.includes(path_in_schema[0]))
			continue;
		const newer = codec === "ZSTD" ? `, or ZSTD with Node 22.15 or newer` : "";
		throw new Error(
			`The file ${file} is compressed with ${codec}, which cannot be read: write it with ${readable.slice(1).join(", ")}${newer}.`,
		);
	}
}
