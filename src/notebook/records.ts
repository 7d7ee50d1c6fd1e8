import type { Activations } from "../activations";
import type {
	ClusterAssignment,
	ClusterCounts,
	Clustering,
	KMeansSteps,
	LatentClustering,
	TokenClustering,
} from "../cluster";
import type { Sentences } from "../dataset";
import type { FactorLatents, NeuronReport } from "../features";
import type {
	Ablation,
	Comparison,
	Generation,
	GradientResult,
	LogitLens,
	Model,
	RunResult,
} from "../model";
import type {
	Classifier,
	KSparseResult,
	ProbeResult,
	RegressionResult,
	TagsResult,
} from "../probe";
import type {
	Latents,
	PlantedDictionary,
	Recovery,
	Sae,
	SaeEvaluation,
	Sweep,
	TrainingHistory,
} from "../sae";
import type { Html } from "./html";
import { activationsView } from "./views/activations";
import {
	assignmentView,
	clusterCountsView,
	clustersView,
	kMeansStepsView,
	latentClustersView,
	tokenClustersView,
} from "./views/cluster";
import { sentencesView } from "./views/dataset";
import { evaluationView } from "./views/evaluation";
import { factorLatentsView, neuronsView } from "./views/features";
import {
	ablationView,
	comparisonView,
	generationView,
	gradientsView,
	logitLensView,
	modelView,
	runView,
} from "./views/model";
import { plantedView, recoveryView } from "./views/planted";
import {
	classifierView,
	kSparseView,
	numberProbeView,
	probeView,
	tagsProbeView,
} from "./views/probe";
import { latentsView, saeView, sweepView, trainingView } from "./views/sae";

/** What the steps of the pipeline return. */
export type ResultRecord =
	| Model
	| RunResult
	| Comparison
	| Ablation
	| Generation
	| LogitLens
	| GradientResult
	| Sentences
	| Activations
	| Sae
	| TrainingHistory
	| Sweep
	| Latents
	| SaeEvaluation
	| PlantedDictionary
	| Recovery
	| ProbeResult
	| KSparseResult
	| RegressionResult
	| TagsResult
	| Classifier
	| Clustering
	| ClusterAssignment
	| ClusterCounts
	| LatentClustering
	| KMeansSteps
	| TokenClustering
	| NeuronReport
	| FactorLatents;

type Kind = ResultRecord["kind"];

/** How each kind is shown. */
const views: {
	[K in Kind]: (record: Extract<ResultRecord, { kind: K }>) => Html;
} = {
	model: modelView,
	run: runView,
	comparison: comparisonView,
	ablation: ablationView,
	generation: generationView,
	"logit-lens": logitLensView,
	gradients: gradientsView,
	sentences: sentencesView,
	activations: activationsView,
	sae: saeView,
	training: trainingView,
	sweep: sweepView,
	latents: latentsView,
	"sae-evaluation": evaluationView,
	planted: plantedView,
	recovery: recoveryView,
	probe: probeView,
	"k-sparse": kSparseView,
	"number-probe": numberProbeView,
	"tags-probe": tagsProbeView,
	classifier: classifierView,
	clusters: clustersView,
	"cluster-assignment": assignmentView,
	"cluster-counts": clusterCountsView,
	"latent-clusters": latentClustersView,
	"k-means-steps": kMeansStepsView,
	"token-clusters": tokenClustersView,
	neurons: neuronsView,
	"factor-latents": factorLatentsView,
};

/** Every kind of result record. */
export const kinds = Object.keys(views);

/** Whether a value is a result record. */
export function isRecord(value: unknown): value is ResultRecord {
	if (typeof value !== "object" || value === null || !("kind" in value))
		return false;
	return typeof value.kind === "string" && Object.hasOwn(views, value.kind);
}

/** A result record as a small table, as HTML and as text. */
export function recordHtml(record: ResultRecord): Html {
	return (views[record.kind] as (r: ResultRecord) => Html)(record);
}
