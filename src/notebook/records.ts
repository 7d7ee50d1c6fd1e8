import type { Activations } from "../activations";
import type { Clustering } from "../cluster";
import type { Sentences } from "../dataset";
import type { NeuronReport } from "../features";
import type { Generation, GradientResult, LogitLens, Model } from "../model";
import type { ProbeResult } from "../probe";
import type { Latents, Sae, SaeEvaluation, TrainingHistory } from "../sae";
import type { Html } from "./html";
import { activationsView } from "./views/activations";
import { clustersView } from "./views/cluster";
import { sentencesView } from "./views/dataset";
import { neuronsView } from "./views/features";
import {
	generationView,
	gradientsView,
	logitLensView,
	modelView,
} from "./views/model";
import { probeView } from "./views/probe";
import {
	evaluationView,
	latentsView,
	saeView,
	trainingView,
} from "./views/sae";

/** What the steps of the pipeline return. */
export type ResultRecord =
	| Model
	| Generation
	| LogitLens
	| GradientResult
	| Sentences
	| Activations
	| Sae
	| TrainingHistory
	| Latents
	| SaeEvaluation
	| ProbeResult
	| Clustering
	| NeuronReport;

type Kind = ResultRecord["kind"];

/** How each kind is shown. */
const views: {
	[K in Kind]: (record: Extract<ResultRecord, { kind: K }>) => Html;
} = {
	model: modelView,
	generation: generationView,
	"logit-lens": logitLensView,
	gradients: gradientsView,
	sentences: sentencesView,
	activations: activationsView,
	sae: saeView,
	training: trainingView,
	latents: latentsView,
	"sae-evaluation": evaluationView,
	probe: probeView,
	clusters: clustersView,
	neurons: neuronsView,
};

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

/** How a notebook shows the value of a cell: by mime type where it is a result record, undefined where it is not. */
export function displayOf(value: unknown): Record<string, string> | undefined {
	if (!isRecord(value)) return undefined;
	try {
		const { html, text } = recordHtml(value);
		return { "text/html": html, "text/plain": text };
	} catch {
		return undefined; // something else that has such a kind
	}
}
