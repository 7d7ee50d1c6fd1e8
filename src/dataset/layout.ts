import { quoted } from "../hub";
import type { CardConfig } from "./card";
import { isPattern } from "./glob";
import { below, matching, type NamedFiles, splitsByName } from "./named-splits";

/** The Parquet files of one split, in their order. */
export interface SplitFiles {
	split: string;
	/** Only the first part of the split was converted. */
	partial: boolean;
	files: string[];
}

/** The splits of a configuration, and what was left out. */
export interface ConfigFiles {
	splits: SplitFiles[];
	notes: string[];
}

/** How the files of a data set make its configurations and splits. */
export interface Layout {
	configs: string[];
	default_config?: string;
	filesOf(config: string): ConfigFiles;
}

const PARQUET = /\.(parquet|geoparquet|gpq)$/i;
/** Tables in other files, which Python's `datasets` would read where they are more. */
const TABLE = /\.(csv|tsv|jsonl?|ndjson)(\.[a-z0-9]+)?$/i;
const DATA = /\.(arrow|txt|xml|zip|tar|h5|hdf5)(\.[a-z0-9]+)?$/i;
const NO_DATA = [
	"README.md",
	"config.json",
	"dataset_info.json",
	"dataset_infos.json",
	"dummy_data.zip",
	"dataset_dict.json",
];

/** The splits of the hub's own conversion, whose files are <config>/<split>/0000.parquet and so on. */
export function convertedLayout(names: string[]): Layout {
	const found = new Map<string, Map<string, SplitFiles>>();
	for (const name of names.filter((name) => PARQUET.test(name)).sort()) {
		const parts = name.split("/");
		if (parts.length !== 3) continue;
		const [config, folder] = parts;
		const partial = folder.startsWith("partial-");
		const split = folder.replace(/^partial-/, "");
		const splits = found.get(config) ?? new Map<string, SplitFiles>();
		found.set(config, splits);
		const known = splits.get(split) ?? { split, partial, files: [] };
		known.files.push(name);
		known.partial ||= partial;
		splits.set(split, known);
	}
	const configs = [...found.keys()];
	return {
		configs,
		...defaultOf(configs, configs.includes("default") ? ["default"] : []),
		filesOf: (config) => ({
			splits: [...(found.get(config)?.values() ?? [])],
			notes: [],
		}),
	};
}

/**
 * The splits of a repository's own files as Python's `datasets` (5.2) makes them: those that the configurations of its
 * README.md name; else, of the files data/<split>-00000-of-00001.parquet, the splits so called; else, by words such as
 * "train" and "dev" in the names of folders, or else of files; else all files are the split "train".
 */
export function ownLayout(
	id: string,
	names: string[],
	declared: CardConfig[],
): Layout {
	const all = [...names].sort();
	const data = all.filter(isData);
	const configs = declared.map(({ name }) => name);
	if (configs.length === 0)
		return {
			configs: ["default"],
			default_config: "default",
			filesOf: () => configFiles(data, splitsByName(data, "")),
		};
	return {
		configs,
		...defaultOf(
			configs,
			declared.filter((one) => one.isDefault).map(({ name }) => name),
		),
		filesOf(name) {
			const config = declared.find((one) => one.name === name);
			if (!config) return { splits: [], notes: [] };
			const { folder, files } = config;
			const found = files
				? declaredSplits(id, all, folder, files)
				: splitsByName(data, folder);
			return configFiles(declared.length === 1 ? data : [], found);
		},
	};
}

function defaultOf(configs: string[], flagged: string[]) {
	const [only] = configs.length === 1 ? configs : flagged;
	const isOne = configs.length === 1 || flagged.length === 1;
	return isOne && only !== undefined ? { default_config: only } : {};
}

function isData(name: string): boolean {
	const file = name.slice(name.lastIndexOf("/") + 1);
	return (
		[PARQUET, TABLE, DATA].some((kind) => kind.test(file)) &&
		!NO_DATA.includes(file)
	);
}

/** By split: the files that README.md names. */
function declaredSplits(
	id: string,
	names: string[],
	folder: string,
	files: Map<string, string[]>,
): NamedFiles {
	const known = new Set(names);
	const found = new Map<string, string[]>();
	for (const [split, paths] of files)
		found.set(
			split,
			paths.flatMap((path) => {
				if (isPattern(path)) return matching(names, below(folder, path));
				const name = below(folder, path);
				if (known.has(name)) return [name];
				throw new Error(
					`README.md of the data set "${id}" names the file ${quoted(name)} in the split ${quoted(split)}, but there is no such file: download the files that are meant, and give their paths.`,
				);
			}),
		);
	return { found, why: "the splits are those that README.md names" };
}

/** Keeps the Parquet files of each split, and says what is left out. */
function configFiles(data: string[], { found, why }: NamedFiles): ConfigFiles {
	const notes: string[] = [];
	const splits: SplitFiles[] = [];
	const used = new Map<string, string>();
	const others: string[] = [];
	for (const [split, all] of found) {
		const files = [...new Set(all)];
		if (files.length < all.length)
			notes.push(
				`The split ${quoted(split)} names files more than once; their rows are read once.`,
			);
		const parquet = files.filter((name) => PARQUET.test(name));
		const rest = files.filter((name) => !PARQUET.test(name) && isData(name));
		others.push(...rest);
		if (files.length === 0)
			notes.push(
				`README.md names a split ${quoted(split)}, of which there are no files.`,
			);
		if (rest.filter((name) => TABLE.test(name)).length > parquet.length)
			notes.push(
				`The split ${quoted(split)} is left out: ${parquet.length ? "most of its" : "its"} files are not Parquet.`,
			);
		else if (parquet.length)
			splits.push({ split, partial: false, files: parquet });
		for (const name of parquet) {
			const other = used.get(name);
			if (other !== undefined && other !== split)
				notes.push(
					`The file ${quoted(name)} is in the splits ${quoted(other)} and ${quoted(split)}.`,
				);
			used.set(name, split);
		}
	}
	const unused = data.filter(
		(name) => !used.has(name) && !others.includes(name),
	);
	if (others.length)
		notes.push(
			`${few(others)} ${others.length === 1 ? "is" : "are"} left out, as only Parquet files are read from the hub.`,
		);
	if (unused.length)
		notes.push(
			`${few(unused)} ${unused.length === 1 ? "is" : "are"} left out, as Python's datasets does it: ${why}.`,
		);
	return { splits, notes };
}

/** At most three names, in quotes. */
function few(names: string[]): string {
	const shown = names.slice(0, 3).map(quoted).join(", ");
	return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
