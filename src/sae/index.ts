export {
	type EvaluateOptions,
	evaluate,
	type SaeEvaluation,
} from "./evaluate";
export { loadSae } from "./load";
export { type ReconstructionMetrics, reconstructionMetrics } from "./metrics";
export type { LossParts, SaeTensors } from "./oracle";
export { standardLoss } from "./standard";
export { loadTfjs, type TensorFlow } from "./tfjs";
export { type TopkSettings, topkLoss } from "./topk";
export { trainSae } from "./train";
export type {
	Architecture,
	Latents,
	Sae,
	SaeConfig,
	SaeWeights,
	SparseRows,
	TrainingHistory,
	TrainingRecord,
	TrainOptions,
} from "./types";
