import { csv } from "./csv";
import { behaviourItems, behaviours } from "./grammar";

/** The columns of `choices.csv`, in order. */
const columns = ["behaviour", "text", "right", "wrong", "answer"] as const;

const PER_BEHAVIOUR = 200;

/**
 * Forced choices for notebooks, as CSV: a text that breaks off, how it goes on, and a wrong way to go on. For copying,
 * where every other name is wrong, the wrong ones take turns. The same seed gives the same file.
 */
export function makeChoices(seed: number): string {
	const records = behaviours.flatMap((behaviour) =>
		behaviourItems(behaviour, PER_BEHAVIOUR, seed).map((item, i) => ({
			behaviour,
			text: item.prefix,
			right: item.right,
			wrong: item.foils[i % item.foils.length],
			answer: item.answer,
		})),
	);
	return csv(columns, records);
}
