/** Which part of a data set a sentence belongs to. */
export type Split = "train" | "validation" | "test";

/** Labelled sentences; every array has one entry per sentence. */
export interface Sentences {
	kind: "sentences";
	/** Where they came from: "bundled", the file's path, or the data set's name on the hub. */
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
	/** What a reader should know of how the data were read, one sentence each. */
	notes?: string[];
}

/** What to take from a file of sentences or a data set of the hub. */
export interface LoadSentencesOptions {
	/** Default: "text", else "sentence". */
	text_column?: string;
	/** Default: every column of at most 50 different values that is not the text, an id, an offset or the split. */
	label_columns?: string[];
	/** At most so many sentences, the first ones; default: all. */
	limit?: number;
	/**
	 * Only the sentences of this split; default: those of train, validation and test. A data set of the hub may have splits
	 * of other names, e.g. "unsupervised", whose sentences then have no `split`.
	 */
	split?: Split | (string & {});
	/** Of a data set of the hub: which of its configurations, e.g. "sst2" of "nyu-mll/glue"; default: its only one, or "default". */
	config?: string;
	/** Of a data set of the hub: a branch, a tag or a commit whose own Parquet files are read; default: the files that the hub converted. */
	revision?: string;
	/** Of a data set of the hub: only what is in the Hugging Face cache; default: as HF_HUB_OFFLINE says. */
	offline?: boolean;
	/**
	 * Ends a download, what came so far being kept, and the reading of Parquet. Default: the notebook's interrupt.
	 */
	signal?: AbortSignal;
}
