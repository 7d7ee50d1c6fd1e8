import { type Taken, takeRows } from "../take";
import type { LoadSentencesOptions } from "../types";
import { lines, type Part, Unreadable } from "./lines";
import { textPieces } from "./pieces";

/** Lines from which it is seen that they hold a table. */
const FIRST = 1000;

/** Reads one text a line. */
export async function readLines(
	file: string,
	options: LoadSentencesOptions,
): Promise<Taken> {
	const pieces = textPieces(file, options.encoding, options.signal);
	const { limit, missing } = options;
	const place = (line: number) => `line ${line}`;
	const source = { name: file, columns: ["text"], place };
	const taker = takeRows(source, {
		...(limit !== undefined && { limit }),
		...(missing && { missing }),
	});
	const cutter = lines();
	const first: string[] = [];
	const take = (parts: Iterable<Part>) => {
		for (const { text, line } of parts) {
			if (first.length < FIRST && first.push(text) === FIRST)
				refuseTable(file, first);
			taker.add(line, () => text);
			if (taker.full()) return;
		}
	};
	try {
		for await (const piece of pieces) {
			take(cutter.parts(piece, false));
			if (taker.full()) break;
		}
		if (!taker.full()) take(cutter.parts("", true));
	} catch (error) {
		if (!(error instanceof Unreadable)) throw error;
		throw new Error(`The file ${file} ${error.message}.`);
	} finally {
		await pieces.return(undefined);
	}
	if (first.length < FIRST) refuseTable(file, first);
	return taker.taken();
}

function refuseTable(file: string, first: string[]): void {
	const tabs = new Set(first.map((line) => line.split("\t").length - 1));
	const [each] = tabs;
	if (tabs.size === 1 && each > 0)
		throw new Error(
			`Each line of ${file} has ${each === 1 ? "a tab" : `${each} tabs`}, as a table has: give delimiter: "\\t" (and header: false if its first line is a row); in a .txt file a line is a text.`,
		);
}
