import { architectures } from "./architectures";

/** The textbook: each architecture's loss, for TensorFlow.js to differentiate. */
export const losses = {
	standard: architectures.standard.loss,
	topk: architectures.topk.loss,
};

export type {
	LossParts,
	SaeTensors,
	TextbookLoss,
	TextbookStep,
} from "./architectures/textbook";
export { loadTfjs, type TensorFlow } from "./engine/tfjs";
export {
	type EvaluateOptions,
	evaluate,
	type SaeEvaluation,
} from "./evaluation/evaluate";
export {
	type ReconstructionMetrics,
	reconstructionMetrics,
} from "./evaluation/metrics";
export { loadSae } from "./files/load";
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
