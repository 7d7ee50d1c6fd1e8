import { tagsOf } from "../lists";
import { namedOptions, textColumnOf } from "../names";
import { short } from "../say";
import { type Taken, type Taker, takeRows } from "../take";
import type { LoadSentencesOptions } from "../types";
import { jsonParts, parseJson, repeatedName } from "./json";
import { Unreadable } from "./lines";
import { textPieces } from "./pieces";

/** Rows from whose names the columns are known; more names may come later. */
const FIRST = 1000;

type Value = string | number | boolean | null | object | undefined;
interface JsonRow {
	row: Record<string, Value>;
	line: number;
	repeated?: string;
}

/** Reads objects: one a line, the elements of an array, or (in .json) those of the only list of objects in an object. */
export async function readJson(
	file: string,
	options: LoadSentencesOptions,
): Promise<Taken> {
	const isJson = /\.json(\.gz)?$/i.test(file);
	const cutter = jsonParts(isJson);
	const pieces = textPieces(file, options.encoding, options.signal);
	const most = Math.min(FIRST, options.limit ?? FIRST);
	let first: JsonRow[] | undefined = [];
	let taker: Taker | undefined;
	const begin = () => {
		if (!first) return;
		const inside =
			isJson && first.length === 1
				? rowsInside(file, first[0], options)
				: undefined;
		const rows = inside ?? first;
		first = undefined;
		const place = (n: number) => `${inside ? "row" : "line"} ${n}`;
		taker = takerFor(file, rows, options, place);
		for (const row of rows) if (!taker.full()) takeRow(file, taker, row);
	};
	const take = (piece: string, ended: boolean) => {
		try {
			for (const { text, line } of cutter.parts(piece, ended)) {
				const row = objectOf(file, text, line);
				if (taker) takeRow(file, taker, row);
				else if (first && first.push(row) >= most) begin();
				if (taker?.full()) return;
			}
		} catch (error) {
			if (!(error instanceof Unreadable)) throw error;
			throw new Error(`The file ${file} ${error.message}.`);
		}
	};
	try {
		for await (const piece of pieces) {
			take(piece, false);
			if (taker?.full()) break;
		}
		if (!taker?.full()) take("", true);
		begin();
		return (taker as unknown as Taker).taken();
	} finally {
		await pieces.return(undefined);
	}
}

function objectOf(file: string, text: string, line: number): JsonRow {
	let row: unknown;
	try {
		row = parseJson(text);
	} catch {
		throw new Error(`Line ${line} of ${file} is not valid JSON.`);
	}
	if (typeof row !== "object" || row === null || Array.isArray(row))
		throw new Error(
			`Line ${line} of ${file} is not a JSON object like {"text": "…"}.`,
		);
	const repeated = repeatedName(text);
	return {
		row: row as JsonRow["row"],
		line,
		...(repeated !== undefined && { repeated }),
	};
}

/** The rows of an object that holds a table; undefined where it is itself a row. */
function rowsInside(
	file: string,
	whole: JsonRow,
	{ text_column }: LoadSentencesOptions,
): JsonRow[] | undefined {
	if (text_column === undefined && textColumnOf(Object.keys(whole.row)))
		if (Object.values(whole.row).some((value) => typeof value === "string"))
			return undefined;
	const isObject = (value: unknown) =>
		typeof value === "object" && value !== null && !Array.isArray(value);
	const lists = Object.values(whole.row).filter(
		(value): value is Record<string, Value>[] =>
			Array.isArray(value) && value.length > 0 && value.every(isObject),
	);
	if (lists.length === 1)
		return lists[0].map((row, i) => ({ row, line: i + 1 }));
	const values = Object.values(whole.row);
	if (
		values.length &&
		values.every((value) => typeof value === "object" && value !== null)
	)
		throw new Error(
			`The file ${file} is one JSON object of ${values.every(isObject) ? "columns, as to_json() of pandas writes it: write it" : "several lists: write the rows"} as a list of objects (pandas: orient="records").`,
		);
	return undefined;
}

function takerFor(
	file: string,
	rows: JsonRow[],
	options: LoadSentencesOptions,
	place: (n: number) => string,
): Taker {
	if (rows.length === 0)
		throw new Error(`The data set "${file}" is empty: it has no row.`);
	const names = new Set<string>();
	const twice = new Map<string, string>();
	for (const { row, line, repeated } of rows) {
		for (const name of Object.keys(row)) names.add(name);
		if (repeated !== undefined)
			twice.set(repeated, twiceIn(file, line, repeated));
	}
	const columns = [...names];
	const named = namedOptions(file, columns, options);
	const taker = takeRows({ name: file, columns, place, twice }, named);
	taker.check();
	return taker;
}

const twiceIn = (file: string, line: number, name: string) =>
	`Line ${line} of ${file} has two values of ${short(name)}: name them apart.`;

function takeRow(
	file: string,
	taker: Taker,
	{ row, line, repeated }: JsonRow,
): void {
	if (repeated !== undefined) {
		if (taker.isAsked(repeated)) throw new Error(twiceIn(file, line, repeated));
		taker.leave(repeated, `has two values in line ${line}`);
	}
	for (const name of Object.keys(row)) taker.declare(name);
	const read = (name: string) => textOf(taker, name, row[name], line);
	taker.add(line, read);
}

/** A value as text; lists become tags where they are asked for, and whatever cannot be one value leaves its column out. */
function textOf(
	taker: Taker,
	name: string,
	value: Value,
	line: number,
): string | undefined {
	if (value === null || value === undefined || !taker.has(name))
		return undefined;
	if (typeof value !== "object") return String(value);
	if (!Array.isArray(value)) {
		taker.leave(
			name,
			`holds objects (line ${line}), where one value a row was expected`,
		);
		return undefined;
	}
	if (!taker.isLabel(name)) {
		taker.leave(
			name,
			`holds lists (line ${line}); label_columns takes them as tags, with ";" between them`,
		);
		return undefined;
	}
	const tags = tagsOf(value);
	if (tags === undefined)
		taker.leave(
			name,
			`holds a list (line ${line}) of objects or of values with ";", which cannot be tags`,
		);
	return tags;
}
