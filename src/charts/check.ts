import { clip } from "./theme";

/** More would make a notebook too large, and hide each other. */
const most_points = 10_000;

/**
 * Throws where a chart was given a value of another kind than it draws. `name`: of the chart; `from`: what makes the right
 * kind.
 */
export function checkKind(
	name: string,
	value: { kind: string },
	kind: string,
	from: string,
): void {
	const given = (value as { kind?: unknown } | undefined)?.kind;
	if (given === kind) return;
	const what =
		typeof given === "string"
			? `a result of kind "${clip(given, 30)}"`
			: "what is no result";
	throw new Error(
		`charts.${name} was given ${what}: give it what ${from} returned.`,
	);
}

/** How many points a chart draws at most: what was asked for, or else the default. Throws on what is no such number. */
export function sampleOf(
	name: string,
	asked: number | undefined,
	usual: number,
): number {
	if (asked === undefined) return usual;
	if (Number.isInteger(asked) && asked >= 1 && asked <= most_points)
		return asked;
	throw new Error(
		`charts.${name} was asked for a sample of ${asked}: give a whole number from 1 to ${most_points}.`,
	);
}

/** One result or several as a list. Throws where there is none, or where one is of another kind. */
export function listOf<T extends { kind: string }>(
	name: string,
	results: T | T[],
	kind: string,
	from: string,
): T[] {
	const list = Array.isArray(results) ? results : [results];
	if (!list.length)
		throw new Error(
			`charts.${name} was given no results: give it at least one.`,
		);
	for (const result of list) checkKind(name, result, kind, from);
	return list;
}

/** A number that JSON can hold, with four significant digits; null where there is none. */
export function known(x: number | undefined): number | null {
	return x !== undefined && Number.isFinite(x)
		? Number(x.toPrecision(4))
		: null;
}
