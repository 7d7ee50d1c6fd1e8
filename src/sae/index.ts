export {
	type EvaluateOptions,
	evaluate,
	type SaeEvaluation,
} from "./evaluation/evaluate";
export { loadSae } from "./files/load";
export { type ReconstructionMetrics, reconstructionMetrics } from "./evaluation/metrics";
export type { LossParts, SaeTensors } from "./architectures/textbook";
export { standardLoss } from "./architectures/standard";
export { loadTfjs, type TensorFlow } from "./engine/tfjs";
export { type TopkSettings, topkLoss } from "./architectures/topk";
export { trainSae } from "./training/train";
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
