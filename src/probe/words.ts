import type { SparseMatrix } from "../activations";

/** A run of letters and digits; an apostrophe may stand inside. */
const WORD = /[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu;

/** The lower-cased words of a text, in order. */
export function words(text: string): string[] {
	return text.toLowerCase().match(WORD) ?? [];
}

/**
 * How often each word of the `vocabulary` texts stands in each text: sparse [n_texts, n_words].
 * Words that only other texts have are not counted.
 */
export function bagOfWords(
	texts: readonly string[],
	vocabulary: Iterable<number> /* positions in texts */,
): SparseMatrix {
	const column = new Map<string, number>();
	for (const i of vocabulary)
		for (const word of words(texts[i]))
			if (!column.has(word)) column.set(word, column.size);
	const indptr = new Float64Array(texts.length + 1);
	const indices: number[] = [];
	const values: number[] = [];
	texts.forEach((text, i) => {
		const counts = new Map<number, number>();
		for (const word of words(text)) {
			const j = column.get(word);
			if (j !== undefined) counts.set(j, (counts.get(j) ?? 0) + 1);
		}
		for (const [j, count] of [...counts].sort((a, b) => a[0] - b[0])) {
			indices.push(j);
			values.push(count);
		}
		indptr[i + 1] = indices.length;
	});
	return {
		kind: "sparse",
		rows: texts.length,
		columns: column.size,
		indptr,
		indices: Uint32Array.from(indices),
		values: Float32Array.from(values),
	};
}
