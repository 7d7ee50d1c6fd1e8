import * as charts from "../../src/charts";
import * as sample from "./samples";

const clustering = sample.clustering();

/** Every chart with made-up results: each function at least once, under its name in kebab case. */
export const all: Record<string, charts.Chart> = {
	training: charts.training(sample.history),
	"training-validation": charts.training({
		...sample.history,
		records: sample.history.records.map((record) => ({
			...record,
			validation: {
				mse: 1,
				explained_variance: 0.9 * record.explained_variance,
				l0: 1.2 * record.l0,
			},
		})),
	}),
	probe: charts.probe(sample.probes),
	"probe-one": charts.probe(sample.probes[1]),
	"probe-plain": charts.probe([sample.plainProbe, sample.plainProbe]),
	selectivity: charts.selectivity(sample.probes),
	"selectivity-one": charts.selectivity(sample.probes[1]),
	"k-sparse": charts.kSparse(sample.kSparse),
	calibration: charts.calibration(sample.probes[1]),
	"calibration-several": charts.calibration(sample.probes),
	"number-probe": charts.numberProbe(sample.numberProbe),
	"tags-probe": charts.tagsProbe(sample.tagsProbe),
	confusion: charts.confusion(sample.probes[0]),
	"confusion-many": charts.confusion(sample.manyClasses),
	clusters: charts.clusters(clustering),
	"clusters-by-label": charts.clusters(clustering, { label: "topic" }),
	agreement: charts.agreement(clustering),
	"sentence-map": charts.sentenceMap(clustering, {
		pooled: sample.pooled(clustering),
	}),
	"sentence-map-many": charts.sentenceMap(sample.clustering(10_000)),
	enrichment: charts.enrichment(clustering),
	"enrichment-many": charts.enrichment(sample.manyClassed(), {
		label: "subject",
	}),
	"how-many": charts.howMany(sample.counts),
	"k-means-steps": charts.kMeansSteps(sample.steps),
	"latent-map": charts.latentMap(sample.latentClusters),
	layers: charts.layers(sample.layerRows, {
		title: "Sentiment becomes readable in the middle layers",
	}),
	"layers-hooks": charts.layers(sample.hookRows),
	neurons: charts.neurons(sample.report),
	bars: charts.bars(
		[
			{ name: "it says the mean", series: "CE score", value: 0.25 },
			{ name: "it says the mean", series: "explained variance", value: -0.5 },
			{ name: "topk", series: "CE score", value: 0.9 },
			{ name: "topk", series: "explained variance", value: 0.75 },
		],
		{ value: "score", title: "A score is not a variance" },
	),
	"bars-one": charts.bars(
		[
			{ name: "topk", value: 0.01 },
			{ name: "gated", value: 0.02 },
		],
		{ value: "nats added" },
	),
	density: charts.density(sample.latents()),
	"density-evaluation": charts.density(sample.evaluation),
	pareto: charts.pareto(sample.paretoPoints),
	"pareto-one": charts.pareto(sample.paretoPoints, {
		metric: "ce_loss_score",
		title: "At the same L0 the matryoshka keeps least",
	}),
	"factor-latents": charts.factorLatents(sample.matched),
	"loss-by-condition": charts.lossByCondition(sample.evaluation),
	"logit-lens": charts.logitLens(sample.lens(sample.tokens, 6)),
	"logit-lens-hostile": charts.logitLens(sample.lens(sample.hostileTokens, 12)),
	attention: charts.attention(
		sample.patterns(4, 7),
		sample.tokens.slice(0, 7),
		{
			layer: 2,
		},
	),
	"attention-many": charts.attention(
		sample.patterns(12, 60),
		Array.from({ length: 60 }, (_, i) => sample.hostileTokens[i % 12]),
		{ layer: 2 },
	),
	norms: charts.norms(sample.streams),
	heads: charts.heads(sample.headValues, {
		value: "attribution to the logit difference (logits)",
	}),
	directions: charts.directions(sample.pentagons, {
		title: "Rare features share the plane",
	}),
	"directions-one": charts.directions(
		sample.pentagons.slice(5).map(({ x, y, name }) => ({ x, y, name })),
	),
	scatter: charts.scatter(sample.strengths, {
		x: "true strength",
		y: "found",
		title: "The penalty takes from every strength",
		lines: sample.promises,
	}),
	"scatter-panels": charts.scatter(sample.strengths, {
		x: "true strength",
		y: "found",
		lines: sample.promises,
		panels: true,
	}),
};
