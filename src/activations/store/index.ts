export { fingerprint } from "./fingerprint";
export { newIndex } from "./format";
export { type OpenOptions, openActivations } from "./open";
export { sentencesHash } from "./sentences";
export { writeStore } from "./write";
