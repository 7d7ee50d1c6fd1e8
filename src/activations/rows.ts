import type { Sentences, Split } from "../dataset";
import type { TokenRows } from "./types";

/** Rows that are still to be filled in. */
export function emptyRows(n: number): TokenRows {
	return {
		sentence: new Uint32Array(n),
		position: new Uint16Array(n),
		token: new Uint32Array(n),
		start: new Uint32Array(n),
		end: new Uint32Array(n),
	};
}

/**
 * Row numbers of a split, ascending; every row where no split is given or the sentences have none.
 *
 * `splits`: the split of each sentence. Default: the sentences' own.
 */
export function rowsOf(
	acts: { rows: TokenRows; sentences: Pick<Sentences, "split"> },
	split?: Split,
	splits: readonly Split[] | undefined = acts.sentences.split,
): Uint32Array {
	const { sentence } = acts.rows;
	const numbers = Uint32Array.from(sentence.keys());
	return split && splits
		? numbers.filter((row) => splits[sentence[row]] === split)
		: numbers;
}
