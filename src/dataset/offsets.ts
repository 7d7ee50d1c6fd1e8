import { short } from "./say";
import type { LoadSentencesOptions } from "./types";

type Unit = NonNullable<LoadSentencesOptions["offsets"]>;

const units: Record<Unit, string> = {
	utf16: "UTF-16 units",
	code_points: "code points",
	bytes: "bytes of UTF-8",
};

/** Throws unless the unit is known. */
export function checkUnit(unit: unknown): void {
	if (unit === undefined || Object.hasOwn(units, unit as string)) return;
	throw new Error(
		`offsets is ${short(String(unit))}, where "utf16", "code_points" or "bytes" was expected.`,
	);
}

/** The places that a column holds, or why it is no column of places. */
export type Offsets =
	| { places: Uint32Array; note?: string }
	| { places?: undefined; why: string; gap: boolean };

/**
 * Places in the texts, as indices of JavaScript. A column whose values are not all places is none: it has gaps (-1, NaN,
 * nothing), or something else stands in it, or it goes beyond a text, which is an error where `unit` is given. Throws where
 * a place is inside a character.
 */
export function offsetsOf(
	name: string,
	values: string[],
	text: string[],
	unit: Unit | undefined,
	where: (row: number) => string,
): Offsets {
	const isPlace = (value: string) => /^\d+(\.0*)?$/.test(value.trim());
	const isGap = (value: string) =>
		/^(|-1(\.0*)?|nan|n\/?a|<na>|null|none)$/i.test(value.trim());
	const wrong = values.findIndex((value) => !isPlace(value));
	if (wrong >= 0) {
		const gap = values.every((value) => isPlace(value) || isGap(value));
		const what = isGap(values[wrong]) ? "no place" : "something else";
		return {
			why: `is no offsets column, as it has ${what} (${short(values[wrong])}) in ${where(wrong)}`,
			gap: gap && values.some(isPlace),
		};
	}
	const places = new Uint32Array(values.length);
	for (const [row, value] of values.entries()) {
		const place = placeIn(text[row], Number(value), unit ?? "utf16");
		if (place === "inside")
			throw new Error(
				`In ${where(row)}, ${name} is ${value}, which is inside a character, counted in ${units[unit ?? "utf16"]}: offsets says what the file counts ("utf16", "code_points" as Python does, "bytes"); label_columns takes the column as it is.`,
			);
		if (place === "beyond") {
			const length = lengthIn(text[row], unit ?? "utf16");
			const why = `in ${where(row)} it is ${value}, but the text has ${length} ${unit === undefined || unit === "utf16" ? "characters" : units[unit]}`;
			if (unit !== undefined)
				throw new Error(`The offsets column ${short(name)} is broken: ${why}.`);
			return { why: `is no offsets column: ${why}`, gap: false };
		}
		places[row] = place;
	}
	const wide = text.findIndex((text) => /[\ud800-\udfff]/.test(text));
	return {
		places,
		...(unit === undefined &&
			wide >= 0 && {
				note: `Offsets are taken to count UTF-16 units, which matters as texts hold characters beyond U+FFFF (first in ${where(wide)}); if Python counted them, give offsets: "code_points".`,
			}),
	};
}

/** How far the unit counts up to the end of a text. */
const lengthIn = (text: string, unit: Unit) =>
	unit === "utf16"
		? text.length
		: unit === "bytes"
			? Buffer.byteLength(text)
			: [...text].length;

function placeIn(
	text: string,
	offset: number,
	unit: Unit,
): number | "inside" | "beyond" {
	let [at, count] = [0, 0];
	while (count < offset && at < text.length) {
		const point = text.codePointAt(at) as number;
		const length = point > 0xffff ? 2 : 1;
		at += length;
		count += unit === "utf16" ? length : unit === "bytes" ? bytesOf(point) : 1;
	}
	if (count === offset) return at;
	return count > offset ? "inside" : "beyond";
}

const bytesOf = (point: number) =>
	point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
