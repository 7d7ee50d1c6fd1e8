export { batchesByLength } from "./batch";
export { hookNames, hookShape, hookWidth, parseHook } from "./hooks";
export { loadModel } from "./load";
export type {
	HookName,
	Intervention,
	Model,
	ModelInfo,
	RunOptions,
	RunResult,
	Tensor,
	TokenBatch,
	Tokens,
} from "./types";
