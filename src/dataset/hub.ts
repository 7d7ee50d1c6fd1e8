import { readFileSync } from "node:fs";
import { fromHub, HubError, type HubFiles, type HubReason } from "../hub";
import { type Card, oldClasses, readCard } from "./card";
import { convertedLayout, ownLayout } from "./layout";
import { rowCollector } from "./rows";
import { splitOfWord } from "./split-words";
import { checkWhole, chooseSplits } from "./splits";
import type { Table } from "./table";
import type { NamedOptions, Split } from "./types";

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
	const card = own ? await cardOf(id, files, names) : noCard;
	const layout = own
		? ownLayout(id, names, card.configs)
		: convertedLayout(names);
	if (layout.configs.length === 0) throw noParquet(id, names, own, []);
	const { config, splits, notes } = chooseSplits(id, layout, options);
	if (splits.length === 0) throw noParquet(id, names, own, notes);
	const [only, ...others] = card.configs.length ? [] : card.classes.values();
	const classes =
		card.classes.get(config) ?? (others.length ? undefined : only);
	const rows = rowCollector({ ...options, tidy: true });
	const places: (Split | undefined)[] = [];
	for (const part of splits) {
		if (rows.full()) break;
		checkWhole(id, part, options);
		for (const name of part.files) {
			if (rows.full()) break;
			await rows.read(await files.get(name), part.split, classes);
			while (places.length < rows.rows()) places.push(splitOfWord(part.split));
		}
	}
	const table = rows.table();
	const known = places.filter((split) => split !== undefined);
	const all = [...card.notes, ...notes, ...(table.notes ?? [])];
	if (table.columns.delete("split"))
		all.push(
			'The column "split" of the files is not read: what the hub calls the splits is.',
		);
	if (known.length && known.length === places.length)
		table.columns.set("split", known);
	return { ...table, ...(all.length && { notes: all }) };
}

/** Where the repository's own files may serve, the reason says so. */
function noParquet(
	id: string,
	names: string[],
	own: boolean,
	notes: string[],
): HubError {
	const some = names.some((name) => name.endsWith(".parquet"));
	return new HubError(
		own ? "no file" : "no revision",
		[
			`The data set "${id}" has no Parquet files${some ? " to read" : ""}: download one of its files and give the path of a .csv, .tsv, .jsonl or .parquet file.`,
			...notes,
		].join(" "),
	);
}

const noCard: Card = { configs: [], classes: new Map(), notes: [] };

/** What the repository says of itself in README.md and in files beside it. */
async function cardOf(
	id: string,
	files: HubFiles,
	names: string[],
): Promise<Card> {
	const unknown: string[] = [];
	const read = async (name: string) => {
		if (!names.includes(name)) return "";
		const path = await files.wish(name);
		if (path === undefined) unknown.push(name);
		return path === undefined ? "" : readFileSync(path, "utf8");
	};
	const more = await read(".huggingface.yaml");
	const card = readCard(id, await read("README.md"), more);
	if (unknown.length)
		card.notes.push(
			`${unknown.join(" and ")} of the data set "${id}" is not in the cache, so that its splits are known by the names of its files alone.`,
		);
	const old = await read("dataset_infos.json");
	try {
		const classes = new Map([...(old ? oldClasses(old) : []), ...card.classes]);
		return { ...card, classes };
	} catch {
		return card; // it is no longer written, and names classes at most
	}
}
