import type { FileMetaData, SchemaElement } from "hyparquet";
import { type Cell, cellOf } from "./cells";
import { readableCodecs } from "./codecs";

/** A column of a Parquet file that can be read as text. */
export interface Column {
	name: string;
	/** Its part of the schema; the last one is that of its values. */
	elements: SchemaElement[];
	/** Which of the stored columns it is. */
	leaf: number;
	cell: Cell;
	isList: boolean;
}

const TWICE =
	"is there more than once: write the columns with names of their own";

/** The columns that can be read as text, and why the others cannot. */
export function columnsOf({ schema }: FileMetaData) {
	const found: Column[] = [];
	const unreadable = new Map<string, string>();
	const names: string[] = [];
	let leaf = 0;
	for (let i = 1, next = 1; i < schema.length; i = next) {
		next = after(schema, i);
		const elements = schema.slice(i, next);
		const { name } = elements[0];
		const isList = isPlainList(elements);
		const cell = cellOf(isList ? plain(elements) : elements[0]);
		if (names.includes(name)) unreadable.set(name, TWICE);
		else if (typeof cell === "string")
			unreadable.set(name, `holds ${cell} and no text`);
		else found.push({ name, elements, leaf, cell, isList });
		names.push(name);
		leaf += elements.filter(({ num_children }) => !num_children).length;
	}
	const columns = found.filter(({ name }) => !unreadable.has(name));
	return { names, columns, unreadable };
}

/** Whether a part of the schema is a list of plain values, in one of the ways in which lists are written. */
function isPlainList(elements: SchemaElement[]): boolean {
	const repeated = elements.filter(
		({ repetition_type }) => repetition_type === "REPEATED",
	);
	const isChain = elements
		.slice(0, -1)
		.every(({ num_children }) => num_children === 1);
	return (
		repeated.length === 1 &&
		isChain &&
		(elements.length === 1 ||
			(elements.length <= 3 && elements[0].converted_type === "LIST"))
	);
}

/** The element of a list's items. */
function plain(elements: SchemaElement[]): SchemaElement {
	return { ...elements[elements.length - 1], repetition_type: "OPTIONAL" };
}

/** The place in the schema behind an element and all that is below it. */
function after(schema: SchemaElement[], i: number): number {
	let open = 1;
	let at = i;
	while (open > 0 && at < schema.length)
		open += (schema[at++].num_children ?? 0) - 1;
	return at;
}

/** What a column is called where it is read alone. */
export const COLUMN = "column";

/** A column is compressed in a way that cannot be read; the message is the end of a sentence that begins with it. */
export class UnknownCodec extends Error {}

/**
 * The metadata of one column and row group alone, under a name of ours and without what its values mean, so that no
 * other column can stop it, and its values come as they are stored.
 */
export function alone(
	metadata: FileMetaData,
	{ name, elements, leaf }: Column,
	group: number,
): FileMetaData {
	const row_group = metadata.row_groups[group];
	const chunk = row_group.columns[leaf];
	const meta = chunk?.meta_data;
	if (meta?.path_in_schema[0] !== name)
		throw new Error("the file's footer does not say where it is");
	if (!readableCodecs.includes(meta.codec))
		throw new UnknownCodec(
			`is compressed with ${meta.codec ?? "something unknown"}, which cannot be read: write it with ${readableCodecs.slice(1).join(", ")}`,
		);
	const schema = elements.map((element, i) => ({
		...(i < elements.length - 1 ? element : stripped(element)),
		...(i === 0 && { name: COLUMN }),
	}));
	const path_in_schema = [COLUMN, ...meta.path_in_schema.slice(1)];
	return {
		...metadata,
		schema: [{ name: "schema", num_children: 1 }, ...schema],
		row_groups: [
			{
				...row_group,
				columns: [{ ...chunk, meta_data: { ...meta, path_in_schema } }],
			},
		],
	};
}

/** An element without what its values mean. */
function stripped(element: SchemaElement): SchemaElement {
	const { name, type, type_length, repetition_type } = element;
	return {
		name,
		...(type && { type }),
		...(type_length !== undefined && { type_length }),
		...(repetition_type && { repetition_type }),
	};
}
