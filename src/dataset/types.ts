/** Which part of a data set a sentence belongs to. */
export type Split = "train" | "validation" | "test";

/** Labelled sentences; every array has one entry per sentence. */
export interface Sentences {
	kind: "sentences";
	/** Where they came from: "bundled", the file's path (or several), or the data set's name on the hub. */
	name: string;
	text: string[];
	/** By column: the label of each sentence, "" where it has none. */
	labels: Record<string, string[]>;
	/** By column: a place in each text, in UTF-16 characters, e.g. `prefix_end`. */
	offsets: Record<string, Uint32Array>;
	/** Absent where the source does not split its sentences into these three. */
	split?: Split[];
	/**
	 * What each sentence belongs to, e.g. its document or its author, "" where to nothing: a split that is made keeps a
	 * group on one side, and resamples draw whole groups. Absent unless `loadSentences` was given `group`.
	 */
	group?: string[];
	/**
	 * The ids of each text's tokens, where they were given in the place of words: `text` then shows them, one after the
	 * other, and no tokenizer is asked.
	 */
	token_ids?: Int32Array[];
	/** What was left out, or read otherwise than it stands in the source, a sentence each. Absent where there is nothing to say. */
	notes?: string[];
}

/** A column by its name, or by its number: the first is 0. */
export type Column = string | number;

/** Files: one, several read one after another, or one (or several) for each split: `{ train: "a.csv", test: "b.csv" }`. */
export type SentenceSource =
	| string
	| string[]
	| { [split: string]: string | string[] };

/** What to take from files of sentences or from a data set of the hub. */
export interface LoadSentencesOptions {
	/** Default: "text", else "sentence", else one of these in other case ("Text"). */
	text_column?: Column;
	/**
	 * Default: every column of at most 50 different values that is not the text, an id, an index, a list, an offset, the
	 * split or the group. A column of lists that is asked for becomes tags with ";" between them.
	 */
	label_columns?: Column[];
	/**
	 * What each sentence belongs to, e.g. "author" or "document", of any number of values: copies and groups stay on one
	 * side of every split that is made. Default: no group.
	 */
	group?: Column;
	/** The column that says train, validation or test; false: none does. Default: "split" where it is there. */
	split_column?: Column | false;
	/**
	 * Only the sentences of this split; default: those of train, validation and test. A source may have splits of other
	 * names, e.g. "unsupervised", whose sentences then have no `split`.
	 */
	split?: Split | (string & {});
	/** At most so many sentences; default: all. Without `stratify`, the first ones. */
	limit?: number;
	/**
	 * With `limit`: a label column of which each class (in each split) keeps its share, at least one sentence; they are
	 * drawn with `seed` and stay in their order. Sentences without the label are left out. All of the source is read.
	 */
	stratify?: Column;
	/** Of `stratify`. Default: 0. */
	seed?: number;
	/** Words that mean "no value", e.g. ["NA", "?"]. Default: none in columns of words; in columns of numbers "NaN" and its like. */
	missing?: string[];
	/**
	 * What the columns whose names end in "_start" and "_end" count: UTF-16 units as JavaScript does, code points as
	 * Python does, or bytes of UTF-8. Where it is given, an offset beyond its text is an error. Default: "utf16".
	 */
	offsets?: "utf16" | "code_points" | "bytes";
	/** Of a text file, e.g. "latin1" or "utf-16le". Default: its byte order mark's, else UTF-8. */
	encoding?: string;
	/** Of a text file: what stands between two values, one character. Default: "," (tab in .tsv); or ";", tab or "|" where a .csv file's first line has only that. */
	delimiter?: string;
	/**
	 * Of a text file: what encloses a value that holds a delimiter or a line end; false: nothing does, marks are characters
	 * like others. Default: '"'; between tabs, as the file's marks show.
	 */
	quote?: '"' | "'" | false;
	/** Of a text file: false if its first line is a row; columns are then "0", "1" and so on. Default: true. */
	header?: boolean;
	/** Of a data set of the hub: which of its configurations, e.g. "sst2" of "nyu-mll/glue"; default: its only one, or "default". */
	config?: string;
	/** Of a data set of the hub: a branch, a tag or a commit whose own Parquet files are read; default: the files that the hub converted. */
	revision?: string;
	/** Of a data set of the hub: only what is in the Hugging Face cache; default: as HF_HUB_OFFLINE says. */
	offline?: boolean;
	/**
	 * Ends a download, what came so far being kept, and the reading of files. Default: the notebook's interrupt.
	 */
	signal?: AbortSignal;
}

/** The options with every column by its name. */
export interface NamedOptions extends LoadSentencesOptions {
	text_column?: string;
	label_columns?: string[];
	group?: string;
	split_column?: string | false;
	stratify?: string;
}
