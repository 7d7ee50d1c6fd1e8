import { near, quoted } from "../hub";
import type { Layout, SplitFiles } from "./layout";
import { splitNames, splitOfWord } from "./split-words";
import type { LoadSentencesOptions } from "./types";

/** The splits that are wanted, of one configuration. */
export interface Choice {
	config: string;
	splits: SplitFiles[];
	notes: string[];
}

/** The splits that are wanted, of one configuration. */
export function chooseSplits(
	id: string,
	layout: Layout,
	{ config, split }: LoadSentencesOptions,
): Choice {
	const { configs } = layout;
	const wanted = config ?? layout.default_config;
	if (wanted === undefined || !configs.includes(wanted))
		throw new Error(
			config === undefined
				? `The data set "${id}" has ${configs.length} configurations: give config, one of ${list(configs)}.`
				: `The data set "${id}" has no configuration "${config}"${near(config, configs)}.`,
		);
	const { splits, notes } = layout.filesOf(wanted);
	const names = splits.map((part) => part.split);
	const chosen = (split === undefined ? splitNames : [split])
		.map((name) => named(name, names))
		.filter((name) => name !== undefined);
	if (split === undefined && chosen.length === 0 && names.length === 1)
		chosen.push(names[0]);
	const found = chosen.flatMap((name) =>
		splits.filter((part) => part.split === name),
	);
	if (names.length && found.length === 0)
		throw new Error(
			split === undefined
				? `The data set "${id}" has none of the splits train, validation and test: give split, one of ${list(names)}.`
				: `The data set "${id}" has no split "${split}"; it has ${list(names)}.`,
		);
	const rest = names.filter((name) => !chosen.includes(name));
	return {
		config: wanted,
		splits: found,
		notes:
			split === undefined && rest.length
				? [
						...notes,
						`Not read: the ${rest.length === 1 ? "split" : "splits"} ${list(rest)}; split: ${quoted(rest[0])} reads ${rest.length === 1 ? "it" : "the first of them"}.`,
					]
				: notes,
	};
}

/** The split of a name, else the first one of a name that means the same. */
function named(split: string, names: string[]): string | undefined {
	if (names.includes(split)) return split;
	return names.find((name) => splitOfWord(name) === split);
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

/** At most twenty names, in quotes. */
function list(names: string[]): string {
	const shown = names.slice(0, 20).map(quoted).join(", ");
	return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown;
}
