import { isListText, tagsOfText } from "./lists";
import { momentsOf } from "./moments";
import { numberOf } from "./number";
import { canonicalNumber } from "./numbers";
import { counted, short, shortList } from "./say";

/** How programs write that there is no value; people also name classes so. */
const NOTHING = new Set(
	"NA N/A n/a na #N/A <NA> NaN nan NAN null NULL Null None none nil NaT \\N".split(
		" ",
	),
);

/** A number as files write it; "007" is none, as its zeros would be lost. */
const NUMBER =
	/^-?(?:(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d+)?|inf(?:inity)?)$/i;

/** Labels as they are to be compared, or why a column holds none. */
export interface Classes {
	values: string[];
	left?: string;
	notes: string[];
}

/**
 * The labels of a column, each class written in one way, whatever kind of file they come from: without spaces around them
 * where these would tell two classes apart; where all are numbers, whole ones without ".0"; where all are true or false, in small letters; where all are moments, as
 * `momentsOf` says. In such columns NaN, NA and their like are no value, as are the words of `missing` everywhere. The tags
 * of lists, where they are asked for, stand between ";". Notes say what was changed, and which classes differ in nothing but spaces, case or the way of a number.
 */
export function classesOf(
	name: string,
	values: string[],
	asked: boolean,
	missing: string[] = [],
): Classes {
	const column = short(name);
	const counts = new Map<string, number>();
	for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
	const written = new Map<string, string>(); // by value, as it is to be written
	for (const value of counts.keys()) {
		const trimmed = value.trim();
		written.set(value, missing.includes(trimmed) ? "" : trimmed);
	}
	const some = [...new Set(written.values())].filter((value) => value !== "");
	const notes: string[] = [];
	const result = () => ({
		values: values.map((value) => written.get(value) ?? value),
		notes,
	});
	if (isLists(some)) {
		if (!asked)
			return {
				values,
				left: `holds lists, e.g. ${short(some[0])}; label_columns takes them as tags, with ";" between them`,
				notes,
			};
		for (const [value, text] of written) {
			const tags = text === "" ? "" : tagsOfText(text);
			if (tags === undefined)
				throw new Error(
					`The column ${column} holds the list ${short(text)}, whose values cannot be tags as they hold ";".`,
				);
			written.set(value, tags);
		}
		return result();
	}
	const words = some.filter((value) => !NOTHING.has(value));
	const plainOf = words.length === 0 ? undefined : typed(words);
	const filled = [...counts.keys()].filter((value) => value.trim() !== "");
	const spaced = filled.filter((value) => value !== value.trim());
	// where spaces tell no classes apart, they may be meant: the answer " happily" begins with one
	const trimmed = new Set(filled.map((value) => value.trim()));
	if (plainOf || trimmed.size < filled.length) {
		if (spaced.length)
			notes.push(
				`Spaces around the labels of ${column} are left out, e.g. of ${short(spaced[0])}.`,
			);
	} else
		for (const value of spaced)
			if (written.get(value) !== "") written.set(value, value);
	if (plainOf) {
		const changed: string[] = [];
		let without = 0;
		for (const [value, text] of written) {
			const plain = NOTHING.has(text) ? "" : plainOf(text);
			if (NOTHING.has(text)) without += counts.get(value) ?? 0;
			else if (plain !== text)
				changed.push(`${short(plain)} for ${short(text)}`);
			written.set(value, plain);
		}
		if (changed.length)
			notes.push(
				`The labels of ${column} are written in one way: ${shortList(changed, String)}.`,
			);
		if (without)
			notes.push(
				`${counted(without, "row")} without a value in ${column} (${shortList(some.filter((v) => NOTHING.has(v)))}).`,
			);
	} else if (words.length < some.length) {
		const nothing = some.filter((value) => NOTHING.has(value));
		notes.push(
			`${shortList(nothing)} in ${column} ${nothing.length === 1 ? "is a class like any other" : "are classes like any others"}; if it means no value, give missing: [${shortList(nothing)}].`,
		);
	}
	notes.push(...nearlyEqual(column, new Set(written.values())));
	return result();
}

/** How to write values that are all numbers, all true or false, or all moments; undefined where they are none of these. */
function typed(values: string[]): ((value: string) => string) | undefined {
	if (values.every((value) => NUMBER.test(value))) return plainNumber;
	if (values.every((value) => /^(true|false)$/i.test(value)))
		return (value) => value.toLowerCase();
	return momentsOf(values);
}

/** A whole number without ".0", another one with the digits that it has, with an exponent where JavaScript would write one. */
function plainNumber(value: string): string {
	if (/inf/i.test(value)) return value.startsWith("-") ? "-inf" : "inf";
	if (/[eE]|^-?0\.0{6}/.test(value)) return canonicalNumber(value) ?? value;
	const plain = value.replace(/\.0*$/, "");
	return plain === "-0" ? "0" : plain;
}

function isLists(values: string[]): boolean {
	return (
		values.some((value) => /^\[.*['",\s].*\]$/s.test(value)) &&
		values.every(isListText)
	);
}

/** A sentence on classes that a reader would take for one. */
function nearlyEqual(column: string, classes: Set<string>): string[] {
	const alike = new Map<string, string[]>();
	for (const value of classes) {
		const key = keyOf(value);
		alike.set(key, [...(alike.get(key) ?? []), value]);
	}
	const sets = [...alike.values()].filter((set) => set.length > 1);
	if (sets.length === 0) return [];
	const said = shortList(
		sets.map((set) => set.slice(0, 5).map(short).join(" and ")),
		String,
	);
	return [
		`Classes of ${column} differ only in spaces, in upper and lower case, or in how a character or a number is written: ${said}.`,
	];
}

function keyOf(value: string): string {
	const number = value.length < 16 ? numberOf(value) : undefined;
	return number !== undefined
		? String(number)
		: value
				.normalize("NFKC")
				.toLowerCase()
				.replace(/[\s\p{Cf}]+/gu, "");
}

/** Whether a text is a word for nothing, e.g. "NaN". */
export const isNothing = (value: string) => NOTHING.has(value.trim());
