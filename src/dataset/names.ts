import { nearNames } from "../suggest";
import { bare, short, shortList } from "./say";
import type { Column, LoadSentencesOptions, NamedOptions } from "./types";

/** Columns that number the rows: pandas, R and Parquet write them without being asked. */
export const isIndexName = (name: string) =>
	/^(unnamed: ?\d+|__index_level_\d+__|index|idx|row|rowid|row_id|no|nr|#)$/i.test(
		name,
	);

/** Columns that tell the rows apart, which nobody means as classes. */
export const isIdName = (name: string) => /^id$/i.test(name);

export interface ColumnNames {
	/** By place: the name; undefined where the column is not read. */
	names: (string | undefined)[];
	/** By name: a sentence on the places of columns that share it. */
	twice: Map<string, string>;
}

/**
 * The columns of a first line, their names trimmed. Of columns with one name, those are read that an option asks for by
 * number; a column without a name only where it is asked for so, its number being its name.
 */
export function columnNames(
	file: string,
	header: string[],
	options: LoadSentencesOptions,
): ColumnNames {
	const { text_column, label_columns = [], group } = options;
	const { split_column, stratify } = options;
	const asked = new Set<unknown>(label_columns);
	for (const column of [text_column, group, split_column, stratify])
		asked.add(column);
	const names = header.map((name) => name.trim());
	const placesOf = new Map<string, number[]>();
	for (const [place, name] of names.entries())
		placesOf.set(name, [...(placesOf.get(name) ?? []), place].slice(0, 10));
	const twice = new Map<string, string>();
	const read = names.map((name, place) => {
		if (name === "") return asked.has(place) ? String(place) : undefined;
		const places = placesOf.get(name) ?? [];
		if (places.length === 1) return name;
		const chosen = places.filter((i) => asked.has(i));
		if (chosen.length === 1) return chosen[0] === place ? name : undefined;
		twice.set(
			name,
			`The columns ${places.join(" and ")} of ${file} (the first is 0) are both named ${short(name)}: name them apart, or ask for one of them by its number.`,
		);
		return undefined;
	});
	return { names: read, twice };
}

/** The options with every column by its name. Throws where a number is beyond the columns. */
export function namedOptions(
	file: string,
	names: (string | undefined)[],
	options: LoadSentencesOptions,
): NamedOptions {
	const nameOf = (option: string, column: Column): string => {
		if (typeof column === "string")
			return names.includes(column) ? column : column.trim();
		const name = names[column];
		if (name !== undefined) return name;
		throw new Error(
			`${option} is ${column}, but ${file} has the columns 0 to ${names.length - 1}: ${shortList(names.map((name) => name ?? ""))}.`,
		);
	};
	const one = (option: "text_column" | "group" | "stratify") => {
		const column = options[option];
		return column === undefined ? {} : { [option]: nameOf(option, column) };
	};
	const { label_columns, split_column } = options;
	return {
		...(options as NamedOptions),
		...one("text_column"),
		...one("group"),
		...one("stratify"),
		...(label_columns && {
			label_columns: label_columns.map((name) => nameOf("label_columns", name)),
		}),
		...((typeof split_column === "string" ||
			typeof split_column === "number") && {
			split_column: nameOf("split_column", split_column),
		}),
	};
}

/** The column of the texts: the wanted one, else "text" or "sentence", else one of these in other case. */
export function textColumnOf(
	columns: string[],
	wanted?: string,
): string | undefined {
	if (wanted !== undefined) return wanted;
	for (const name of ["text", "sentence"])
		if (columns.includes(name)) return name;
	for (const name of ["text", "sentence"]) {
		const alike = columns.filter(
			(column) => column.trim().toLowerCase() === name,
		);
		if (alike.length === 1) return alike[0];
	}
	return undefined;
}

/** The column that says the split, if any does. */
export function splitColumnOf(
	columns: string[],
	wanted: string | false | undefined,
): string | undefined {
	if (wanted === false) return undefined;
	if (wanted !== undefined) return wanted;
	if (columns.includes("split")) return "split";
	const alike = columns.filter((name) => name.trim().toLowerCase() === "split");
	return alike.length === 1 ? alike[0] : undefined;
}

export function noText(file: string, names: string[]): Error {
	const looksLikeRow = names.some(
		(name) => name.length > 40 || /\S+ \S+ \S+/.test(name),
	);
	const other = [";", "\t", "|", ","].find((sign) =>
		names.some((name) => name.includes(sign)),
	);
	const hints = [
		looksLikeRow &&
			" The first line looks like a row: if the file has no line of column names, give header: false and the columns by number, the first being 0.",
		other &&
			` If ${short(other)} stands between its columns, give delimiter: ${short(other)}.`,
	];
	return new Error(
		`The data set "${file}" has no column "text" or "sentence"; give text_column, one of ${names.length ? shortList(names, bare) : "its columns (it has none)"}.${hints.filter(Boolean).join("")}`,
	);
}

export function noColumn(file: string, name: string, names: string[]): Error {
	const near = nearNames(name.slice(0, 100), names.slice(0, 1000));
	return new Error(
		`The data set "${file}" has no column ${short(name)}${near.length ? `; near names are ${near.map(bare).join(", ")}` : ""}.`,
	);
}
