import { short } from "../say";
import type { LoadSentencesOptions } from "../types";
import { BrokenRow, type DelimitedFormat, delimitedRows } from "./delimited";

/** Characters from which a file's habits are read. */
export const SAMPLE = 1 << 24;

const names: Record<string, string> = { "\t": "a tab", " ": "a space" };
export const spoken = (delimiter: string) =>
	names[delimiter] ?? `"${delimiter}"`;

export interface FoundFormat extends DelimitedFormat {
	/** Excel's first line that only names the delimiter, "sep=;", to be passed over. */
	named?: string;
	notes: string[];
}

/** How the values of a text are set apart: as the options say, else as its beginning shows. */
export function formatOf(
	sample: string,
	whole: boolean,
	usual: "," | "\t",
	{ delimiter, quote, header = true }: LoadSentencesOptions,
): FoundFormat {
	const notes: string[] = [];
	const named = /^sep=(.)(?=\r|\n|$)/.exec(sample);
	const rest = named ? sample.slice(named[0].length) : sample;
	const found = delimiter ?? named?.[1] ?? (header && delimiterOf(rest, usual));
	const between = found || usual;
	if (delimiter === undefined && !named && between !== usual)
		notes.push(
			`Values are taken to have ${spoken(between)} between them, as the first line shows; if that is wrong, give delimiter.`,
		);
	if (quote !== undefined || between !== "\t")
		return {
			delimiter: between,
			quote: quote ?? '"',
			named: named?.[0],
			notes,
		};
	const { enclosed, note } = marksOf(rest, whole);
	if (note) notes.push(note);
	return {
		delimiter: between,
		quote: enclosed ? '"' : false,
		named: named?.[0],
		notes,
	};
}

/** The usual delimiter, unless the first line has only another one. */
function delimiterOf(text: string, usual: string): string {
	const first = /[^\r\n]+/.exec(text)?.[0] ?? "";
	const names = first.replace(/"(?:[^"]|"")*"/g, ""); // what is enclosed is no delimiter
	if (names.includes(usual)) return usual;
	return [",", "\t", ";", "|"].find((other) => names.includes(other)) ?? usual;
}

/**
 * Whether marks enclose values in text between tabs: pandas, R and Excel write it so, others write a mark as a character
 * like any other. They enclose if each that begins a value is closed before a tab or a line end, and either only so the
 * rows have one length, or a mark inside is doubled, or the whole first line is enclosed.
 */
function marksOf(
	text: string,
	whole: boolean,
): { enclosed: boolean; note?: string } {
	const values = text.split(/[\t\r\n]/);
	const begun = values.filter((value) => value.startsWith('"'));
	if (begun.length === 0) return { enclosed: false };
	const shut = begun.filter((value) => value.length > 1 && value.endsWith('"'));
	const doubled = shut.filter(
		(value) => value.length === 2 || value.slice(1, -1).includes('""'),
	);
	const enclosing = shapeOf(text, whole, '"');
	const first = /[^\r\n]+/.exec(text)?.[0].split("\t") ?? [];
	const allOfFirst = first.every(
		(value) => value.length > 1 && value.startsWith('"') && value.endsWith('"'),
	);
	if (enclosing.broken && allOfFirst) return { enclosed: true }; // the row that breaks it is told
	if (enclosing.broken)
		return {
			enclosed: false,
			...(shut.length && {
				note: `Quotation marks are taken as characters of the text, since not every one that begins a value is closed, though ${short(doubled[0] ?? shut[0])} begins and ends with one; quote: '"' takes them as enclosing values.`,
			}),
		};
	const plain = shapeOf(text, whole, false);
	const told = doubled.length > 0 || allOfFirst;
	if (enclosing.even ? told || !plain.even : told && !plain.even)
		return { enclosed: true };
	const some = begun.length === 1 ? "a value" : `${begun.length} values`;
	return {
		enclosed: false,
		note: `Quotation marks that begin ${some} are taken as characters of the text; quote: '"' takes them as enclosing values.`,
	};
}

/** Whether all rows that are whole have one length, and whether a mark stands where none may. */
function shapeOf(text: string, whole: boolean, quote: '"' | false) {
	let length = -1;
	let even = true;
	const format = { delimiter: "\t", quote };
	try {
		for (const { values } of delimitedRows(format).rows(text, whole)) {
			if (length < 0) length = values.length;
			even &&= values.length === length;
		}
	} catch (error) {
		if (!(error instanceof BrokenRow)) throw error;
		return { even: false, broken: true };
	}
	return { even, broken: false };
}
