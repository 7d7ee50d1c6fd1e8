import { existsSync } from "node:fs";
import { extname, resolve } from "node:path";
import { isHubId } from "../hub";
import { listenTo } from "../interrupt";
import { nearNames } from "../suggest";
import { readHubTable } from "./hub";
import { selectSentences } from "./select";
import {
	isOffset,
	MAX_DISTINCT,
	readTable,
	splitNames,
	type Table,
	textColumnOf,
} from "./table";
import type { LoadSentencesOptions, Sentences, Split } from "./types";

/** The sentences that ship with the package, from src/dataset and from dist/dataset alike. */
const bundled = resolve(__dirname, "../../data/sentences.csv");

/**
 * Loads labelled sentences: "bundled"; or a .csv, .tsv, .jsonl or .parquet file with a header, a text column and
 * label columns; or a data set of the hub by its name, e.g. "fancyzhx/ag_news", whose Parquet files are downloaded into
 * the Hugging Face cache as far as they are needed (its rows without a text are left out). A file that exists wins over
 * a name. Whole-number columns whose name ends in "_start" or "_end" are places in the text; a column named "split"
 * says train, validation or test, as do the splits of the hub; class labels become the names of their classes.
 * Throws one sentence (with the line) on a missing file, an absent column, a broken row, or when nothing is left.
 */
export async function loadSentences(
	source: string,
	options: LoadSentencesOptions = {},
): Promise<Sentences> {
	const fromHub = isHubName(source);
	checkHubOptions(source, fromHub, options);
	const signal = listenTo(options.signal);
	const table = fromHub
		? await readHubTable(source, { ...options, signal })
		: await readTable(source === "bundled" ? bundled : source, {
				...options,
				signal,
			});
	if (table.rows === 0)
		throw new Error(
			`The data set "${source}" is empty: it has no row below its header.`,
		);
	const textColumn = chooseText(source, table, options.text_column);
	const text = column(source, table, textColumn);
	const empty = text.indexOf("");
	if (empty >= 0)
		throw new Error(
			`The text in ${table.place(empty)} of "${source}" is empty; remove that row.`,
		);
	const { columns } = table;
	const offsets = [...columns.keys()].filter(
		(name) => isOffset(name) && columns.get(name)?.every(isWholeNumber),
	);
	const all: Sentences = {
		kind: "sentences",
		name: source,
		text,
		labels: labels(source, table, options.label_columns, [
			textColumn,
			...offsets,
		]),
		offsets: Object.fromEntries(
			offsets.map((name) => [name, readOffsets(source, table, name, text)]),
		),
		...(columns.has("split") && { split: readSplit(source, table) }),
		...(table.notes && { notes: table.notes }),
	};
	return fromHub ? all : choose(all, options); // of the hub, no more was read
}

/** Whether a source is meant as a data set of the hub: no file, nor the name of one that is missing. */
function isHubName(source: string): boolean {
	const isFile =
		source === "bundled" ||
		/^\.(csv|tsv|jsonl|parquet)$/i.test(extname(source)) ||
		existsSync(source);
	return !isFile && isHubId(source);
}

function checkHubOptions(
	source: string,
	fromHub: boolean,
	{ config, revision, limit = 1 }: LoadSentencesOptions,
): void {
	const given = config ?? revision;
	if (!fromHub && given !== undefined)
		throw new Error(
			`"${source}" is not a data set of the hub, so that ${config === undefined ? "revision" : "config"} "${given}" cannot be chosen.`,
		);
	if (fromHub && !(limit >= 1))
		throw new Error(
			`The data set "${source}" has no sentence left with limit ${limit}.`,
		);
}

function choose(all: Sentences, options: LoadSentencesOptions): Sentences {
	const { split, limit = Number.POSITIVE_INFINITY } = options;
	if (split && !all.split)
		throw new Error(
			`The data set "${all.name}" has no column "split", so its ${split} sentences cannot be chosen.`,
		);
	let left = limit;
	const chosen =
		split || limit < all.text.length
			? selectSentences(
					all,
					(i) => (!split || all.split?.[i] === split) && left-- > 0,
				)
			: all;
	if (chosen.text.length === 0)
		throw new Error(
			`The data set "${all.name}" has no sentence left ${split ? `in its ${split} split` : `with limit ${limit}`}.`,
		);
	return chosen;
}

function chooseText(source: string, table: Table, wanted?: string): string {
	const found = textColumnOf([...table.columns.keys()], wanted);
	if (found) return found;
	throw new Error(
		`The data set "${source}" has no column "text" or "sentence"; give text_column, one of ${[...table.columns.keys()].join(", ")} (if that is a sentence, the file has no line of column names: put one first).`,
	);
}

function column(source: string, table: Table, name: string): string[] {
	const found = table.columns.get(name);
	if (found) return found;
	throw new Error(
		`The data set "${source}" has no column "${name}"; near names are ${nearNames(name, table.columns.keys()).join(", ")}.`,
	);
}

function labels(
	source: string,
	table: Table,
	wanted: string[] | undefined,
	notLabels: string[],
): Record<string, string[]> {
	const others = new Set([...notLabels, "id", "split"]);
	const names =
		wanted ??
		[...table.columns]
			.filter(
				([name, values]) =>
					!others.has(name) && new Set(values).size <= MAX_DISTINCT,
			)
			.map(([name]) => name);
	return Object.fromEntries(
		names.map((name) => [name, column(source, table, name)]),
	);
}

function readOffsets(
	source: string,
	table: Table,
	name: string,
	text: string[],
): Uint32Array {
	const offsets = column(source, table, name).map(Number);
	const beyond = offsets.findIndex((offset, i) => offset > text[i].length);
	if (beyond >= 0)
		throw new Error(
			`In ${table.place(beyond)} of "${source}", ${name} is ${offsets[beyond]}, but the text has ${text[beyond].length} characters.`,
		);
	return Uint32Array.from(offsets);
}

function readSplit(source: string, table: Table): Split[] {
	const values = column(source, table, "split");
	const wrong = values.findIndex(
		(value) => !(splitNames as string[]).includes(value),
	);
	if (wrong >= 0)
		throw new Error(
			`In ${table.place(wrong)} of "${source}", split is "${values[wrong]}", where train, validation or test was expected.`,
		);
	return values as Split[];
}

function isWholeNumber(value: string): boolean {
	return /^\d+$/.test(value);
}
