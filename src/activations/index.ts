export { extract } from "./extract";
export { type PoolOptions, poolSentences, type TokenLatents } from "./pool";
export { rowsOf } from "./rows";
export type { Activations, ExtractOptions, TokenRows } from "./types";
