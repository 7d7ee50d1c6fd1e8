import { near, quoted } from "../hub";
import { splitIn, splitNames } from "./split-words";
import type { LoadSentencesOptions } from "./types";

/** The Parquet files of one split, in their order. */
export interface SplitFiles {
	config: string;
	split: string;
	/** Only the first part of the split was converted. */
	partial: boolean;
	files: string[];
}

/** The splits that are wanted, of one configuration. */
export function chooseSplits(
	id: string,
	found: SplitFiles[],
	{ config, split }: LoadSentencesOptions,
): SplitFiles[] {
	const configs = [...new Set(found.map((part) => part.config))];
	const only = configs.length === 1 ? configs[0] : undefined;
	const wanted =
		config ?? only ?? configs.find((name) => name === "default") ?? "";
	const parts = found.filter((part) => part.config === wanted);
	if (parts.length === 0)
		throw new Error(
			config === undefined
				? `The data set "${id}" has ${configs.length} configurations: give config, one of ${list(configs)}.`
				: `The data set "${id}" has no configuration "${config}"${near(config, configs)}.`,
		);
	const names = parts.map((part) => part.split);
	const asked = parts.filter((part) => part.split === split);
	if (split !== undefined && asked.length === 0)
		throw new Error(
			`The data set "${id}" has no split "${split}"; it has ${list(names)}.`,
		);
	if (split !== undefined) return asked;
	const usual = splitNames.flatMap((name) =>
		parts.filter((part) => part.split === name),
	);
	if (usual.length) return usual;
	if (parts.length === 1) return parts;
	throw new Error(
		`The data set "${id}" has none of the splits train, validation and test: give split, one of ${list(names)}.`,
	);
}

/** Throws where files of a split are missing, so that less would be read than is asked for. */
export function checkWhole(
	id: string,
	{ split, partial, files }: SplitFiles,
	{ limit }: LoadSentencesOptions,
): void {
	if (partial && limit === undefined)
		throw new Error(
			`The hub has converted only the first part of the split "${split}" of the data set "${id}": give a limit to read from that part.`,
		);
	const total = Number(/-of-0*(\d+)\.parquet$/.exec(files[0])?.[1] ?? 0);
	if (total > files.length)
		throw new Error(
			`The split "${split}" of the data set "${id}" has ${total} files, of which ${files.length} are there.`,
		);
}

/** The splits of the hub's own conversion. */
export function convertedSplits(names: string[]): SplitFiles[] {
	const found = new Map<string, SplitFiles>();
	for (const name of parquetFiles(names)) {
		const parts = name.split("/");
		if (parts.length !== 3) continue;
		const [config, folder] = parts;
		const partial = folder.startsWith("partial-");
		const split = folder.replace(/^partial-/, "");
		put(found, { config, split, partial, files: [name] });
	}
	return [...found.values()];
}

/** The splits of a repository's own Parquet files, by the words in their names, as Python's `datasets` finds them. */
export function ownSplits(names: string[]): SplitFiles[] {
	const found = new Map<string, SplitFiles>();
	for (const name of parquetFiles(names)) {
		const folders = name.split("/").slice(0, -1);
		const config =
			folders.find((folder) => folder !== "data" && !splitIn(folder)) ??
			"default";
		const words = name.split("/").reverse(); // the file's own name says most
		const split = words.map(splitIn).find(Boolean) ?? "train";
		put(found, { config, split, partial: false, files: [name] });
	}
	return [...found.values()];
}

function put(found: Map<string, SplitFiles>, part: SplitFiles): void {
	const key = JSON.stringify([part.config, part.split]);
	const before = found.get(key);
	if (!before) found.set(key, part);
	else {
		before.files.push(...part.files);
		before.partial ||= part.partial;
	}
}

function parquetFiles(names: string[]): string[] {
	return names.filter((name) => name.endsWith(".parquet")).sort();
}

/** At most twenty names, in quotes. */
function list(names: string[]): string {
	const shown = names.slice(0, 20).map(quoted).join(", ");
	return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown;
}
