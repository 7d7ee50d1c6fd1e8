/** Which part of a data set a sentence belongs to. */
export type Split = "train" | "validation" | "test";

/** Labelled sentences; every array has one entry per sentence. */
export interface Sentences {
	kind: "sentences";
	/** Where they came from: "bundled" or the file's path. */
	name: string;
	text: string[];
	/** By column: the label of each sentence, "" where it has none. */
	labels: Record<string, string[]>;
	/** By column: a place in each text, in UTF-16 characters, e.g. `prefix_end`. */
	offsets: Record<string, Uint32Array>;
	/** Absent where the source does not split its sentences. */
	split?: Split[];
}

/** What to take from a file of sentences. */
export interface LoadSentencesOptions {
	/** Default: "text", else "sentence". */
	text_column?: string;
	/** Default: every column of at most 50 different values that is not the text, an id, an offset or the split. */
	label_columns?: string[];
	/** At most so many sentences, the first ones; default: all. */
	limit?: number;
	/** Only the sentences of this split; default: all. */
	split?: Split;
}
