export { loadSentences } from "./load";
export { selectSentences, sentencesOf } from "./select";
export type {
	LoadSentencesOptions,
	SentenceSource,
	Sentences,
	Split,
} from "./types";
export { unitsOf } from "./units";
