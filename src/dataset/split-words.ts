import type { Split } from "./types";

/** How people write the three splits, in columns and in the names of files. */
const words: Record<Split, string[]> = {
	train: ["train", "training"],
	validation: ["validation", "valid", "val", "dev"],
	test: ["test", "testing", "eval", "evaluation"],
};

/** In columns only: in the name of a file, "tr" and "te" are also languages. */
const shorter: Record<Split, string[]> = {
	train: ["tr", "trn"],
	validation: ["va", "development"],
	test: ["te", "tst"],
};

export const splitNames = Object.keys(words) as Split[];

/** The split that a value means, in any case, e.g. "Train" or "dev"; undefined where it means none. */
export function splitOfWord(value: string): Split | undefined {
	const word = value.trim().toLowerCase();
	return splitNames.find(
		(split) => words[split].includes(word) || shorter[split].includes(word),
	);
}

/** The first split that a file's name has a word for, e.g. train of "train-00000-of-00001.parquet". */
export function splitIn(name: string): Split | undefined {
	for (const word of name.toLowerCase().split(/[^a-z]+/)) {
		const split = splitNames.find((split) => words[split].includes(word));
		if (split) return split;
	}
	return undefined;
}
