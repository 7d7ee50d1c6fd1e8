import type { Activations } from "../activations";
import {
	type DataSplit,
	type Sentences,
	type SplitOptions,
	splitSentences,
	textKey,
} from "../dataset";
import type { Latents, Sae, TrainedOn } from "./types";

/** What an SAE has seen: the texts of these sentences, each once. */
export function trainedOn(
	{ text }: Pick<Sentences, "text">,
	seen: Iterable<number>,
	split: DataSplit["record"],
): TrainedOn {
	const keys = new Set<number>();
	for (const i of seen) keys.add(textKey(text[i]));
	return { split, texts: Float64Array.from(keys).sort() };
}

/** Of each sentence, whether the SAE was trained on its text; undefined where that is not known. Rows without a text are none. */
export function seenBy(
	{ trained_on }: Partial<Pick<Sae, "trained_on">>,
	{ text }: Pick<Sentences, "text">,
): Uint8Array | undefined {
	if (!trained_on) return undefined;
	const known = new Set(trained_on.texts);
	return Uint8Array.from(text, (one) =>
		one.trim() && known.has(textKey(one)) ? 1 : 0,
	);
}

/**
 * The split that something is judged by: that of the sentences, made as the autoencoder's was where latents are judged,
 * so that none of the test part was trained on.
 */
export function splitFor(
	source: Latents | Activations,
	options: SplitOptions,
): DataSplit & { seen?: Uint8Array } {
	if (source.kind === "activations")
		return splitSentences(source.sentences, options);
	const { sentences } = source.acts;
	const { sae } = source;
	const seen = seenBy(sae, sentences);
	const split = splitSentences(
		sentences,
		splitOptionsOf(sae, sentences, options),
	);
	return { ...split, ...(seen && { seen }) };
}

/** Those that the autoencoder's own split was made with, where one was made. */
export function splitOptionsOf(
	{ trained_on }: Partial<Pick<Sae, "trained_on">>,
	{ labels }: Pick<Sentences, "labels">,
	options: SplitOptions,
): SplitOptions {
	if (!trained_on?.split.made) return options;
	const { seed, group } = trained_on.split;
	const known = group !== undefined && Object.hasOwn(labels, group);
	return { seed, group: options.group ?? (known ? group : undefined) };
}

/** A sentence where some of those that something is judged on were trained on; none where none was, or none is known. */
export function seenNotes(
	seen: Uint8Array | undefined,
	test: Iterable<number>,
): string[] {
	if (!seen) return [];
	const all = [...test];
	const n = all.reduce((sum, i) => sum + seen[i], 0);
	if (n === 0) return [];
	const count = (value: number) => value.toLocaleString("en-US");
	return [
		`${count(n)} of ${count(all.length)} test sentences are among those that the autoencoder was trained on: its latents may know them by heart.`,
	];
}
