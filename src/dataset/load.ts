import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { isHubId } from "../hub";
import { listenTo } from "../interrupt";
import { checkOptions } from "./check";
import { readFiles } from "./files";
import { readHubTable } from "./hub";
import { sentencesFrom } from "./sentences";
import { fromTable, isFileName, readFile } from "./table";
import type { Taken } from "./take";
import type {
	LoadSentencesOptions,
	NamedOptions,
	SentenceSource,
	Sentences,
} from "./types";

/** The sentences that ship with the package, from src/dataset and from dist/dataset alike. */
const bundled = resolve(__dirname, "../../data/sentences.csv");

/**
 * Loads labelled sentences: "bundled"; or a file with a header, a text column and label columns (.csv, .tsv, .jsonl,
 * .ndjson, .json, each also packed as .gz, or .parquet; a .txt file has a text a line); or several files, also as splits,
 * `{ train: "a.csv", test: "b.csv" }`; or a data set of the hub by its name, e.g. "fancyzhx/ag_news", whose Parquet files
 * are downloaded into the Hugging Face cache as far as they are needed. A file that exists wins over a name.
 *
 * Rows without a text are left out. Columns whose names end in "_start" or "_end" are places in the text where all their
 * values are; a column named "split" says train, validation or test (or tr, dev, val …), as do the splits of the hub; class
 * labels become the names of their classes, numbers and truth values are written in one way. Text files are read piece by
 * piece, as far as `limit`. `notes` of the result say what was left out or changed.
 *
 * Throws one sentence (with the line) on a missing file, an absent column, columns of one name, a broken row, or when
 * nothing is left.
 */
export async function loadSentences(
	source: SentenceSource,
	options: LoadSentencesOptions = {},
): Promise<Sentences> {
	const fromHub = typeof source === "string" && isHubName(source);
	checkOptions(source, fromHub, options);
	const how = { ...options, signal: listenTo(options.signal) };
	const taken = await take(source, fromHub, how);
	const name = typeof source === "string" ? source : taken.name;
	return sentencesFrom(name ?? "files", taken);
}

/** Whether a source is meant as a data set of the hub: no file, nor the name of one that is missing. */
function isHubName(source: string): boolean {
	const isFile =
		source === "bundled" || isFileName(source) || existsSync(source);
	return !isFile && isHubId(source);
}

async function take(
	source: SentenceSource,
	fromHub: boolean,
	options: LoadSentencesOptions,
): Promise<Taken & { name?: string }> {
	if (typeof source !== "string") return readFiles(source, options);
	if (source === "bundled") {
		const taken = await readFile(bundled, options);
		return {
			...taken,
			left: new Map(), // which columns it has is documented
			where: (row) => taken.where(row).replace(bundled, source),
		};
	}
	if (!fromHub) return readFile(source, options);
	const { label_columns, group, stratify, limit, split, ...others } =
		options as NamedOptions;
	const needed = [...(label_columns ?? []), group, stratify];
	const table = await readHubTable(source, {
		...others,
		label_columns: needed.filter((name) => name !== undefined),
		...(split !== undefined && { split }),
		...(stratify === undefined && limit !== undefined && { limit }),
	});
	const { split: _, ...own } = options; // no other split was read
	return fromTable(source, table, own);
}
