import { hasLabel, type Sentences } from "../dataset";
import { topIndices } from "../top";
import { correctedTests, newCounts } from "./marks";
import { agreementOf } from "./quality";
import type { Agreement, Clustering } from "./result";
import type { Units } from "./units";

/** Classes of a label that are looked at: as many as a column may have to be a label without being asked for. */
const CLASSES = 50;

/**
 * How far the clusters agree with each label; NaN where no sentence has it. Sentences without it take no part, and of the
 * copies of a text only the first that has it does.
 */
export function agreements(
	assignment: Uint32Array,
	labels: Sentences["labels"],
	{ text }: Pick<Units, "text">,
): Record<string, Agreement> {
	return Object.fromEntries(
		Object.entries(labels).map(([label, values]) => {
			const met = new Set<number>();
			const own = labelled(values).filter(
				(i) => !met.has(text[i]) && met.add(text[i]),
			);
			return [
				label,
				agreementOf(
					own.map((i) => assignment[i]),
					own.map((i) => values[i]),
				),
			];
		}),
	);
}

/**
 * Every class of every label in every cluster, see `Clustering.enrichment`; sentences without the label take no part.
 * Of a label with more than 50 classes (a name or an id, as a rule) the 50 most frequent are looked at: they are chosen
 * whatever cluster they lie in, so that the tests stay valid, which are corrected over those of the label.
 */
export function enrichment(
	assignment: Uint32Array,
	labels: Sentences["labels"],
	{ unit }: Pick<Units, "unit">,
	k: number,
): Clustering["enrichment"] {
	return Object.entries(labels).flatMap(([label, values]) =>
		enrichmentIn(label, values, assignment, unit, k),
	);
}

function enrichmentIn(
	label: string,
	values: string[],
	assignment: Uint32Array,
	unit: Uint32Array,
	k: number,
): Clustering["enrichment"] {
	const own = labelled(values);
	const counts = new Map<string, number>();
	for (const i of own) counts.set(values[i], (counts.get(values[i]) ?? 0) + 1);
	const names = [...counts.keys()];
	const classes = topIndices([...counts.values()], CLASSES).map(
		(c) => names[c],
	);
	const place = new Map(classes.map((name, c) => [name, c]));
	const inside = new Uint32Array(k * classes.length);
	const sizes = new Uint32Array(k);
	const count = newCounts(k, classes.length, unit, assignment, own);
	for (const i of own) {
		sizes[assignment[i]]++;
		const c = place.get(values[i]);
		if (c === undefined) continue;
		inside[assignment[i] * classes.length + c]++;
		count.add(i, c);
	}
	const total = classes.map((name) => counts.get(name) as number);
	const p = correctedTests(count);
	return Array.from(inside, (n, at) => {
		const cluster = Math.floor(at / classes.length);
		const c = at % classes.length;
		const share = sizes[cluster] > 0 ? n / sizes[cluster] : 0;
		const overall = total[c] / own.length;
		return {
			...{ cluster, label, class: classes[c], n, inside: share, overall },
			lift: share / overall,
			p_value: p[at],
		};
	});
}

/** The sentences that have the label. */
function labelled(values: string[]): number[] {
	return [...values.keys()].filter((i) => hasLabel(values[i]));
}
