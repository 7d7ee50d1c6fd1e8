import type { Sentences } from "./types";

/** The sentences whose number `keep` accepts, with their labels, offsets, splits and groups; notes stay as they are. */
export function selectSentences(
	sentences: Sentences,
	keep: (i: number) => boolean,
): Sentences {
	const kept = sentences.text.map((_, i) => i).filter((i) => keep(i));
	const take = <T>(values: ArrayLike<T>) => kept.map((i) => values[i]);
	return {
		kind: "sentences",
		name: sentences.name,
		text: take(sentences.text),
		labels: Object.fromEntries(
			Object.entries(sentences.labels).map(([name, values]) => [
				name,
				take(values),
			]),
		),
		offsets: Object.fromEntries(
			Object.entries(sentences.offsets).map(([name, values]) => [
				name,
				Uint32Array.from(take(values)),
			]),
		),
		...(sentences.split && { split: take(sentences.split) }),
		...(sentences.token_ids && { token_ids: take(sentences.token_ids) }),
		...(sentences.group && { group: take(sentences.group) }),
		...(sentences.notes && { notes: sentences.notes }),
	};
}

/** Plain texts as sentences without labels. */
export function sentencesOf(text: string[], name = "texts"): Sentences {
	return { kind: "sentences", name, text, labels: {}, offsets: {} };
}
