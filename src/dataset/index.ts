export { loadSentences } from "./load";
export { numberOf } from "./number";
export { selectSentences, sentencesOf } from "./select";
export {
	type DataSplit,
	FEW_UNITS,
	FEWEST_UNITS,
	fewNote,
	type SplitOptions,
	type SplitRecord,
	splitAmong,
	splitNotes,
	splitSentences,
	splitWords,
} from "./split";
export type {
	LoadSentencesOptions,
	SentenceSource,
	Sentences,
	Split,
} from "./types";
export {
	groupsOf,
	hasLabel,
	textKey,
	unitsOf,
	unlabelledNotes,
} from "./units";
