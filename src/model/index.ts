export { type Ablation, type AblationOptions, ablate } from "./ablate";
export { batchesByLength, checkIds } from "./batch";
export { type AnyHookName, knownHook } from "./hook-names";
export { hookNames, hookShape, hookWidth, parseHook } from "./hooks";
export { loadModel } from "./load";
export { loadOnnxModel } from "./onnx";
export type { PartName } from "./parts";
export { NotFinite } from "./texts";
export { UntokenizableText } from "./tokenizer";
export type {
	BlockHook,
	CompareOptions,
	Comparison,
	Decoder,
	GenerateOptions,
	Generation,
	GradientOptions,
	GradientResult,
	HookName,
	Input,
	Intervention,
	LogitLens,
	LogitLensOptions,
	Metric,
	Model,
	ModelInfo,
	RunOptions,
	RunResult,
	Tensor,
	TokenBatch,
	TokenIds,
	TokenOptions,
	Tokens,
} from "./types";
export { type UntrainedOptions, untrainedModel } from "./untrained";
export type { WeightTensors } from "./weight-tensors";
