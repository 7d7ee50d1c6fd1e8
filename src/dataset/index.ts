export { loadSentences } from "./load";
export { numberOf } from "./number";
export { selectSentences, sentencesOf } from "./select";
export type { LoadSentencesOptions, Sentences, Split } from "./types";
export { unitsOf } from "./units";
