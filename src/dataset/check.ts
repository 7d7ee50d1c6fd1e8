import { short } from "./say";
import type { LoadSentencesOptions, SentenceSource } from "./types";

/** Throws one sentence where an option is not what was expected, or is for another kind of source. */
export function checkOptions(
	source: SentenceSource,
	fromHub: boolean,
	options: LoadSentencesOptions,
): void {
	const refuse = (name: keyof LoadSentencesOptions, expected: string) => {
		const given = options[name];
		const shown =
			typeof given === "string"
				? short(given)
				: (JSON.stringify(given) ?? String(given));
		throw new Error(
			`${name} is ${typeof given === "number" ? given : shown}, where ${expected} was expected.`,
		);
	};
	const { limit, seed, delimiter, quote, header, missing, offsets } = options;
	if (
		limit !== undefined &&
		!(Number.isInteger(limit) && limit >= 0) &&
		limit !== Infinity
	)
		refuse("limit", "a whole number of sentences");
	if (limit === 0)
		throw new Error(
			`The data set ${short(String(source)).replace(/^"|"$/g, '"')} has no sentence left with limit 0.`,
		);
	if (options.stratify !== undefined && limit === undefined)
		throw new Error(
			"stratify says which sentences limit takes: give limit too.",
		);
	if (seed !== undefined && !Number.isInteger(seed))
		refuse("seed", "a whole number");
	if (
		delimiter !== undefined &&
		!(
			typeof delimiter === "string" &&
			delimiter.length === 1 &&
			!/[\r\n"]/.test(delimiter)
		)
	)
		refuse("delimiter", 'one character, e.g. ";" or "\\t",');
	if (quote !== undefined && ![false, '"', "'"].includes(quote))
		refuse("quote", "'\"', \"'\" or false");
	if (header !== undefined && typeof header !== "boolean")
		refuse("header", "true or false");
	if (missing !== undefined && !isTexts(missing))
		refuse("missing", 'a list of words, e.g. ["NA"],');
	if (
		offsets !== undefined &&
		!["utf16", "code_points", "bytes"].includes(offsets)
	)
		refuse("offsets", '"utf16", "code_points" or "bytes"');
	if (options.encoding !== undefined && typeof options.encoding !== "string")
		refuse("encoding", 'a name, e.g. "latin1",');
	checkColumns(options, refuse);
	checkSource(source, fromHub, options);
}

const isTexts = (value: unknown) =>
	Array.isArray(value) && value.every((word) => typeof word === "string");

function checkColumns(
	options: LoadSentencesOptions,
	refuse: (name: keyof LoadSentencesOptions, expected: string) => void,
): void {
	const isColumn = (value: unknown) =>
		typeof value === "string" ||
		(Number.isInteger(value) && (value as number) >= 0);
	for (const name of [
		"text_column",
		"group",
		"stratify",
		"split_column",
	] as const) {
		const given = options[name];
		if (given === undefined || (name === "split_column" && given === false))
			continue;
		if (!isColumn(given))
			refuse(name, "the name of a column or its number, the first being 0,");
	}
	const { label_columns } = options;
	if (label_columns === undefined) return;
	if (!Array.isArray(label_columns) || !label_columns.every(isColumn))
		refuse("label_columns", 'a list of columns, e.g. ["topic"],');
}

function checkSource(
	source: SentenceSource,
	fromHub: boolean,
	options: LoadSentencesOptions,
): void {
	const { config, revision } = options;
	const given = config ?? revision;
	if (!fromHub && given !== undefined)
		throw new Error(
			`"${typeof source === "string" ? source : "A list of files"}" is not a data set of the hub, so that ${config === undefined ? "revision" : "config"} "${given}" cannot be chosen.`,
		);
	if (!fromHub) return;
	for (const name of ["encoding", "delimiter", "quote", "header"] as const)
		if (options[name] !== undefined)
			throw new Error(
				`${name} is for text files, and "${source}" is a data set of the hub: leave it out.`,
			);
	const {
		text_column,
		group,
		stratify,
		split_column,
		label_columns = [],
	} = options;
	for (const column of [
		text_column,
		group,
		stratify,
		split_column,
		...label_columns,
	])
		if (typeof column === "number")
			throw new Error(
				`A column is given by its number (${column}); the columns of a data set of the hub have names: give its name.`,
			);
}
