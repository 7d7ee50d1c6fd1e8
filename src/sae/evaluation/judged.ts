import { rowsOf } from "../../activations";
import {
	FEW_UNITS,
	fewNote,
	type Sentences,
	type Split,
	type SplitRecord,
	splitSentences,
} from "../../dataset";
import { seenBy, splitOptionsOf } from "../trained-on";
import type { Latents, Sae } from "../types";

/** Which sentences an SAE is measured on. */
export interface Judged {
	/** The same sentences, with the split that `split` names those that are measured by. */
	sentences: Sentences;
	/** The part that is measured; absent where it is none. */
	part?: Split;
	split: Split;
	/** How the split came about, where there is one. */
	split_record?: SplitRecord;
	n_sentences: number;
	/** Of these, how many the SAE was trained on; absent where that is not known. */
	n_trained_on?: number;
	notes: string[];
}

type Known = Pick<Sae, "trained_on">;

/**
 * The sentences' own split, where it has the part asked for. Otherwise what the SAE was trained on decides: the same part
 * of the split that was made for its training; of other sentences those that it was not trained on, which may be all.
 */
export function judgedSentences(
	sae: Known,
	sentences: Sentences,
	wanted?: Split,
): Judged {
	const split = wanted ?? "test";
	const { record, parts, units } = splitSentences(
		sentences,
		splitOptionsOf(sae, sentences, {}),
	);
	const seen = seenBy(sae, sentences);
	const judge = (measured: (i: number) => boolean, why: string[] = []) => {
		const all = [...sentences.text.keys()];
		const of = all.filter(measured);
		const known = seen && of.filter((i) => seen[i]).length;
		const n_units = new Set(of.map((i) => units[i])).size;
		return {
			sentences: {
				...sentences,
				split: all.map(
					(i): Split =>
						measured(i) ? split : split === "train" ? "test" : "train",
				),
			},
			split,
			n_sentences: of.length,
			...(known !== undefined && { n_trained_on: known }),
			notes: [
				...why,
				...(known
					? [
							`${known.toLocaleString("en-US")} of the ${of.length.toLocaleString("en-US")} sentences measured are among those that the autoencoder was trained on.`,
						]
					: []),
				...(n_units < FEW_UNITS
					? [
							fewNote(
								n_units,
								record.by,
								"What was measured has",
								"give more sentences",
							),
						]
					: []),
			],
		};
	};
	const made = agrees(record, parts, sentences, seen);
	if (sentences.split?.includes(split) || (sentences.split && !made))
		return {
			...judge((i) => sentences.split?.[i] === split),
			part: split,
			split_record: record,
		};
	if (made)
		return {
			...judge((i) => parts[i] === split),
			part: split,
			split_record: record,
		};
	if (!seen)
		return judge(
			() => true,
			[
				"All sentences were measured: they have no split, and what the autoencoder was trained on is not known, so that these may be among it.",
			],
		);
	const n_seen = seen.reduce((sum, one) => sum + one, 0);
	if (n_seen === 0 || n_seen === seen.length) return judge(() => true);
	return judge(
		(i) => !seen[i],
		[
			`Measured were the sentences that the autoencoder was not trained on, ${(seen.length - n_seen).toLocaleString("en-US")} of ${seen.length.toLocaleString("en-US")}.`,
		],
	);
}

/** Whether the split made of these sentences is the one that the SAE was trained with. */
function agrees(
	record: SplitRecord,
	parts: Split[],
	{ text }: Pick<Sentences, "text">,
	seen: Uint8Array | undefined,
): boolean {
	if (!record.made || !seen) return false;
	return parts.every((part, i) =>
		part === "train"
			? seen[i] === 1 || text[i].trim() === ""
			: part === "validation" || seen[i] === 0,
	);
}

/** The sentences with a split whose train part is what dead latents are sought on: what the SAE was trained on, where known. */
export function trainingSentences(sae: Known, sentences: Sentences): Sentences {
	const seen = sentences.split ? undefined : seenBy(sae, sentences);
	return seen?.includes(1)
		? {
				...sentences,
				split: Array.from(seen, (one): Split => (one ? "train" : "test")),
			}
		: sentences;
}

/** The rows of latents that dead ones are sought on. */
export function trainingRows(sae: Known, { acts }: Latents): Uint32Array {
	const { split } = trainingSentences(sae, acts.sentences);
	return rowsOf(acts, "train", split);
}
