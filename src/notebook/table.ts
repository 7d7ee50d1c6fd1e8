import { dash, several } from "../say";
import { asHtml, escapeHtml, type Html, oneLine } from "./html";

/**
 * What a cell may hold; a number is set to the right, with at most four significant digits after the point. What is not
 * known, null or a number that is not finite, is a dash; what there is none of, undefined, is left empty.
 */
export type Cell = string | number | boolean | null | undefined;

const max_rows = 100;
const max_columns = 20;
const max_characters = 200;

/**
 * A table as HTML and as plain text. At most 100 rows and 20 columns are shown, and 200 characters of a cell; a line below
 * says how many are left out. All texts are escaped.
 *
 * `caption`: a line above the table.
 */
export function table(
	head: string[],
	rows: Cell[][],
	options: { caption?: string } = {},
): Html {
	const columns = head.slice(0, max_columns);
	const shown = rows.slice(0, max_rows);
	const cells = shown.map((row) => columns.map((_, j) => asText(row[j])));
	const right = columns.map((_, j) =>
		shown.every(
			(row) =>
				(row[j] ?? undefined) === undefined || typeof row[j] === "number",
		),
	);
	const left_out = [
		...more(rows.length - shown.length, "row"),
		...more(head.length - columns.length, "column"),
	];
	const note = left_out.length ? `… and ${left_out.join(", ")}` : "";
	const { caption = "" } = options;
	return asHtml(
		htmlTable(columns, cells, right, caption, note),
		[caption, ...textTable(columns, cells, right), note]
			.filter(Boolean)
			.join("\n"),
	);
}

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

function asText(value: Cell): string {
	if (value === undefined) return "";
	if (value === null) return dash;
	if (typeof value === "number") return readable(value);
	return oneLine(String(value), max_characters);
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
