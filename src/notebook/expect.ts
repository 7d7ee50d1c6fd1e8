import { printLine } from "../output";

/** The range that a number should lie in; both ends belong to it. */
export interface Range {
	atLeast?: number;
	atMost?: number;
}

/**
 * Prints a number with the range it should lie in, and ends the cell with an error where it does not: a notebook that
 * runs to its end has kept all its promises.
 */
export function expect(name: string, value: number, range: Range): void {
	const { atLeast = -Infinity, atMost = Infinity } = range;
	const ends = [
		...(atLeast > -Infinity ? [`at least ${atLeast}`] : []),
		...(atMost < Infinity ? [`at most ${atMost}`] : []),
	];
	const line = `${name}: ${Number(value.toPrecision(4))} (expected ${ends.join(" and ") || "any number"})`;
	if (!(value >= atLeast && value <= atMost))
		throw new Error(`${line}: out of range.`);
	printLine(`✓ ${line}`);
}
