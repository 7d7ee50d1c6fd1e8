import { quoted } from "../hub";
import { type ClassNames, className, namedClasses } from "./classes";
import { compressors } from "./codecs";
import { alone, COLUMN, type Column, columnsOf, UnknownCodec } from "./schema";

/** A Parquet file of which parts are read when they are asked for. */
export interface ParquetFile {
	/** The names of all columns in their order. */
	names: string[];
	/** The columns of one plain value a row. */
	columns: string[];
	/** The columns of lists of plain values, whose items are read with ";" between them. */
	lists: string[];
	/** Why the others cannot, each the end of a sentence that begins with the column, e.g. "holds lists". */
	unreadable: Map<string, string>;
	/** How many rows each row group has. */
	groups: number[];
	/**
	 * The first rows of a row group by column, as text; a missing value is "". A column that turns out not to be readable
	 * is absent, and then stands in `unreadable`.
	 */
	read(
		group: number,
		columns: string[],
		rows: number,
	): Promise<Map<string, string[]>>;
	/** What a reader of the rows read so far should know. */
	notes: Set<string>;
}

/**
 * Opens a Parquet file: only its footer is read here, and later only the columns of one row group at a time. Integers
 * that `classes` or the file's "huggingface" metadata declare as class labels become the names of their classes.
 * Throws one sentence where the file is missing or broken.
 */
export async function openParquet(
	file: string,
	classes: ClassNames = new Map(),
): Promise<ParquetFile> {
	const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } =
		await import("hyparquet");
	const buffer = await orBroken(file, () => asyncBufferFromFile(file));
	const metadata = await orBroken(file, () =>
		parquetMetadataAsync(buffer, { geoparquet: false }),
	);
	const { names, columns, unreadable } = columnsOf(metadata);
	const notes = new Set<string>();
	const named = new Map([...namedClasses(metadata), ...classes]);
	const groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
	const stored = async (column: Column, group: number, rows: number) => {
		const found = await parquetReadObjects({
			file: buffer,
			metadata: alone(metadata, column, group),
			rowEnd: Math.min(rows, groups[group]),
			compressors: await compressors(),
			utf8: false,
			parsers: { timestampFromNanoseconds: (count: bigint) => count },
		});
		return found.map((row) => row[COLUMN]);
	};
	const readColumn = async (column: Column, group: number, rows: number) => {
		const { name, cell, isList } = column;
		const classNames = named.get(name);
		const one = (value: unknown) => {
			if (value === null) return "";
			if (value === undefined) throw new Error("its values end too early");
			const text = cell(value);
			return classNames ? className(name, text, classNames, notes) : text;
		};
		const values = await stored(column, group, rows);
		const start = groups.slice(0, group).reduce((sum, rows) => sum + rows, 0);
		return values.map((value, row) =>
			inRow(start + row + 1, () => (isList ? joined(value, one) : one(value))),
		);
	};

	return {
		names,
		columns: columns.filter((one) => !one.isList).map(({ name }) => name),
		lists: columns.filter((one) => one.isList).map(({ name }) => name),
		unreadable,
		groups,
		notes,
		async read(group, wanted, rows) {
			const found = new Map<string, string[]>();
			for (const column of columns) {
				if (!wanted.includes(column.name)) continue;
				try {
					found.set(column.name, await readColumn(column, group, rows));
				} catch (error) {
					const { message } = error as Error;
					const isWhole = error instanceof UnknownCodec;
					unreadable.set(
						column.name,
						isWhole ? message : `cannot be read: ${message}`,
					);
				}
			}
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

function inRow<T>(row: number, action: () => T): T {
	try {
		return action();
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		throw new Error(
			code === "ERR_ENCODING_INVALID_ENCODED_DATA"
				? `row ${row} has bytes that are not UTF-8; write the file in that encoding`
				: `in row ${row}, ${message}`,
		);
	}
}

/** The items of a list that are there, with ";" between them as tags are written; a list that is missing is "". */
function joined(list: unknown, one: (item: unknown) => string): string {
	const there = ((list ?? []) as unknown[]).filter((item) => item !== null);
	const items = there.map(one);
	const odd = items.find((item) => item.includes(";"));
	if (odd !== undefined)
		throw new Error(
			`the list has the item ${quoted(odd)}, which holds the ";" that would stand between items`,
		);
	return items.join(";");
}
