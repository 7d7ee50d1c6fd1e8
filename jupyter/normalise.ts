/** A notebook as it lies on disk (nbformat 4.5), as far as it is looked at. */
export interface Notebook {
	cells: NotebookCell[];
	metadata: Json;
	nbformat: number;
	nbformat_minor: number;
}

export interface NotebookCell {
	cell_type: string;
	id?: string;
	metadata: Json;
	source: Text;
	execution_count?: number | null;
	outputs?: Output[];
}

export interface Output {
	output_type: string;
	execution_count?: number | null;
	name?: string;
	text?: Text;
	data?: Json;
	metadata?: Json;
}

type Json = Record<string, unknown>;
/** A text, or its lines, each with its line break. */
type Text = string | string[];

const vega_lite = "application/vnd.vegalite.v5+json";

/** What the kernel says of itself, without the versions of Node.js and of itself. */
const about = {
	kernelspec: {
		display_name: "TypeScript (SparseLens)",
		language: "typescript",
		name: "sparselens",
	},
	language_info: {
		file_extension: ".ts",
		mimetype: "text/x-typescript",
		name: "typescript",
	},
};

/**
 * A notebook with the outputs of a run, as text for its file. The text is the same for two runs that found the same:
 *
 * - cells, ids and metadata are those of `committed`; a cell without an id gets one from its place; of a run are only
 *   the outputs, and counts from 1 on;
 * - progress bars and curves that were drawn because something took long are left out, and so are times in tables;
 * - what was printed in a row is one output;
 * - numbers in charts have five significant digits, and so have those that are printed with more than seven decimals;
 * - it is written as Jupyter writes: keys sorted, one space of indentation, texts as lists of lines.
 */
export function normalise(committed: Notebook, executed: Notebook): string {
	let count = 0;
	const ids = new Set(committed.cells.map(({ id }) => id));
	const cells = committed.cells.map((cell, i) => {
		const { cell_type, source } = cell;
		const {
			execution: _,
			ExecuteTime: __,
			trusted: ___,
			...kept
		} = cell.metadata;
		const common = {
			cell_type,
			id: cell.id ?? freeId(i, ids),
			metadata: kept,
			source: lines(source),
		};
		if (cell_type !== "code") return common;
		const execution_count = textOf(source).trim() ? ++count : null;
		const outputs = normaliseOutputs(executed.cells[i]?.outputs ?? []).map(
			(output) =>
				output.output_type === "execute_result"
					? { ...output, execution_count }
					: output,
		);
		return { ...common, execution_count, outputs };
	});
	const { kernelspec: _, language_info: __, ...metadata } = committed.metadata;
	const notebook = {
		cells,
		metadata: { ...metadata, ...about },
		nbformat: 4,
		nbformat_minor: 5,
	};
	return `${JSON.stringify(sorted(notebook), null, 1)}\n`;
}

function freeId(i: number, taken: Set<string | undefined>): string {
	let id = `cell-${String(i).padStart(2, "0")}`;
	while (taken.has(id)) id += "b";
	taken.add(id);
	return id;
}

function normaliseOutputs(outputs: Output[]): Output[] {
	const result: Output[] = [];
	for (const output of outputs.filter((one) => !isTransient(one))) {
		const last = result.at(-1);
		if (output.output_type !== "stream") result.push(withoutNoise(output));
		else if (last?.output_type === "stream" && last.name === output.name)
			last.text = textOf(last.text) + textOf(output.text);
		else result.push({ ...output });
	}
	return result.map((output) =>
		output.output_type === "stream"
			? { ...output, text: lines(shortNumbers(textOf(output.text))) }
			: output,
	);
}

/** Whether an output is there only because something took long: progress, or the curve of a training at work. */
function isTransient({ metadata, data }: Output): boolean {
	const chart = data?.[vega_lite] as { usermeta?: Json } | undefined;
	return [metadata, chart?.usermeta].some(
		(mark) => mark?.sparselens === "progress",
	);
}

function withoutNoise(output: Output): Output {
	const data = Object.entries(output.data ?? {}).map(([mime, value]) => {
		if (mime === "text/html")
			return [mime, lines(htmlWithoutTimes(textOf(value as Text)))];
		if (mime === "text/plain")
			return [mime, lines(shortNumbers(withoutTimes(textOf(value as Text))))];
		if (mime.startsWith("text/")) return [mime, lines(value as Text)];
		return [mime, mime === vega_lite ? rounded(value) : value];
	});
	return { ...output, data: Object.fromEntries(data) };
}

/** A text without the rows of tables that hold a time, the column of a training's, and with … for those of objects. */
function withoutTimes(text: string): string {
	const rows = text.split("\n").filter(
		// as in the tables of an SAE and of an evaluation
		(row) => !/^time \(s\) {2,}\S+$|^ *seconds {2,}\S+ {2,}s$/.test(row),
	);
	const head = rows.findIndex((row) => / {2}time \(s\)$/.test(row));
	const rule = /^-[- ]*$/.test(rows[head + 1] ?? "") ? rows[head + 1] : "";
	const cut = rule.lastIndexOf("  ");
	return rows
		.map((row, i) => (cut > 0 && i >= head ? row.slice(0, cut).trimEnd() : row))
		.join("\n")
		.replace(/\bseconds: [\d.e+-]+/g, "seconds: …");
}

function htmlWithoutTimes(html: string): string {
	const cell = "<td[^>]*>[^<]*</td>";
	const rows = html
		.replace(new RegExp(`<tr><td[^>]*>time \\(s\\)</td>${cell}</tr>`, "g"), "")
		.replace(
			new RegExp(
				`<tr>${cell}<td[^>]*>seconds</td>${cell}<td[^>]*>s</td></tr>`,
				"g",
			),
			"",
		);
	const column = /<th[^>]*>time \(s\)<\/th>(?=<\/tr>)/;
	if (!column.test(rows)) return rows;
	return rows
		.replace(column, "")
		.replace(new RegExp(`${cell}(?=</tr>)`, "g"), "");
}

/** A text with its longest numbers at five significant digits: the last ones may be another processor's. */
function shortNumbers(text: string): string {
	return text.replace(/-?\b\d+\.\d{8,}(?:e[+-]?\d+)?/g, (number) =>
		String(rounded(Number(number))),
	);
}

/** JSON with its fractions at five significant digits: the last ones may be another processor's. */
function rounded(value: unknown): unknown {
	if (typeof value === "number")
		return Number.isInteger(value) ? value : Number(value.toPrecision(5));
	if (Array.isArray(value)) return value.map(rounded);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, v]) => [key, rounded(v)]),
	);
}

function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	if (typeof value !== "object" || value === null) return value;
	const keys = Object.keys(value).sort();
	return Object.fromEntries(
		keys.map((key) => [key, sorted((value as Json)[key])]),
	);
}

/** A notebook's text as one string. */
export function textOf(text: Text = ""): string {
	return typeof text === "string" ? text : text.join("");
}

function lines(text: Text = ""): string[] {
	return textOf(text).match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
