import { extname } from "node:path";
import { namedOptions } from "./names";
import { openParquet } from "./parquet";
import { rowCollector } from "./rows";
import { short } from "./say";
import { type Taken, takeRows } from "./take";
import { readDelimited, readJson, readLines } from "./text";
import type { LoadSentencesOptions } from "./types";

export { textColumnOf } from "./names";
export { splitNames } from "./split-words";
export { isOffset, MAX_DISTINCT } from "./take";

/** A source as columns of text; a value that is missing is "". */
export interface Table {
	columns: Map<string, string[]>;
	rows: number;
	/** Where a row is in the source, e.g. "row 12". */
	place(row: number): string;
	/** What a reader should know of how the data were read, one sentence each. */
	notes?: string[];
}

/** The names of files that can be read. */
export const isFileName = (name: string) =>
	/\.(((csv|tsv|txt|jsonl|ndjson|json)(\.gz)?)|parquet)$/i.test(name);

/** Takes the wanted rows of a file. Throws one sentence where it is missing or a row is broken. */
export async function readFile(
	file: string,
	options: LoadSentencesOptions,
): Promise<Taken> {
	const kind = extname(file.replace(/\.gz$/i, "")).toLowerCase();
	if (kind === ".parquet") {
		refuseTextOptions(file, options, []);
		return fromTable(file, await readParquet(file, options), options);
	}
	if ([".csv", ".tsv"].includes(kind) || options.delimiter !== undefined)
		return readDelimited(file, kind === ".tsv" ? "\t" : ",", options);
	const [first] = [".jsonl", ".ndjson", ".json", ".txt"].filter(
		(k) => k === kind,
	);
	if (first === undefined)
		throw new Error(
			`The file ${file} has no known kind of name; .csv, .tsv, .jsonl and .parquet can be read, .ndjson, .json and .txt too, or a table of another name with delimiter.`,
		);
	refuseTextOptions(file, options, ["encoding"]);
	return kind === ".txt" ? readLines(file, options) : readJson(file, options);
}

/** Takes the wanted rows of a table. */
export function fromTable(
	name: string,
	table: Table,
	options: LoadSentencesOptions,
): Taken {
	const columns = [...table.columns.keys()];
	const named = namedOptions(name, columns, options);
	const source = { name, columns, place: (row: number) => table.place(row) };
	const taker = takeRows(source, named);
	if (table.rows) taker.check();
	for (let row = 0; row < table.rows && !taker.full(); row++)
		taker.add(row, (column) => table.columns.get(column)?.[row]);
	const taken = taker.taken();
	return { ...taken, notes: [...(table.notes ?? []), ...taken.notes] };
}

function refuseTextOptions(
	file: string,
	options: LoadSentencesOptions,
	but: string[],
): void {
	for (const name of ["encoding", "delimiter", "quote", "header"] as const)
		if (options[name] !== undefined && !but.includes(name))
			throw new Error(
				`${name} is given (${short(String(options[name]))}), but ${file} is not a file of values with a delimiter between them: leave it out.`,
			);
}

async function readParquet(
	file: string,
	options: LoadSentencesOptions,
): Promise<Table> {
	const { names } = await openParquet(file);
	const named = namedOptions(file, names, options);
	const { label_columns = [], group, stratify, split_column, limit } = named;
	const whole = options.split !== undefined || stratify !== undefined;
	const needed = [...label_columns, group, stratify, split_column || undefined];
	const { limit: _, ...others } = named;
	const rows = rowCollector({
		...others,
		label_columns: needed.filter((name) => name !== undefined),
		...(!whole && limit !== undefined && { limit }),
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
