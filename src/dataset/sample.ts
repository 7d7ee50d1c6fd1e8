import { random } from "../random";
import { short } from "./say";

/**
 * The rows, in their order, of a sample of `limit` in which each class of each split keeps its share; every one has at least
 * one row where `limit` allows. Rows without a class ("") are left out.
 */
export function stratifiedRows(
	classes: string[],
	splits: string[] | undefined,
	limit: number,
	seed: number,
): number[] {
	const strata = new Map<string, number[]>();
	for (const [row, value] of classes.entries()) {
		if (value === "") continue;
		const key = JSON.stringify([splits?.[row], value]);
		const rows = strata.get(key);
		if (rows) rows.push(row);
		else strata.set(key, [row]);
	}
	const rng = random(seed);
	const ranked = [...strata.values()].flatMap((rows) =>
		// The first of each comes before all others, then they come evenly.
		rng.shuffle(rows).map((row, i) => ({
			row,
			rank: i === 0 ? -rows.length : (i + 0.5) / rows.length,
		})),
	);
	return ranked
		.sort((a, b) => a.rank - b.rank || a.row - b.row)
		.slice(0, limit)
		.map(({ row }) => row)
		.sort((a, b) => a - b);
}

/** What a reader must know of the first rows of a source that was not read to its end, if its rows come sorted. */
export function limitNotes(
	labels: Record<string, string[]>,
	limit: number,
): string[] {
	const notes: string[] = [];
	for (const [name, values] of Object.entries(labels)) {
		const classes = new Set(values);
		const runs = values.filter(
			(value, i) => i === 0 || value !== values[i - 1],
		);
		if (
			values.length < limit ||
			values.length < 2 ||
			runs.length > classes.size
		)
			continue;
		if (classes.size === values.length) continue; // each row has a class of its own
		const only =
			classes.size === 1
				? `have only one ${short(name)}, ${short(values[0])}`
				: `come sorted by ${short(name)}`;
		notes.push(
			`The first ${limit} sentences ${only}, so other classes may be missing: stratify: ${short(name)} takes some of each.`,
		);
	}
	return notes;
}
