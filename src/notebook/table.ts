import { inspect } from "node:util";
import { dash, several } from "../say";
import { describe } from "./describe";
import { asHtml, escapeHtml, type Html, oneLine } from "./html";
import { columnsOf, hasOwn } from "./objects";

/**
 * What a cell may hold; a number is set to the right, with at most four significant digits after the point. What is not
 * known, null or a number that is not finite, is a dash; what there is none of, undefined, is left empty.
 */
export type Cell = string | number | boolean | null | undefined;

const max_rows = 100;
const max_columns = 20;
const max_characters = 200;

/**
 * A table as HTML and as plain text, of objects: one a row, with a column for each field, in the order in which the
 * fields first appear. A field that an object lacks, or that is undefined, is an empty cell; values that are no text, number
 * or boolean are written on one line as Node prints them. At most 100 rows and 20 columns are shown, and 200 characters
 * of a cell; a line below says how many are left out. All texts are escaped.
 *
 * `caption`: a line above the table.
 *
 * Throws where the rows are no array of objects with fields.
 */
export function table(
	rows: readonly object[],
	options?: { caption?: string },
): Html;
/**
 * A table as HTML and as plain text. At most 100 rows and 20 columns are shown, and 200 characters of a cell; a line below
 * says how many are left out. All texts are escaped.
 *
 * `head`: the names of the columns; `rows`: the cells of each row, where those that are missing at its end are empty;
 * `caption`: a line above the table.
 *
 * Throws where a row has more cells than there are columns.
 */
export function table(
	head: readonly string[],
	rows: readonly (readonly Cell[])[],
	options?: { caption?: string },
): Html;
export function table(
	first: readonly string[] | readonly object[],
	second?: readonly (readonly Cell[])[] | { caption?: string },
	options: { caption?: string } = {},
): Html {
	if (!Array.isArray(second)) {
		const { caption } = (second ?? {}) as { caption?: string };
		return tableOfObjects(first as readonly object[], caption);
	}
	const head = namesIn(first);
	for (const [i, row] of second.entries()) checkRow(row, i, head.length);
	return boundedTable(head, second.slice(0, max_rows), {
		...options,
		n_rows: second.length,
	});
}

/** How to make a table, behind a sentence that says what was given. */
const how =
	'give it an array of objects, as [{ a: 1, b: "x" }], or the names of the columns and an array of rows, as ["a", "b"], [[1, "x"]]';

function namesIn(head: unknown): string[] {
	if (!Array.isArray(head))
		throw new Error(`table was given ${describe(head)}: ${how}.`);
	const other = head.findIndex((name) => typeof name !== "string");
	if (other >= 0)
		throw new Error(
			`The name of column ${other} is ${describe(head[other])}, where a text was expected: ${how}.`,
		);
	return head;
}

function checkRow(row: unknown, i: number, columns: number): void {
	if (!Array.isArray(row))
		throw new Error(
			`Row ${i} is ${describe(row)}, where an array of cells was expected: ${how}.`,
		);
	if (row.length > columns)
		throw new Error(
			`Row ${i} has ${row.length} cells, and there are names for ${columns} columns: give as many names as cells.`,
		);
}

function tableOfObjects(rows: readonly object[], caption?: string): Html {
	if (!Array.isArray(rows))
		throw new Error(`table was given ${describe(rows)}: ${how}.`);
	const other = rows.findIndex(
		(row) =>
			typeof row !== "object" ||
			row === null ||
			Array.isArray(row) ||
			row instanceof Promise,
	);
	if (other >= 0)
		throw new Error(
			`Row ${other} is ${describe(rows[other])}, where an object was expected: ${how}.`,
		);
	const { names, n_columns, at_least } = columnsOf(rows);
	if (rows.length && !names.length)
		throw new Error(
			`table was given objects without a field, and each field is a column: ${how}.`,
		);
	const shown = rows
		.slice(0, max_rows)
		.map((row: Record<string, unknown>) =>
			names.map((name) =>
				hasOwn(row, name) ? (row[name] ?? `${row[name]}`) : undefined,
			),
		);
	return boundedTable(names, shown, {
		caption,
		n_rows: rows.length,
		n_columns,
		at_least,
	});
}

/**
 * A table of which the first rows and columns are at hand. `n_rows`, `n_columns`: how many there are; `at_least`: whether
 * there may be more columns than that; `exact`: numbers have all their digits. Cells may be anything.
 */
export function boundedTable(
	head: readonly string[],
	rows: readonly (readonly unknown[])[],
	{
		caption = "",
		n_rows = rows.length,
		n_columns = head.length,
		at_least = false,
		exact = false,
	},
): Html {
	const columns = head
		.slice(0, max_columns)
		.map((name) => oneLine(name, max_characters));
	const shown = rows.slice(0, max_rows);
	const cells = shown.map((row) =>
		columns.map((_, j) => asText(row[j], exact)),
	);
	const right = columns.map((_, j) => shown.every((row) => isNumber(row[j])));
	const left_out = [
		...more(n_rows - shown.length, "row"),
		...more(n_columns - columns.length, "column").map(
			(text) => `${at_least ? "at least " : ""}${text}`,
		),
	];
	const note = left_out.length
		? `… and ${left_out.join(", ")}`
		: n_rows
			? ""
			: "no rows";
	return asHtml(
		htmlTable(columns, cells, right, caption, note),
		[
			...(caption ? [caption] : []),
			...textTable(columns, cells, right),
			...(note ? [note] : []),
		].join("\n"),
	);
}

const isNumber = (value: unknown) =>
	value === undefined ||
	value === null ||
	typeof value === "number" ||
	typeof value === "bigint";

function more(n: number, what: string): string[] {
	return n ? [several(n, `more ${what}`)] : [];
}

/** A record's fields as a table of two columns: what, and its value with its unit. */
export function fields(caption: string, rows: [string, Cell][]): Html {
	const known = rows.filter(([, value]) => value !== undefined);
	const cells = known.map(([name, value]) => [name, asText(value)]);
	const right = [false, false];
	return asHtml(
		htmlTable([], cells, right, caption, ""),
		[caption, ...textTable([], cells, right)].join("\n"),
	);
}

/**
 * A number as one reads it: 12345 -> "12,345", 0.93412 -> "0.9341", 1.2e-7 -> "1.2e-7"; what is less than 1 is never
 * "1": 0.99996 -> "0.99996".
 */
export function readable(value: number): string {
	if (!Number.isFinite(value)) return dash;
	if (Number.isInteger(value)) return value.toLocaleString("en-US");
	const size = Math.abs(value);
	if (size < 1e-3 || size >= 1e9) return String(Number(value.toPrecision(3)));
	const digits = size >= 100 ? 1 : size >= 1 ? 3 : size >= 0.99995 ? 7 : 4;
	return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

function asText(value: unknown, exact = false): string {
	if (value === undefined) return "";
	if (value === null && !exact) return dash;
	if (typeof value === "number" && !exact) return readable(value);
	const text =
		typeof value === "string"
			? value
			: inspect(value, {
					depth: 1,
					maxArrayLength: 20,
					maxStringLength: max_characters,
					breakLength: Number.POSITIVE_INFINITY,
				});
	return oneLine(text, max_characters);
}

function htmlTable(
	head: string[],
	cells: string[][],
	right: boolean[],
	caption: string,
	note: string,
): string {
	const align = (j: number) => `text-align:${right[j] ? "right" : "left"}`;
	const th = head.map(
		(name, j) => `<th style="${align(j)}">${escapeHtml(name)}</th>`,
	);
	const trs = cells.map(
		(row) =>
			`<tr>${row.map((cell, j) => `<td style="${align(j)}">${escapeHtml(cell)}</td>`).join("")}</tr>`,
	);
	return [
		"<div>",
		caption && `<div style="margin:4px 0"><b>${escapeHtml(caption)}</b></div>`,
		`<table style="margin:0">`,
		head.length ? `<thead><tr>${th.join("")}</tr></thead>` : "",
		`<tbody>${trs.join("")}</tbody></table>`,
		note && `<div>${escapeHtml(note)}</div>`,
		"</div>",
	].join("");
}

function textTable(
	head: string[],
	cells: string[][],
	right: boolean[],
): string[] {
	const lines = head.length ? [head, ...cells] : cells;
	if (!lines.length) return [];
	const widths = lines[0].map((_, j) =>
		Math.max(...lines.map((row) => row[j].length)),
	);
	const text = lines.map((row) =>
		row
			.map((cell, j) =>
				right[j] ? cell.padStart(widths[j]) : cell.padEnd(widths[j]),
			)
			.join("  ")
			.trimEnd(),
	);
	if (head.length)
		text.splice(1, 0, widths.map((w) => "-".repeat(w)).join("  "));
	return text;
}
