import { fromHub, HubError, type HubFiles, type HubReason } from "../hub";
import { reportProgress } from "../progress";
import { openParquet } from "./parquet";
import { checkWhole, chooseSplits, convertedSplits, ownSplits } from "./splits";
import {
	append,
	isOffset,
	MAX_DISTINCT,
	splitNames,
	type Table,
	textColumnOf,
} from "./table";
import type { NamedOptions } from "./types";

/** The branch where the hub keeps its own conversion of every data set: <config>/<split>/0000.parquet and so on. */
const CONVERTED = "refs/convert/parquet";

/** Where the conversion cannot be had for these reasons, the repository's own files may be. */
const ELSEWHERE: HubReason[] = [
	"no revision",
	"no repository",
	"not cached",
	"unreachable",
];

/** Reads the rows of a data set of the hub as far as `limit`, file by file, row group by row group. */
export async function readHubTable(
	id: string,
	options: NamedOptions,
): Promise<Table> {
	const { offline, signal, revision } = options;
	const how = {
		...(offline !== undefined && { offline }),
		...(signal && { signal }),
	};
	const at = async (revision: string, own: boolean) => {
		const name = { kind: "dataset" as const, id, revision };
		const read = (files: HubFiles) => readSplits(id, files, own, options);
		return (await fromHub(name, how, read)).value;
	};
	const eitherWay = async () => {
		if (revision !== undefined) return at(revision, true);
		try {
			return await at(CONVERTED, false);
		} catch (error) {
			if (!(error instanceof HubError) || !ELSEWHERE.includes(error.reason))
				throw error;
		}
		return at("main", true);
	};
	try {
		return await eitherWay();
	} catch (error) {
		throw isUnknown(error) && !id.includes("/") ? unknown(id, error) : error;
	}
}

function isUnknown(error: unknown): error is HubError {
	return (
		error instanceof HubError &&
		["no repository", "not cached", "denied", "unreachable"].includes(
			error.reason,
		)
	);
}

/** Says also that the name is no file, as a misspelt one looks like a name of the hub. */
function unknown(id: string, error: HubError): HubError {
	const why = error.message.replace(/^./, (letter) => letter.toLowerCase());
	return new HubError(
		error.reason,
		`"${id}" is neither "bundled" nor a file; as a data set of the hub: ${why}`,
	);
}

async function readSplits(
	id: string,
	files: HubFiles,
	own: boolean,
	options: NamedOptions,
): Promise<Table> {
	const names = await files.list();
	const found = own ? ownSplits(names) : convertedSplits(names);
	if (found.length === 0)
		throw new HubError(
			own ? "no file" : "no revision", // the repository's own files may serve
			`The data set "${id}" has no Parquet files: download one of its files and give the path of a .csv, .tsv, .jsonl or .parquet file.`,
		);
	const chosen = chooseSplits(id, found, options);
	const rows = collector(options);
	for (const part of chosen) {
		if (rows.full()) break;
		checkWhole(id, part, options);
		for (const name of part.files) {
			if (rows.full()) break;
			await rows.read(await files.get(name), part.split);
		}
	}
	return rows.table();
}

/** Rows as columns of text; a column that turns out to be neither text nor label is dropped on the way. */
function collector({
	text_column,
	label_columns = [],
	limit = Number.POSITIVE_INFINITY,
	signal,
}: NamedOptions) {
	const columns = new Map<string, string[]>();
	const seen = new Map<string, Set<string>>();
	const splits: string[] = [];
	const places: string[] = [];
	let text: string | undefined;
	const isNeeded = (name: string) =>
		name === text || label_columns.includes(name) || isOffset(name);

	const add = (part: Map<string, string[]>, split: string, before: number) => {
		const texts = part.get(text ?? "") ?? [];
		const kept = texts
			.map((_, i) => i)
			.filter((i) => texts[i] !== "")
			.slice(0, limit - places.length);
		for (const [name, column] of columns) {
			const values = part.get(name);
			const distinct = seen.get(name);
			if (values)
				append(
					column,
					kept.map((i) => values[i]),
				);
			if (distinct && values && !isNeeded(name))
				for (const i of kept) distinct.add(values[i]);
			if (!values || (distinct && distinct.size > MAX_DISTINCT))
				columns.delete(name);
		}
		append(
			splits,
			kept.map(() => split),
		);
		append(
			places,
			kept.map((i) => `row ${before + i + 1} of ${split}`),
		);
	};

	return {
		full: () => places.length >= limit,
		async read(path: string, split: string): Promise<void> {
			const file = await openParquet(path);
			if (places.length === 0)
				for (const name of file.columns) {
					columns.set(name, []);
					seen.set(name, new Set());
				}
			text = textColumnOf(file.columns, text_column);
			if (
				![text, ...label_columns].every((name) =>
					file.columns.includes(name ?? ""),
				)
			) {
				places.push(""); // enough for the caller to say which columns there are
				limit = 0;
				return;
			}
			const total = file.groups.reduce((sum, rows) => sum + rows, 0);
			let before = 0;
			for (const [group, rows] of file.groups.entries()) {
				signal?.throwIfAborted();
				if (places.length >= limit) break;
				const wanted = file.columns.filter((name) => columns.has(name));
				add(await file.read(group, wanted, rows), split, before);
				before += rows;
				reportProgress({
					label: `read ${split}`,
					done: places.length >= limit ? total : before,
					total,
					unit: "rows",
				});
			}
		},
		table(): Table {
			const known = splits.every((split) =>
				(splitNames as string[]).includes(split),
			);
			if (known && splits.length) columns.set("split", splits);
			else columns.delete("split");
			return { columns, rows: places.length, place: (row) => places[row] };
		},
	};
}
