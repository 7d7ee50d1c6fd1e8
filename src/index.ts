/**
 * SparseLens: mechanistic interpretability of GPT-2 in TypeScript notebooks. Everything that a notebook may use, and
 * nothing else.
 */
import { inNotebook, notebookProgress, plainProgress } from "./notebook";
import { setProgressSink } from "./progress";

export {
	type Activations,
	type BatchOptions,
	type ExtractManyOptions,
	type ExtractOptions,
	extract,
	openActivations,
	type Pool,
	type PoolHooksOptions,
	type PoolOptions,
	poolHooks,
	poolSentences,
	rowsOf,
	type ShuffleOptions,
	type StoreDtype,
	type TokenRows,
} from "./activations";
export * as charts from "./charts";
export {
	adjustedRandIndex,
	type Clustering,
	type ClusterOptions,
	cluster,
	clusterLatents,
	clusterTokens,
	type KMeansSteps,
	type KMeansStepsOptions,
	kMeansSteps,
	type LatentClustering,
	type LatentClusterOptions,
	type TokenClustering,
	type TokenClusterOptions,
} from "./cluster";
export {
	type LoadSentencesOptions,
	loadSentences,
	type Sentences,
	type Split,
	selectSentences,
	sentencesOf,
} from "./dataset";
export {
	type Answer,
	type FactorLatents,
	type FactorLatentsOptions,
	factorLatents,
	type NeuronOptions,
	type NeuronReport,
	neurons,
} from "./features";
export { saveJson } from "./files";
export {
	ablate,
	type Decoder,
	type GenerateOptions,
	type Generation,
	type GradientOptions,
	type GradientResult,
	type HookName,
	hookNames,
	type Intervention,
	type LogitLens,
	type LogitLensOptions,
	loadModel,
	loadOnnxModel,
	type Metric,
	type Model,
	type ModelInfo,
	type PartName,
	type RunOptions,
	type RunResult,
	type Tensor,
	type TokenBatch,
	type Tokens,
	type UntrainedOptions,
	untrainedModel,
} from "./model";
export {
	expect,
	highlight,
	liveTraining,
	type ResultRecord,
	show,
	table,
} from "./notebook";
export {
	type KSparseOptions,
	type KSparseResult,
	kSparseProbe,
	type LayerScore,
	type ProbeOptions,
	type ProbeResult,
	type ProbeScore,
	probe,
	probeLayers,
} from "./probe";
export { type Progress, setProgressSink } from "./progress";
export {
	type Architecture,
	detached,
	type EvaluateOptions,
	evaluate,
	evaluationJson,
	type Latents,
	type LoadSaeOptions,
	type LossParts,
	loadSae,
	loadTfjs,
	losses,
	makeSae,
	type PlantedDictionary,
	type PlantedOptions,
	plantedDictionary,
	type RandomSaeOptions,
	type ReconstructionMetrics,
	type Recovery,
	randomSae,
	reconstructionMetrics,
	recovery,
	type Sae,
	type SaeConfig,
	type SaeEvaluation,
	type SaeTensors,
	type SaveOptions,
	type Sweep,
	type SweepGrid,
	type SweepOptions,
	type SweepRun,
	type TensorFlow,
	type TextbookLoss,
	type TextbookStep,
	type TrainingHistory,
	type TrainingRecord,
	type TrainOptions,
	trainSae,
	trainSweep,
} from "./sae";

export { at, norms } from "./tensors";

setProgressSink(inNotebook() ? notebookProgress : plainProgress);
