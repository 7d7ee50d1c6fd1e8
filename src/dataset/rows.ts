import { basename } from "node:path";
import { quoted } from "../hub";
import { reportProgress } from "../progress";
import type { ClassNames } from "./classes";
import { isIdName, textColumnOf } from "./names";
import { openParquet, type ParquetFile } from "./parquet";
import { append, type Table } from "./table";
import { isOffset, MANY, MAX_DISTINCT } from "./take";
import type { NamedOptions } from "./types";

/** What the rows are read for. */
export interface RowOptions extends NamedOptions {
	/** Rows without a text are left out, and so are columns of so many values that they are no labels. */
	tidy: boolean;
}

/**
 * Collects rows of Parquet files as columns of text, up to `limit`, row group by row group. A column that nobody asked
 * for and that cannot be read is left out, with a note; one that was asked for ends the reading with a sentence.
 */
export function rowCollector({
	text_column,
	label_columns = [],
	limit = Number.POSITIVE_INFINITY,
	missing = [],
	signal,
	tidy,
}: RowOptions) {
	const columns = new Map<string, string[]>();
	const seen = new Map<string, Set<string>>();
	const dropped = new Map<string, string>();
	const notes = new Set<string>();
	const places: string[] = [];
	let text: string | undefined;
	let started = false;
	let over = false;
	let texts = 0;
	let empty = 0;
	const isNeeded = (name: string) =>
		name === text || label_columns.includes(name) || isOffset(name);
	const full = () => over || texts >= limit;

	const drop = (name: string, why: string) => {
		columns.delete(name);
		if (!isIdName(name)) dropped.set(name, why);
	};

	/** Whether the file has what was asked for. */
	const begin = (path: string, file: ParquetFile): boolean => {
		text = textColumnOf(file.columns, text_column);
		const wanted = text ?? textColumnOf([...file.unreadable.keys()]);
		check(path, file, [wanted ?? "", ...label_columns]);
		if (!started) {
			for (const name of [...file.columns, ...file.lists])
				if (file.columns.includes(name) || label_columns.includes(name))
					columns.set(name, []);
				else drop(name, `holds lists; ${asLabels(name)}`);
			for (const [name, why] of file.unreadable) drop(name, why);
		}
		const lacks = [text ?? "text", ...label_columns].find(
			(name) => started && !file.names.includes(name),
		);
		if (lacks !== undefined)
			throw new Error(
				`The column ${quoted(lacks)}, which other files of the data set have, is not in ${path}.`,
			);
		started = true;
		for (const name of columns.keys())
			if (!file.columns.includes(name) && !file.lists.includes(name))
				drop(name, file.unreadable.get(name) ?? `is not in ${basename(path)}`);
		return [text, ...label_columns].every((name) => columns.has(name ?? ""));
	};

	const add = (part: Map<string, string[]>, count: number, place: Place) => {
		const own = part.get(text ?? "") ?? [];
		const all = Array.from({ length: count }, (_, i) => i);
		const there = all
			.filter((i) => own[i] !== "" && !missing.includes(own[i]))
			.slice(0, limit - texts);
		texts += there.length;
		const kept = tidy ? there : all;
		if (tidy)
			empty += own.filter((one) => one === "" || missing.includes(one)).length;
		for (const [name, column] of columns) {
			const values = part.get(name);
			if (!values) continue;
			append(
				column,
				kept.map((i) => values[i]),
			);
			if (!tidy || isNeeded(name)) continue;
			const distinct = seen.get(name) ?? new Set<string>();
			seen.set(name, distinct);
			for (const i of kept) distinct.add(values[i]);
			if (distinct.size > MAX_DISTINCT)
				drop(name, `${MANY}; ${asLabels(name)}`);
		}
		append(
			places,
			kept.map((i) => place(i)),
		);
	};

	return {
		full,
		/** How many rows there are so far. */
		rows: () => places.length,
		/** Reads a file's rows; `split` is told in their places. */
		async read(path: string, split?: string, classes?: ClassNames) {
			const file = await openParquet(path, classes);
			if (!begin(path, file)) {
				places.push(""); // enough for the caller to say which columns there are
				over = true;
				return;
			}
			const total = file.groups.reduce((sum, rows) => sum + rows, 0);
			let before = 0;
			for (const [group, rows] of file.groups.entries()) {
				signal?.throwIfAborted();
				if (full()) break;
				const part = await file.read(group, [...columns.keys()], rows);
				check(path, file, [text ?? "", ...label_columns]);
				for (const name of columns.keys())
					if (!part.has(name)) drop(name, file.unreadable.get(name) ?? "");
				const first = before + 1;
				add(
					part,
					rows,
					(i) => `row ${first + i}${split === undefined ? "" : ` of ${split}`}`,
				);
				before += rows;
				if (split !== undefined)
					reportProgress({
						label: `read ${split}`,
						done: full() ? total : before,
						total,
						unit: "rows",
					});
			}
			for (const note of file.notes) notes.add(note);
		},
		table(): Table {
			if (empty)
				notes.add(
					`${empty.toLocaleString("en-US")} ${empty === 1 ? "row" : "rows"} without a text ${empty === 1 ? "is" : "are"} left out.`,
				);
			for (const [name, why] of [...dropped].slice(0, MOST_NOTES))
				notes.add(`The column ${quoted(name)} is left out: it ${why}.`);
			if (dropped.size > MOST_NOTES)
				notes.add(`${dropped.size - MOST_NOTES} more columns are left out.`);
			return {
				columns,
				rows: places.length,
				place: (row) => places[row],
				...(notes.size && { notes: [...notes] }),
			};
		},
	};
}

/** Of columns that are left out, so many are named. */
const MOST_NOTES = 10;

type Place = (row: number) => string;

const asLabels = (name: string) =>
	`label_columns: [${quoted(name)}] reads it as labels`;

/** Throws where a column that is needed, the text first, cannot be read. */
function check(path: string, file: ParquetFile, needed: string[]): void {
	for (const [i, name] of needed.entries()) {
		const isList = i === 0 && file.lists.includes(name);
		const why =
			file.unreadable.get(name) ??
			(isList ? "holds lists and no text" : undefined);
		if (why !== undefined)
			throw new Error(
				`The column ${quoted(name)} of ${path} ${why}${why.startsWith("holds") ? ": choose another column" : ""}.`,
			);
	}
}
