import { describe } from "./describe";
import type { Html } from "./html";
import { columnsOf, hasOwn } from "./objects";
import { boundedTable } from "./table";

type Entry = [index: unknown, value: unknown];

/** The entries that are shown, and how many there are. */
interface Entries {
	first: Entry[];
	n_rows: number;
}

const max_rows = 100;

/**
 * What Node's `console.table` makes of a value, as a table of at most 100 rows and 20 columns; undefined where it would
 * print the value instead.
 *
 * `columns`: the fields that are shown; default: all. Throws where they are no array.
 */
export function consoleTable(
	data: unknown,
	columns?: readonly string[],
): Html | undefined {
	if (columns !== undefined && !Array.isArray(columns))
		throw new TypeError(
			`console.table was given ${describe(columns)} for its columns: give an array of their names, as ["a", "b"].`,
		);
	if (typeof data !== "object" || data === null) return undefined;
	if (data instanceof Map) {
		const { first, n_rows } = numbered(data);
		const rows = first.map(([i, entry]) => [i, ...(entry as Entry)]);
		return exactTable(["(iteration index)", "Key", "Values"], rows, { n_rows });
	}
	if (data instanceof Set) {
		const { first, n_rows } = numbered(data);
		return exactTable(["(iteration index)", "Values"], first, { n_rows });
	}
	return ofFields(data, columns);
}

/** A table whose numbers have all their digits, as Node prints them. */
const exactTable = (
	head: string[],
	rows: unknown[][],
	counts: { n_rows: number; n_columns?: number; at_least?: boolean },
) => boundedTable(head, rows, { ...counts, exact: true });

/** What Node calls a primitive here: all that has no fields. */
const isPrimitive = (value: unknown) =>
	value === null || (typeof value !== "object" && typeof value !== "function");

function ofFields(data: object, columns?: readonly string[]): Html {
	const all = () => valuesOf(data);
	const { names, n_columns, at_least } = columns
		? { names: columns.map(String), n_columns: columns.length, at_least: false }
		: columnsOf(objectsIn(all()));
	const bare = !columns && some(all(), isPrimitive);
	const { first, n_rows } = indexed(data);
	const rows = first.map(([index, value]) => [
		index,
		...names.map((name) => fieldOf(value, name)),
		...(bare && isPrimitive(value) ? [bareText(value)] : []),
	]);
	const head = ["(index)", ...names, ...(bare ? ["Values"] : [])];
	return exactTable(head, rows, {
		n_rows,
		n_columns: n_columns + head.length - names.length,
		at_least,
	});
}

function fieldOf(value: unknown, name: string): unknown {
	if (isPrimitive(value) || !hasOwn(value as object, name)) return undefined;
	const field = (value as Record<string, unknown>)[name];
	return bareText(field);
}

/** An undefined that is there is no empty cell. */
const bareText = (value: unknown) =>
	value === undefined ? "undefined" : value;

function* objectsIn(values: Iterable<unknown>): Generator<object> {
	for (const value of values) if (!isPrimitive(value)) yield value as object;
}

function some(
	values: Iterable<unknown>,
	is: (value: unknown) => boolean,
): boolean {
	for (const value of values) if (is(value)) return true;
	return false;
}

const isList = (data: object): data is ArrayLike<unknown> & object =>
	Array.isArray(data) || (ArrayBuffer.isView(data) && "length" in data);

function* valuesOf(data: object): Generator<unknown> {
	for (const [, value] of entriesOf(data)) yield value;
}

/** The entries of a list, without its gaps, or the fields of another object. */
function* entriesOf(data: object): Generator<Entry> {
	if (isList(data)) {
		for (let i = 0; i < data.length; i++) if (i in data) yield [i, data[i]];
	} else {
		for (const name of Object.keys(data))
			yield [name, (data as Record<string, unknown>)[name]];
	}
}

const indexed = (data: object): Entries => bounded(entriesOf(data));

function numbered(values: Iterable<unknown> & { size: number }): Entries {
	const first: Entry[] = [];
	for (const value of values) {
		if (first.length === max_rows) break;
		first.push([first.length, value]);
	}
	return { first, n_rows: values.size };
}

function bounded(entries: Iterable<Entry>): Entries {
	const first: Entry[] = [];
	let n_rows = 0;
	for (const entry of entries) {
		if (n_rows++ < max_rows) first.push(entry);
	}
	return { first, n_rows };
}
