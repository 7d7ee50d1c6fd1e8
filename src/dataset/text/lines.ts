import { LONGEST } from "./pieces";

/** A part of a text, with the line on which it begins, from 1. */
export interface Part {
	text: string;
	line: number;
}

/** Cuts text that comes in pieces; at the end, the last part comes too. */
export interface Cutter {
	parts(piece: string, ended: boolean): Generator<Part>;
}

/** Why a file cannot be read, for a sentence that begins with its name. */
export class Unreadable extends Error {}

/** Lines that hold more than white space; one ends with \n, \r\n or \r. */
export function lines(): Cutter {
	let text = "";
	let line = 1;
	let looked = 0;
	return {
		*parts(piece, ended) {
			text += piece;
			// A \r at the end of a piece may be the half of a line end.
			const end = ended ? /\r\n|\n|\r|$/g : /\r\n|\n|\r(?!$)/g;
			end.lastIndex = looked;
			let from = 0;
			for (let found = end.exec(text); found; found = end.exec(text)) {
				const row = text.slice(from, found.index);
				from = end.lastIndex;
				if (row.trim()) yield { text: row, line };
				line++;
				if (found[0] === "") break;
			}
			text = text.slice(from);
			looked = Math.max(0, text.length - 1);
			checkLength(text.length, line);
		},
	};
}

export function checkLength(length: number, line: number): void {
	if (length > LONGEST)
		throw new Unreadable(
			`holds a value of more than ${LONGEST} characters, from line ${line} on`,
		);
}
