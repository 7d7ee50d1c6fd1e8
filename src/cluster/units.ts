import { groupsOf, type Sentences, unitsOf } from "../dataset";
import type { UnitCounts } from "./result";

/** What counts as one among sentences: copies of a text in every number, whole groups in every draw and test. */
export interface Units {
	/** The text of each sentence, numbered: copies have the same. */
	text: Uint32Array; // [n_sentences]
	/** The first sentence of each text, ascending. */
	first: Uint32Array; // [texts]
	/** How much each sentence counts where every text counts once: 1 over how many have it. */
	share: Float64Array; // [n_sentences]
	/** What a resample draws as one: the text, or the group. */
	unit: Uint32Array; // [n_sentences]
	told: UnitCounts;
}

/**
 * `group`: the label column that names the groups; default: the sentences' own `group`. Throws where there is no such
 * column.
 */
export function unitsIn(
	sentences: Pick<Sentences, "text" | "labels" | "group">,
	group?: string,
): Units {
	const groups = groupsOf(sentences, group);
	const text = unitsOf({ text: sentences.text });
	const unit = groups ? unitsOf(sentences, groups) : text;
	const first: number[] = [];
	text.forEach((t, i) => {
		if (t === first.length) first.push(i);
	});
	return {
		...{ text, unit, first: Uint32Array.from(first) },
		share: shares(text, Uint32Array.from(text.keys())),
		told: {
			unit: groups ? "text and group" : "text",
			n_units: new Set(unit).size,
			copies: text.length - first.length,
			...(group !== undefined && { group }),
		},
	};
}

/** How much each of `members` counts where every unit counts once: 1 over how many of them the unit has. */
export function shares(
	unit: ArrayLike<number>,
	members: ArrayLike<number>,
): Float64Array {
	const sizes = new Map<number, number>();
	for (let at = 0; at < members.length; at++) {
		const own = unit[members[at]];
		sizes.set(own, (sizes.get(own) ?? 0) + 1);
	}
	return Float64Array.from(members, (i) => 1 / (sizes.get(unit[i]) as number));
}
