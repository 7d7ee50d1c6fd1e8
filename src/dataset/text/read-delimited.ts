import { columnNames, namedOptions } from "../names";
import { short, shortList } from "../say";
import { type Taken, type Taker, takeRows } from "../take";
import type { LoadSentencesOptions } from "../types";
import { BrokenRow, delimitedRows, type Row } from "./delimited";
import { type FoundFormat, formatOf, SAMPLE, spoken } from "./format";
import { textPieces } from "./pieces";

/** Rows that are looked at to tell whether the first line is one of them. */
const LIKE_HEADER = 1000;

/** Reads delimited text piece by piece, as far as rows are wanted. */
export async function readDelimited(
	file: string,
	usual: "," | "\t",
	options: LoadSentencesOptions,
): Promise<Taken> {
	const pieces = textPieces(file, options.encoding, options.signal);
	try {
		const { sample, whole } = await sampleOf(pieces, options.limit);
		const format = formatOf(sample, whole, usual, options);
		const reader = rowReader(file, format, options);
		reader.read(sample.slice(format.named?.length ?? 0), whole);
		if (!whole)
			for await (const piece of pieces) {
				if (reader.full()) break;
				reader.read(piece, false);
			}
		if (!reader.full()) reader.read("", true);
		return reader.taken();
	} finally {
		await pieces.return(undefined);
	}
}

/** The beginning of the text, from which its habits are read; less where few rows are wanted. */
async function sampleOf(pieces: AsyncGenerator<string>, limit = Infinity) {
	const most = Math.min(SAMPLE, Math.max(1 << 20, (limit + 1) * 1000));
	let sample = "";
	for (;;) {
		const { done, value } = await pieces.next();
		if (done) return { sample, whole: true };
		sample += value;
		if (sample.length >= most) return { sample, whole: false };
	}
}

function rowReader(
	file: string,
	format: FoundFormat,
	options: LoadSentencesOptions,
) {
	const cutter = delimitedRows(format);
	const line0 = format.named ? 1 : 0;
	let taker: Taker | undefined;
	let take: ((row: Row) => void) | undefined;
	const notes = [...format.notes];

	function begin(first: Row): void {
		const header = options.header ?? true;
		const { names, twice } = columnNames(
			file,
			header ? first.values : first.values.map((_, i) => String(i)),
			options,
		);
		const named = namedOptions(file, names, options);
		const rows = {
			name: file,
			twice,
			place: (line: number) => `line ${line + line0}`,
		};
		const columns = names.filter((name) => name !== undefined);
		taker = takeRows({ ...rows, columns }, named);
		taker.check();
		take = rowTaker(
			file,
			format,
			{ width: first.values.length, header },
			names,
			taker,
			line0,
		);
		if (!header) take(first);
		else if (options.header === undefined && numbers(options)) {
			take = unlikeRow(file, first.values, take);
			notes.push(
				`The first line is taken as the names of the columns (${shortList(first.values)}); if it is a row, give header: false.`,
			);
		}
	}

	/** Where a mark comes first but for spaces, it encloses nothing, to Python and others as well: that is told once. */
	let spaced = quoteAfterSpace(format.quote);
	const look = ({ values, line }: Row) => {
		const odd = spaced && values.find((value) => spaced?.test(value));
		if (odd === undefined) return;
		spaced = undefined;
		notes.push(
			`A quotation mark behind a space encloses nothing and is taken as a character, first in line ${line + line0} (${short(odd)}): take the space out of the file if it should.`,
		);
	};

	return {
		full: () => taker?.full() ?? false,
		read(piece: string, ended: boolean): void {
			try {
				for (const row of cutter.rows(piece, ended)) {
					look(row);
					if (take) take(row);
					else begin(row);
					if (taker?.full()) return;
				}
			} catch (error) {
				if (!(error instanceof BrokenRow)) throw error;
				throw new Error(
					`Line ${error.line + line0} of ${file} is broken: ${error.message}. If quotation marks are characters of the text, give quote: false; if something else than ${spoken(format.delimiter)} stands between values, give delimiter.`,
				);
			}
		},
		taken(): Taken {
			if (!taker)
				throw new Error(
					`The data set "${file}" is empty: it has no row below its header.`,
				);
			const taken = taker.taken();
			return { ...taken, notes: [...notes, ...taken.notes] };
		},
	};
}

const quoteAfterSpace = (quote: string | false): RegExp | undefined =>
	quote === false ? undefined : new RegExp(`^ +${quote}.*${quote} *$`, "s");

/** Whether columns are asked for by number, as of a file without names. */
const numbers = ({ text_column, label_columns = [] }: LoadSentencesOptions) =>
	[text_column, ...label_columns].some((column) => typeof column === "number");

/** Takes the values of a row by the names of its columns. */
function rowTaker(
	file: string,
	{ delimiter, quote }: FoundFormat,
	{ width, header }: { width: number; header: boolean },
	names: (string | undefined)[],
	taker: Taker,
	line0: number,
): (row: Row) => void {
	const places = new Map<string, number>();
	for (const [place, name] of names.entries())
		if (name !== undefined) places.set(name, place);
	/** Values of a row before its first column, or behind its last one. */
	let extra: { before: number; behind: number } | undefined;
	return ({ values, line }) => {
		extra ??= extraOf(values, width);
		const { before, behind } = extra;
		if (
			values.length !== width + before + behind ||
			(behind === 1 && values[width] !== "")
		)
			throw new Error(
				`Line ${line + line0} of ${file} has ${values.length} values, but ${header ? "the header names" : "the first line has"} ${width} columns, ${spoken(delimiter)} between them: ${quote ? `a value that holds ${spoken(delimiter)} must stand between two ${quote}` : `if marks enclose values, give quote: '"'`}.`,
			);
		taker.add(line, (name) => {
			const place = places.get(name);
			return place === undefined ? undefined : apart(values[place + before]);
		});
	};
}

/** R leaves out the name of its row numbers, and some programs end each row with a delimiter. */
function extraOf(values: string[], width: number) {
	if (values.length !== width + 1) return { before: 0, behind: 0 };
	if (values[width] === "") return { before: 0, behind: 1 };
	return /^[01]$/.test(values[0])
		? { before: 1, behind: 0 }
		: { before: 0, behind: 0 };
}

/** A copy that does not keep alive the piece of text that it was cut from. */
const apart = (value: string) =>
	value.length < 13 ? value : ` ${value}`.slice(1);

/** Throws where the first line was taken as names and is a row: a column's name is also one of its values. */
function unlikeRow(
	file: string,
	header: string[],
	take: (row: Row) => void,
): (row: Row) => void {
	let looked = 0;
	return (row) => {
		const same =
			looked++ < LIKE_HEADER
				? header.findIndex((name, i) => name !== "" && row.values[i] === name)
				: -1;
		if (same >= 0)
			throw new Error(
				`The first line of ${file} was taken as the names of its columns, but ${short(header[same])} is also a value (line ${row.line}): give header: false if that line is a row, or header: true if it is not.`,
			);
		take(row);
	};
}
