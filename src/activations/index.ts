export { centre, writesToStream } from "./centre";
export { checkMatrix, checkValues, inSentence, LEAVE_OUT } from "./check";
export { layCompressed, widthFor } from "./compressed";
export { contextsOf } from "./contexts";
export { extract } from "./extract";
export { gemm } from "./gemm";
export {
	columnMoments,
	type DenseMatrix,
	forEachEntry,
	type Matrix,
	type SparseMatrix,
	squaredLengths,
	takeColumns,
	takeRows,
	transpose,
	unitRows,
} from "./matrix";
export { inMemory, memoryForActivations } from "./memory";
export {
	type Counted,
	checkPool,
	countedTokens,
	keptTokens,
	type Pool,
	type PoolOptions,
	poolSentences,
	type TokenLatents,
} from "./pool";
export { type PoolHooksOptions, poolHooks } from "./pool-hooks";
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
