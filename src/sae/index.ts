import { architectures } from "./architectures";
import type { TextbookLoss } from "./architectures/textbook";
import type { Architecture } from "./types";

/** The textbook: each architecture's loss, for TensorFlow.js to differentiate. */
export const losses = Object.fromEntries(
	Object.entries(architectures).map(([name, { loss }]) => [name, loss]),
) as Record<Architecture, TextbookLoss>;

export type {
	LossParts,
	SaeTensors,
	TextbookLoss,
	TextbookStep,
} from "./architectures/textbook";
export { detached } from "./architectures/textbook";
export { loadTfjs, type TensorFlow } from "./engine/tfjs";
export {
	type EvaluateOptions,
	evaluate,
	type SaeEvaluation,
} from "./evaluation/evaluate";
export { evaluationJson } from "./evaluation/json";
export { type DensityBin, densityHistogram } from "./evaluation/latents";
export {
	type ReconstructionMetrics,
	reconstructionMetrics,
} from "./evaluation/metrics";
export {
	lossScore,
	type PredictionMetrics,
	whyNoScore,
} from "./evaluation/predictions";
export { loadSae } from "./files/load";
export type { LoadSaeOptions } from "./files/locate";
export type { ConfigOverrides } from "./files/pretrained";
export {
	type PlantedDictionary,
	type PlantedOptions,
	plantedDictionary,
} from "./planted";
export { type RandomSaeOptions, randomSae } from "./random";
export { type Recovery, recovery } from "./recovery";
export { makeSae } from "./sae";
export { seenNotes, splitFor } from "./trained-on";
export {
	type Sweep,
	type SweepGrid,
	type SweepOptions,
	type SweepRun,
	trainSweep,
} from "./training/sweep";
export { trainSae } from "./training/train";
export type {
	Architecture,
	Latents,
	Sae,
	SaeConfig,
	SaeWeights,
	SaveOptions,
	SparseRows,
	TrainedOn,
	TrainingCheck,
	TrainingHistory,
	TrainingRecord,
	TrainOptions,
} from "./types";
