import type { Activations } from "../../activations";
import {
	type DataSplit,
	type Sentences,
	type Split,
	splitSentences,
} from "../../dataset";
import { trainedOn } from "../trained-on";
import type { TrainedOn } from "../types";
import { rowsInMemory, type TrainingRows } from "./data";
import { rowsOnDisk, someRows } from "./data-disk";
import { VALIDATION_ROWS } from "./look";
import type { TrainSettings } from "./options";

/** What a training reads. */
export interface RowSource {
	rows: TrainingRows;
	/** Rows of the validation split, in random order, where one is asked for. */
	validation?: Float32Array;
	seen: TrainedOn;
}

type Choice = Pick<
	TrainSettings,
	"seed" | "group" | "validation_split" | "early_stopping_patience"
>;

/**
 * The rows of each training, made once for those that have the same. The train split of `splitSentences` is trained on; of
 * a given split that lacks only the validation part, nothing is held out for that where nobody asks for it.
 */
export function rowSources(
	acts: Activations,
	modes: readonly TrainSettings["normalize_activations"][],
	signal?: AbortSignal,
) {
	const splits = new Map<string, DataSplit>();
	const rows = new Map<string, TrainingRows>();
	const sources = new Map<string, RowSource>();
	const once = async <T>(
		known: Map<string, T>,
		key: unknown[],
		make: () => T | Promise<T>,
	): Promise<T> => {
		const name = JSON.stringify(key);
		const found = known.get(name) ?? (await make());
		known.set(name, found);
		return found;
	};
	return async (settings: Choice): Promise<RowSource & { key: string }> => {
		const { seed, group, validation_split, early_stopping_patience } = settings;
		const { sentences } = acts;
		const split = await once(splits, [seed, group], () =>
			splitSentences(sentences, { seed, group }),
		);
		const whole = !validation_split && sentences.split?.includes("test");
		const parts = (whole && sentences.split) || split.parts;
		const same = split.record.made && !whole ? [seed, group] : [];
		const key = JSON.stringify(same);
		const own = await once(rows, same, () =>
			acts.data
				? rowsInMemory(acts, acts.data, parts)
				: rowsOnDisk(acts, modes, parts, signal),
		);
		const choice = [seed, group, validation_split, early_stopping_patience];
		const source = await once(sources, choice, async () => {
			const validation =
				validation_split &&
				(await validationRows(acts, validation_split, split, signal));
			const stopping = early_stopping_patience ? validation_split : undefined;
			const seen = [...parts.keys()].filter(
				(i) => parts[i] === "train" || parts[i] === stopping,
			);
			return {
				rows: own,
				...(validation && { validation }),
				seen: trainedOn(sentences, seen, split.record),
			};
		});
		return { ...source, key };
	};
}

async function validationRows(
	acts: Activations & { sentences: Sentences },
	split: Split,
	{ parts, record }: DataSplit,
	signal?: AbortSignal,
): Promise<Float32Array> {
	const rows = await someRows(acts, split, VALIDATION_ROWS, parts, signal);
	if (rows.length > 0) return rows;
	throw new Error(
		record.given || record.made
			? `validation_split is "${split}", and the activations have no row of that split: give another, or leave it out.`
			: `validation_split is "${split}", and the sentences of "${acts.sentences.name}" have no splits and too few different texts to make one: give more, or leave it out.`,
	);
}

/** Rounds over the rows from which on it is told: more of the same text teaches little but the text itself. */
const MANY_ROUNDS = 100;

/** What a reader should know of what was trained on, a sentence each. */
export function trainingNotes(
	{ split }: TrainedOn,
	n_rows: number,
	rounds: number,
): string[] {
	const count = (n: number) => n.toLocaleString("en-US");
	const notes: string[] = [];
	if (!split.given && !split.made)
		notes.push(
			"Nothing was held out, since the sentences have fewer than 10 different texts: whatever is measured on them is measured on what was trained on.",
		);
	if (rounds > MANY_ROUNDS)
		notes.push(
			`Trained for ${count(Math.round(rounds))} rounds over ${count(n_rows)} tokens: extract more text, or set training_tokens, or what it has learned may be these texts by heart.`,
		);
	return notes;
}
