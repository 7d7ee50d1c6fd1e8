import { getHeapStatistics } from "node:v8";
import { noColumn, noText, splitColumnOf, textColumnOf } from "./names";
import { counted, short } from "./say";
import { splitOfWord } from "./split-words";
import type { NamedOptions, Split } from "./types";

/** A column of more different values is a label only when asked for. */
export const MAX_DISTINCT = 50;

/** Why such a column is not there. */
export const MANY = `has more than ${MAX_DISTINCT} different values`;

/** Whether a column's name says that it holds places in the text. */
export function isOffset(name: string): boolean {
	return /_(start|end)$/.test(name);
}

/** Rows that were taken from a source. */
export interface Taken {
	text: string[];
	/** All other columns, of one value a row; a missing value is "". */
	columns: Map<string, string[]>;
	split?: Split[];
	group?: string[];
	/** Why a column is not there, for a sentence that begins with its name. */
	left: Map<string, string>;
	notes: string[];
	/** What the rows were taken by. */
	options: NamedOptions;
	/** Where a row is, e.g. `line 12 of "a.csv"`. */
	where(row: number): string;
}

/** What rows are taken from. */
export interface RowSource {
	name: string;
	columns: string[];
	/** What to call a row's number, e.g. (n) => `line ${n}`. */
	place(number: number): string;
	/** A sentence for each name that several columns have. */
	twice?: Map<string, string>;
}

export type Taker = ReturnType<typeof takeRows>;

/** Characters that may be kept: each takes one or two bytes of the heap. */
const most_characters = getHeapStatistics().heap_size_limit / 4;

interface Column {
	values: string[];
	/** Different values so far, where too many make the column useless. */
	seen?: Map<string, string>;
}

/**
 * Takes rows one by one, as many as are wanted: those of the wanted split that have a text. Columns that turn out to be
 * neither a label nor otherwise needed are dropped on the way, so that a long file is read in little memory.
 */
export function takeRows(source: RowSource, options: NamedOptions) {
	const { name: sourceName, columns: names, twice = new Map() } = source;
	const { label_columns, group, stratify, missing = [] } = options;
	const limit = stratify === undefined ? options.limit : undefined;
	const textColumn = textColumnOf(names, options.text_column) ?? "";
	const splitColumn = splitColumnOf(names, options.split_column);
	const needed = new Set(
		[...(label_columns ?? []), group, stratify].filter(
			(name) => name !== undefined,
		),
	);
	const isWanted = splitFilter(options.split);
	const at = (number: number) => `${source.place(number)} of "${sourceName}"`;

	const text: string[] = [];
	const rows: number[] = [];
	const columns = new Map<string, Column>();
	const left = new Map<string, string>();
	let [kept, seen, empty, firstEmpty] = [0, 0, 0, 0];

	function declare(name: string): void {
		if (name === textColumn || columns.has(name) || left.has(name)) return;
		const values = new Array<string>(text.length).fill("");
		const keep = needed.has(name) || isOffset(name) || name === splitColumn;
		columns.set(name, keep ? { values } : { values, seen: new Map() });
	}

	function leave(name: string, why: string): void {
		if (needed.has(name) || name === textColumn || name === splitColumn)
			throw new Error(`The column ${short(name)} of "${sourceName}" ${why}.`);
		columns.delete(name);
		left.set(name, why);
	}

	function put(name: string, column: Column, value: string): void {
		const known = column.seen?.get(value);
		column.values.push(known ?? value);
		if (known !== undefined) return;
		kept += value.length;
		column.seen?.set(value, value);
		if (column.seen && column.seen.size > MAX_DISTINCT) leave(name, MANY);
	}

	/** Throws where a column that is asked for is not there, or there twice. */
	function check(): void {
		for (const name of [textColumn, ...needed, splitColumn])
			if (twice.has(name)) throw new Error(twice.get(name));
		if (label_columns === undefined)
			for (const sentence of twice.values()) throw new Error(sentence);
		if (textColumn === "") throw noText(sourceName, names);
		for (const name of [textColumn, ...needed, splitColumn])
			if (name !== undefined && name !== textColumn && !columns.has(name))
				throw noColumn(sourceName, name, names);
		if (!names.includes(textColumn))
			throw noColumn(sourceName, textColumn, names);
		if (options.split !== undefined && splitColumn === undefined)
			throw new Error(
				`The data set "${sourceName}" has no column "split", so its ${options.split} sentences cannot be chosen.`,
			);
	}

	for (const name of names) declare(name);

	return {
		declare,
		leave,
		check,
		/** Whether a column is asked for; without label_columns, each is. */
		isAsked: (name: string) =>
			needed.has(name) || name === textColumn || label_columns === undefined,
		isLabel: (name: string) => label_columns?.includes(name) ?? false,
		has: (name: string) => columns.has(name) || name === textColumn,
		full: () => text.length >= (limit ?? Number.POSITIVE_INFINITY),
		/** Takes a row, if it is wanted. `read`: gives its value of a column. */
		add(number: number, read: (name: string) => string | undefined): void {
			seen++;
			if (splitColumn !== undefined && !isWanted(read(splitColumn) ?? ""))
				return;
			const own = read(textColumn) ?? "";
			if (own === "" || missing.includes(own)) {
				if (empty++ === 0) firstEmpty = number;
				return;
			}
			text.push(own);
			rows.push(number);
			kept += own.length;
			for (const [name, column] of columns) put(name, column, read(name) ?? "");
			if (kept > most_characters)
				throw new Error(
					`"${sourceName}" holds more than ${counted(Math.floor(most_characters), "character")} to keep, too many for this process: give limit.`,
				);
		},
		taken(): Taken {
			check();
			if (seen === 0)
				throw new Error(
					`The data set "${sourceName}" is empty: it has no row below its header.`,
				);
			if (text.length === 0 && empty > 0)
				throw new Error(
					`Every text of "${sourceName}" is empty, from ${source.place(firstEmpty)} on.`,
				);
			const where = (row: number) => at(rows[row]);
			const values = new Map(
				[...columns].map(([name, column]) => [name, column.values]),
			);
			const split = splitsOf(splitColumn, values, options, where);
			return {
				...{ text, columns: values, left, where },
				options: {
					...options,
					text_column: textColumn,
					...(splitColumn !== undefined && { split_column: splitColumn }),
				},
				...(split && { split }),
				...(group !== undefined && { group: values.get(group) ?? text }),
				notes: empty
					? [
							`${counted(empty, "row")} without a text ${empty === 1 ? "is" : "are"} left out, ${empty === 1 ? "" : "the first "}in ${at(firstEmpty)}.`,
						]
					: [],
			};
		},
	};
}

/** Whether a row's value means the wanted split. */
function splitFilter(wanted: string | undefined): (value: string) => boolean {
	if (wanted === undefined) return () => true;
	const split = splitOfWord(wanted);
	const plain = (value: string) => value.trim().toLowerCase();
	return (value) =>
		split ? splitOfWord(value) === split : plain(value) === plain(wanted);
}

/** The split of each row, if a column says it in words that are known. */
function splitsOf(
	name: string | undefined,
	columns: Map<string, string[]>,
	{ label_columns = [], split }: NamedOptions,
	where: (row: number) => string,
): Split[] | undefined {
	if (name === undefined) return undefined;
	const values = columns.get(name) ?? [];
	const splits = values.map(splitOfWord);
	const wrong = splits.indexOf(undefined);
	if (wrong < 0) return splits as Split[];
	if (split !== undefined || label_columns.includes(name)) return undefined;
	throw new Error(
		`In ${where(wrong)}, ${bareName(name)} is ${short(values[wrong])}, where train, validation or test was expected: give split_column: false if it means something else, or ask for it in label_columns.`,
	);
}

const bareName = (name: string) => (name === "split" ? name : short(name));
