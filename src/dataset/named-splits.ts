import { matchesPattern } from "./glob";
import type { Split } from "./types";

/** The files of each split, and what of their names says it. */
export interface NamedFiles {
	found: Map<string, string[]>;
	why: string;
}

/** The words for each split, as Python's `datasets` knows them. */
const splitWords: Record<Split, string[]> = {
	train: ["train", "training"],
	validation: ["validation", "valid", "dev", "val"],
	test: ["test", "testing", "eval", "evaluation"],
};
const SEPARATOR = "[-._ 0-9]";
const IN_FOLDERS = {
	patterns: (word: string) => [
		`**/${word}/**`,
		`**/${word}${SEPARATOR}*/**`,
		`**/*${SEPARATOR}${word}/**`,
		`**/*${SEPARATOR}${word}${SEPARATOR}*/**`,
	],
	why: "the names of folders say the splits",
};
const IN_NAMES = {
	patterns: (word: string) => [
		`**/${word}${SEPARATOR}*`,
		`**/*${SEPARATOR}${word}${SEPARATOR}*`,
	],
	why: "the names of files say the splits",
};

/** By split: the files below a folder, by their names. */
export function splitsByName(data: string[], folder: string): NamedFiles {
	const parts = partSplits(data, folder);
	if (parts.size)
		return {
			found: parts,
			why: "the splits are the files named as data/<split>-00000-of-00001.parquet",
		};
	for (const { patterns, why } of [IN_FOLDERS, IN_NAMES]) {
		const found = new Map<string, string[]>();
		for (const [split, words] of Object.entries(splitWords)) {
			const files = words
				.flatMap(patterns)
				.flatMap((pattern) => matching(data, below(folder, pattern)));
			if (files.length) found.set(split, files);
		}
		if (found.size) return { found, why };
	}
	const all = matching(data, below(folder, "**"));
	const why = 'names that begin with "." or "__" are hidden';
	return { found: new Map([["train", all]]), why };
}

/** The splits of files like data/train-00000-of-00001.parquet: train, validation and test first, then by name. */
function partSplits(data: string[], folder: string): Map<string, string[]> {
	const found = new Map<string, string[]>();
	for (const name of data) {
		const part = /^(.+)-\d{5}-of-\d{5}[^/]*\.[^/]*$/.exec(
			name.slice(below(folder, "data/").length),
		)?.[1];
		if (!name.startsWith(below(folder, "data/")) || !part || part.includes("/"))
			continue;
		if (part.startsWith(".")) continue;
		const files = found.get(part) ?? [];
		found.set(part, files);
		files.push(name);
	}
	const usual = Object.keys(splitWords);
	const rank = (split: string) =>
		usual.includes(split) ? usual.indexOf(split) : usual.length;
	return new Map(
		[...found].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1)),
	);
}

/** The names that fit a pattern. */
export function matching(names: string[], pattern: string): string[] {
	return names.filter((name) => matchesPattern(pattern, name));
}

/** The path of what is in a folder, "" being the outermost. */
export function below(folder: string, name: string): string {
	return folder === "" ? name : `${folder}/${name}`;
}
