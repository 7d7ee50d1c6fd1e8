import { LONGEST } from "./pieces";

// Not csv-parse (7.0.3), which refuses 5" wide or, with relax_quotes, takes "x" y for a value too; and its `info.lines`
// is where a row ends, with each \r\n inside marks counted twice. A test compares what both read.

export interface DelimitedFormat {
	delimiter: string;
	/** What encloses a value; false: nothing does. */
	quote: string | false;
}

/** One row as it stands: its values, and the line on which it begins, from 1. */
export interface Row {
	values: string[];
	line: number;
}

/** A value that breaks the rule of its file, with the line on which it begins. */
export class BrokenRow extends Error {
	constructor(
		readonly line: number,
		message: string,
	) {
		super(message);
	}
}

const LF = 10;
const CR = 13;

/**
 * Cuts delimited text into rows; it may come in pieces. A line ends with \n, \r\n or \r, in one file with each of them.
 * A value that begins with a quotation mark goes to the next lone mark, whatever is inside, two marks being one; a mark
 * elsewhere is a character. Lines without a character are passed over.
 */
export function delimitedRows({ delimiter, quote }: DelimitedFormat) {
	const separator = delimiter.charCodeAt(0);
	const mark = quote === false ? -1 : quote.charCodeAt(0);
	let text = "";
	let line = 1;
	/** Below this length the text was looked at in vain. */
	let enough = 0;

	/** Where a value that is enclosed ends, behind its last mark; -1 where that is not known yet. */
	function closing(from: number, ended: boolean): number {
		let at = from + 1;
		for (;;) {
			at = text.indexOf(quote as string, at);
			if (at < 0 || (at + 1 === text.length && !ended)) return -1;
			if (text.charCodeAt(at + 1) !== mark) return at + 1;
			at += 2;
		}
	}

	/** The row at a place and what comes behind it, or undefined where the text ends before. */
	function rowAt(
		from: number,
		ended: boolean,
	): { row: Row; next: number } | undefined {
		const values: string[] = [];
		const first = line;
		let at = from;
		for (;;) {
			let value = "";
			const enclosed = text.charCodeAt(at) === mark;
			if (enclosed) {
				const end = closing(at, ended);
				if (end < 0) {
					if (!ended) return undefined;
					throw new BrokenRow(
						first + lineEnds(text.slice(from, at)),
						`a value begins with ${quote} and no ${quote} ends it`,
					);
				}
				const inside = text.slice(at + 1, end - 1);
				value = inside.includes(quote as string)
					? inside.replaceAll(`${quote}${quote}`, quote as string)
					: inside;
				at = end;
			}
			const plain = at;
			let code = text.charCodeAt(at);
			while (
				code !== separator &&
				code !== LF &&
				code !== CR &&
				at < text.length
			)
				code = text.charCodeAt(++at);
			if (
				!ended &&
				(at === text.length || (code === CR && at + 1 === text.length))
			)
				return undefined;
			const behind = text.slice(plain, at);
			if (enclosed && behind.trim())
				throw new BrokenRow(
					first + lineEnds(text.slice(from, plain)),
					`after the ${quote} that ends a value stands "${behind.slice(0, 20)}" (a ${quote} inside is written twice)`,
				);
			values.push(value + behind);
			if (at < text.length && code === separator) {
				at++;
				continue;
			}
			const next = Math.min(
				text.length,
				at + (code === CR && text.charCodeAt(at + 1) === LF ? 2 : 1),
			);
			line += lineEnds(text.slice(from, next));
			return { row: { values, line: first }, next };
		}
	}

	return {
		/** The rows that are whole by now; at the end, the last one too. Throws a BrokenRow. */
		*rows(piece: string, ended: boolean): Generator<Row> {
			text += piece;
			if (text.length < Math.min(enough, LONGEST) && !ended) return;
			let from = 0;
			while (from < text.length) {
				const code = text.charCodeAt(from);
				if (code === LF || code === CR) {
					if (code === CR && from + 1 === text.length && !ended) break;
					from += code === CR && text.charCodeAt(from + 1) === LF ? 2 : 1;
					line++;
					continue;
				}
				const found = rowAt(from, ended);
				if (!found) break;
				yield found.row;
				from = found.next;
			}
			text = text.slice(from);
			enough = 2 * text.length; // a long value is not looked at again for every piece
			if (text.length > LONGEST)
				throw new BrokenRow(
					line,
					`it goes on for more than ${LONGEST} characters`,
				);
		},
	};
}

const lineEnds = (text: string) => {
	let found = 0;
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i);
		if (code === LF || (code === CR && text.charCodeAt(i + 1) !== LF)) found++;
	}
	return found;
};
