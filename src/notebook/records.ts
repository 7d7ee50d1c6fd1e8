import type { Activations } from "../activations";
import type { Clustering } from "../cluster";
import type { Sentences } from "../dataset";
import type { NeuronReport } from "../features";
import type { Model } from "../model";
import type { ProbeResult, ProbeScore } from "../probe";
import type { Latents, Sae, SaeEvaluation, TrainingHistory } from "../sae";
import type { Html } from "./html";
import { type Cell, fields, table } from "./table";

/** What the steps of the pipeline return. */
export type ResultRecord =
	| Model
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

function modelView({ info }: Model): Html {
	return fields(`Model ${info.name}`, [
		["layers", info.n_layers],
		["attention heads per layer", info.n_heads],
		["d_model", info.d_model],
		["d_mlp (neurons per layer)", info.d_mlp],
		["context (tokens)", info.n_ctx],
		["vocabulary (tokens)", info.d_vocab],
		["activation function", info.activation_function],
		["revision", info.revision],
	]);
}

function sentencesView(sentences: Sentences): Html {
	const names = Object.keys(sentences.labels).slice(0, 6);
	return table(
		["", "text", ...names],
		sentences.text
			.slice(0, 5)
			.map((text, i) => [
				i,
				text,
				...names.map((name) => sentences.labels[name][i]),
			]),
		{
			caption: `${sentences.text.length.toLocaleString("en-US")} sentences (${sentences.name}), the first five`,
		},
	);
}

function activationsView(acts: Activations): Html {
	return fields(`Activations of ${acts.hook_name}`, [
		["model", acts.model.name],
		["tokens", acts.n_tokens],
		["sentences", acts.sentences.text.length],
		["d_in", acts.d_in],
		["tokens cut (beyond the context)", acts.cut],
	]);
}

function saeView({ cfg, history, seconds, stopped }: Sae): Html {
	const last = history?.records.at(-1);
	return fields(
		`Sparse autoencoder for ${cfg.hook_name} of ${cfg.model_name}`,
		[
			["architecture", cfg.architecture],
			["d_in", cfg.d_in],
			["d_sae (latents)", cfg.d_sae],
			["k (active latents per token)", cfg.k],
			["explained variance in training", last?.explained_variance],
			["L0 in training (latents per token)", last?.l0],
			["dead latents in training", last?.dead],
			["tokens seen", last?.tokens],
			["time (s)", seconds || undefined],
			["stopped", stopped],
		],
	);
}

function trainingView({ architecture, records }: TrainingHistory): Html {
	const step = Math.max(1, Math.ceil(records.length / 10));
	const shown = records.filter((_, i) => (records.length - 1 - i) % step === 0);
	return table(
		[
			"step",
			"tokens",
			"loss",
			"explained variance",
			"L0",
			"dead latents",
			"time (s)",
		],
		shown.map((r) => [
			r.step,
			r.tokens,
			r.loss,
			r.explained_variance,
			r.l0,
			r.dead,
			r.seconds,
		]),
		{
			caption: `Training of a ${architecture} sparse autoencoder, ${records.length} records`,
		},
	);
}

function latentsView(latents: Latents): Html {
	const n = latents.indptr.length - 1;
	const fired = new Set(latents.indices).size;
	return fields(`Latents of ${latents.acts.hook_name}`, [
		["tokens", n],
		["d_sae (latents)", latents.d_sae],
		["L0 (active latents per token)", n ? latents.indices.length / n : 0],
		["latents that never fire here", latents.d_sae - fired],
	]);
}

function evaluationView(evaluation: SaeEvaluation): Html {
	const units: Record<string, string> = {
		l0: "latents per token",
		ce_loss_with_sae: "nats per token",
		ce_loss_without_sae: "nats per token",
		ce_loss_with_ablation: "nats per token",
		seconds: "s",
	};
	const rows = Object.entries(evaluation).flatMap(
		([name, value]): [string, Cell][] =>
			typeof value === "number"
				? [[units[name] ? `${name} (${units[name]})` : name, value]]
				: [],
	);
	return fields("How well the autoencoder reconstructs", rows);
}

function probeView(result: ProbeResult): Html {
	const rows: [string, ProbeScore | undefined][] = [
		["SAE latents", result.latents],
		["activations", result.activations],
		["bag of words", result.bag_of_words],
		["most frequent class", result.majority],
	];
	const before = result.before ? `, text before ${result.before}` : "";
	return table(
		["linear classifier on", "accuracy", "95% from", "to", "test sentences"],
		rows.flatMap(([name, score]): Cell[][] =>
			score ? [[name, score.accuracy, ...score.interval, score.n_test]] : [],
		),
		{
			caption: `Probe of ${result.label} (${result.classes.length} classes), ${result.hook_name}${before}`,
		},
	);
}

function clustersView(c: Clustering): Html {
	const ari = Object.entries(c.ari)
		.sort((a, b) => b[1] - a[1])
		.slice(0, 3)
		.map(([label, value]) => `${label} ${value.toFixed(3)}`);
	return table(
		[
			"cluster",
			"sentences",
			"tokens that mark it",
			"latents that mark it",
			"nearest sentence",
		],
		c.sizes.map((size, cluster) => [
			cluster,
			size,
			marking(c.tokens, cluster)
				.map(({ token }) => token.trim())
				.join(" · "),
			marking(c.marks, cluster)
				.map(({ latent }) => latent)
				.join(", "),
			c.sentences.text[
				c.exemplars.find((e) => e.cluster === cluster)?.sentence ?? -1
			],
		]),
		{
			caption: `${c.k} clusters of ${c.hook_name} ${c.source}: silhouette ${c.silhouette.toFixed(3)}, adjusted Rand index ${ari.join(", ") || "(no labels)"}`,
		},
	);
}

function marking<T extends { cluster: number }>(
	list: T[],
	cluster: number,
): T[] {
	return list.filter((item) => item.cluster === cluster).slice(0, 5);
}

function neuronsView(report: NeuronReport): Html {
	const all = [...report.factors, ...(report.clusters ?? [])];
	return table(
		[
			"label",
			"class",
			"neuron",
			"AUC (held-out)",
			"mean inside",
			"mean outside",
		],
		all.flatMap(({ label, class: name, neurons }) =>
			neurons
				.slice(0, 2)
				.map((n) => [
					label,
					name,
					`${n.neuron}`,
					n.auc,
					n.mean_inside,
					n.mean_outside,
				]),
		),
		{
			caption: `Neurons of ${report.hook_name} (${report.model_name}) most tied to each class, and ${report.groups.length} ${report.groups.length === 1 ? "group" : "groups"} that act together`,
		},
	);
}
