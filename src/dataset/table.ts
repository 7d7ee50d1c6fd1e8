import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { parse } from "csv-parse/sync";
import { rowCollector } from "./rows";
import type { LoadSentencesOptions, Split } from "./types";

/** A column of more different values is a label only when asked for. */
export const MAX_DISTINCT = 50;

export const splitNames: Split[] = ["train", "validation", "test"];

/** The column of the texts: the wanted one, else "text" or "sentence" where it is there. */
export function textColumnOf(
	columns: string[],
	wanted?: string,
): string | undefined {
	return wanted ?? ["text", "sentence"].find((name) => columns.includes(name));
}

/** Whether a column's name says that it holds places in the text. */
export function isOffset(name: string): boolean {
	return /_(start|end)$/.test(name);
}

/** A file as columns of text; a value that is missing is "". */
export interface Table {
	columns: Map<string, string[]>;
	rows: number;
	/** Where a row is in the file, e.g. "line 12". */
	place(row: number): string;
	/** What a reader should know of how the data were read, one sentence each. */
	notes?: string[];
}

/**
 * Reads a .csv, .tsv, .jsonl or .parquet file; of Parquet no more than `limit` rows where no split is chosen. Throws one
 * sentence where it is missing or a row is broken.
 */
export async function readTable(
	file: string,
	options: LoadSentencesOptions,
): Promise<Table> {
	switch (extname(file).toLowerCase()) {
		case ".csv":
			return readDelimited(file, { delimiter: ",", quote: '"' });
		case ".tsv": // by its standard, a quotation mark is a character like any other
			return readDelimited(file, { delimiter: "\t", quote: false });
		case ".jsonl":
			return readJsonLines(file);
		case ".parquet":
			return readParquet(file, options);
		default:
			throw new Error(
				`The file ${file} has no known kind of name; .csv, .tsv, .jsonl and .parquet can be read.`,
			);
	}
}

/** Throws where it is not UTF-8: characters would be lost, and with them the difference between two labels. */
function readText(file: string): string {
	let bytes: Buffer;
	let text: string;
	try {
		bytes = readFileSync(file);
		text = bytes.toString("utf8");
	} catch {
		throw new Error(
			`The file ${file} does not exist or cannot be read; give "bundled" or the path of a .csv, .tsv, .jsonl or .parquet file.`,
		);
	}
	if (isUtf8(bytes)) return text;
	const lines = bytes.toString("latin1").split("\n"); // a character a byte
	const broken = lines.findIndex(
		(line) => !isUtf8(Buffer.from(line, "latin1")),
	);
	throw new Error(
		`Line ${broken + 1} of ${file} is not UTF-8; save the file in that encoding.`,
	);
}

function readDelimited(
	file: string,
	format: { delimiter: string; quote: string | false },
): Table {
	let records: { record: string[]; info: { lines: number } }[];
	try {
		records = parse(readText(file), {
			...format,
			bom: true,
			info: true,
			relax_column_count: true,
			skip_empty_lines: true,
		}) as unknown as typeof records;
	} catch (error) {
		const line = (error as { lines?: number }).lines;
		if (line === undefined) throw error;
		throw new Error(
			`Line ${line} of ${file} is broken: a quotation mark stands where none may, or is not closed.`,
		);
	}
	const header = records.shift()?.record ?? [];
	for (const { record, info } of records)
		if (record.length !== header.length)
			throw new Error(
				`Line ${info.lines} of ${file} has ${record.length} values, but the header names ${header.length} columns.`,
			);
	return {
		columns: new Map(
			header.map((name, i) => [name, records.map(({ record }) => record[i])]),
		),
		rows: records.length,
		place: (row) => `line ${records[row].info.lines}`,
	};
}

function readJsonLines(file: string): Table {
	const rows: Record<string, unknown>[] = [];
	const lines: number[] = [];
	for (const [i, line] of readText(file).split("\n").entries()) {
		if (line.trim() === "") continue;
		let row: unknown;
		try {
			row = JSON.parse(line);
		} catch {
			throw new Error(`Line ${i + 1} of ${file} is not valid JSON.`);
		}
		if (typeof row !== "object" || row === null || Array.isArray(row))
			throw new Error(
				`Line ${i + 1} of ${file} is not a JSON object like {"text": "…"}.`,
			);
		rows.push(row as Record<string, unknown>);
		lines.push(i + 1);
	}
	return fromObjects(rows, (row) => `line ${lines[row]}`);
}

async function readParquet(
	file: string,
	{ limit, ...options }: LoadSentencesOptions,
): Promise<Table> {
	const early = limit !== undefined && options.split === undefined;
	const rows = rowCollector({
		...options,
		...(early && { limit }),
		tidy: false,
	});
	await rows.read(file);
	return rows.table();
}

/** Adds the values to the list, which may be long. */
export function append<T>(list: T[], values: T[]): T[] {
	for (const value of values) list.push(value);
	return list;
}

/** Columns whose values are lists or objects are left out. */
function fromObjects(
	rows: Record<string, unknown>[],
	place: (row: number) => string,
): Table {
	const columns = new Map<string, string[]>();
	const nested = new Set<string>();
	for (const [i, row] of rows.entries())
		for (const [name, value] of Object.entries(row)) {
			if (value === null || value === undefined) continue;
			if (typeof value === "object" && !(value instanceof Date)) {
				nested.add(name);
				continue;
			}
			let column = columns.get(name);
			if (!column) {
				column = new Array<string>(rows.length).fill("");
				columns.set(name, column);
			}
			column[i] = value instanceof Date ? value.toISOString() : String(value);
		}
	for (const name of nested) columns.delete(name);
	return { columns, rows: rows.length, place };
}
