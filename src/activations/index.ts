export { centre, writesToStream } from "./centre";
export { extract } from "./extract";
export {
	columnMoments,
	type DenseMatrix,
	forEachEntry,
	type Matrix,
	type SparseMatrix,
	squaredLengths,
	takeRows,
} from "./matrix";
export { inMemory, memoryForActivations } from "./memory";
export {
	type Counted,
	countedTokens,
	type PoolOptions,
	poolSentences,
	type TokenLatents,
} from "./pool";
export { type Products, products } from "./products";
export { rowsOf } from "./rows";
export { type OpenOptions, openActivations } from "./store";
export type {
	Activations,
	BatchOptions,
	ExtractManyOptions,
	ExtractOptions,
	ExtractSettings,
	ShuffleOptions,
	StoreDtype,
	TokenRows,
} from "./types";
