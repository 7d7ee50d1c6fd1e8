import * as charts from "../../src/charts";
import type { ProbeResult, ProbeScore } from "../../src/probe";
import type { TrainingRecord } from "../../src/sae";
import * as sample from "./samples";

/** A result of which an easy sentence would be false, what must not be said of it, and what may be. */
export interface Awkward {
	of: string;
	draw: () => charts.Chart;
	/** The false claim. */
	not?: RegExp;
	/** What is true. */
	says: RegExp;
}

const [topic, sentiment] = sample.probes;
const clustering = sample.clustering(300);
const nan = Number.NaN;

/** A probe's score with so many right of so many, and its interval. */
function score(right: number, n: number, low: number, high: number) {
	return {
		...sentiment.activations,
		accuracy: right / n,
		interval: [low, high],
		n_test: n,
	} as ProbeScore;
}

/** Of activations alone. */
function read(own: ProbeScore, rival: ProbeScore): ProbeResult {
	const { latents: _, top_channels: __, random_sae: ___, ...rest } = topic;
	return {
		...rest,
		n_test: own.n_test,
		activations: own,
		untrained_model: rival,
		bag_of_words: score(0, own.n_test, 0, 0.01),
		majority: score(0, own.n_test, 0, 0.01),
	};
}

function confused(confusion: number[][]): ProbeResult {
	const n = confusion.flat().reduce((a, b) => a + b, 0);
	const right = confusion.reduce((sum, row, i) => sum + row[i], 0);
	const one = { ...score(right, n, 0, 1), confusion };
	const { latents: _, ...rest } = sentiment;
	return { ...rest, n_test: n, activations: one };
}

function calibrated(confidence: number, accuracy: number, n: number) {
	const bins = [{ confidence, accuracy, n }];
	const ece = Math.abs(confidence - accuracy);
	const one = { ...sentiment.activations, calibration: { bins, ece } };
	const { latents: _, ...rest } = { ...sentiment, activations: one };
	return rest;
}

function agreeing(agreement: Record<string, number>, p_value = 1e-9) {
	const of = clustering.agreement.topic;
	const entries = Object.entries(agreement);
	return {
		...clustering,
		agreement: Object.fromEntries(
			entries.map(([label, ari]) => [label, { ...of, ari }]),
		),
		enrichment: entries.map(([label]) => ({
			...clustering.enrichment[0],
			...{ label, lift: 3, p_value },
		})),
	};
}

function controlled(
	label: string,
	selectivity: number,
	width: number,
): ProbeResult {
	const { latents: _, ...rest } = { ...sentiment, label };
	const around = (x: number) => [x - width, x + width] as [number, number];
	const activations = {
		...rest.activations,
		accuracy: 0.5 + selectivity,
		interval: around(0.5 + selectivity),
		control: { accuracy: 0.5, interval: around(0.5) },
		selectivity,
	};
	return { ...rest, activations };
}

function layered(values: number[], margin: number) {
	return values.map((value, layer) => ({
		...{ layer, series: "coin", value },
		interval: [value - margin, value + margin] as [number, number],
	}));
}

const losses = (without: number, sae: number, ablation: number) => ({
	...sample.evaluation,
	ce_loss_without_sae: without,
	ce_loss_with_sae: sae,
	ce_loss_with_ablation: ablation,
	ce_loss_score: (ablation - sae) / (ablation - without),
});

const record = (of: Partial<TrainingRecord>): TrainingRecord => ({
	...sample.history.records[9],
	...of,
});

const point = (architecture: string, value: number, l0 = 8) => ({
	...{ architecture, sparsity: l0, l0 },
	...{ explained_variance: value, ce_loss_score: value },
});

const ofClass = (f1: number, f1_always: number) => ({
	...sample.matched.classes[0],
	...{ f1, f1_always },
});

const effect = (change: number, margin: number) => ({
	...{ name: "neuron 3 (topic)", neurons: [3], before: -9, change },
	interval: [change - margin, change + margin] as [number, number],
});

const firing = (rows: number[][], d_sae: number) => ({
	...sample.latents(),
	d_sae,
	indices: Uint32Array.from(rows.flat()),
	indptr: Float64Array.from([
		0,
		...rows.map((_, i) => rows.slice(0, i + 1).flat().length),
	]),
});

const counts = sample.counts;
const ks = (...list: number[]) =>
	counts.rows.filter(({ k }) => list.includes(k));

/** Every chart function; what is not here is not tested, and a new one has to be. */
export const awkward: Record<keyof typeof charts, Awkward[]> = {
	agreement: [
		{
			of: "two labels that are followed alike",
			draw: () => charts.agreement(agreeing({ a: 0.5, b: 0.5 })),
			says: /^The clusters follow a and b alike: .* 0\.50\n/,
		},
		{
			of: "an index that chance explains",
			draw: () => charts.agreement(agreeing({ a: 0.3 }, 0.4)),
			not: /clusters follow/,
			says: /do not follow a for sure/,
		},
		{
			of: "one cluster",
			draw: () => charts.agreement({ ...agreeing({ a: 0 }), k: 1 }),
			not: /follow/,
			says: /^One cluster/,
		},
	],
	attention: [
		{
			of: "one token, to which every head gives all",
			draw: () => charts.attention(sample.patterns(4, 1), ["a"], { layer: 2 }),
			not: /head \d gives/,
			says: /4 heads give 100\.0% to one position each/,
		},
	],
	bars: [
		{
			of: "two equal ones",
			draw: () =>
				charts.bars(
					[
						{ name: "a", value: 2 },
						{ name: "b", value: 2 },
						{ name: "c", value: 1 },
					],
					{ value: "nats" },
				),
			not: /is largest/,
			says: /^2 of 3 are equally large: 2 nats/,
		},
		{
			of: "no number",
			draw: () => charts.bars([{ name: "a", value: nan }], { value: "nats" }),
			not: /largest/,
			says: /^No number is known: nats/,
		},
		{
			of: "a single bar",
			draw: () => charts.bars([{ name: "a", value: 3 }], { value: "nats" }),
			not: /largest/,
			says: /^a: 3 nats/,
		},
		{
			of: "one of two known",
			draw: () =>
				charts.bars(
					[
						{ name: "a", value: nan },
						{ name: "b", value: 0.5 },
						{ name: "c", value: 0.25 },
					],
					{ value: "share" },
				),
			says: /^b is largest of 2 that are known: 0\.5 share/,
		},
	],
	calibration: [
		{
			of: "300 right predictions of six texts",
			draw: () =>
				charts.calibration({
					...calibrated(0.9, 1, 300),
					n_test: 300,
					split: {
						...sentiment.split,
						units: { train: 48, validation: 6, test: 6 },
					},
				}),
			not: /less sure/,
			says: /^How sure the probe is: ECE 0\.100/,
		},
		{
			of: "five predictions, all right",
			draw: () => charts.calibration(calibrated(0.9, 1, 5)),
			not: /sure as it is right|surer|less sure/,
			says: /^How sure the probe is: ECE 0\.100/,
		},
		{
			of: "no error by luck of four rows",
			draw: () => charts.calibration(calibrated(0.99, 1, 4)),
			not: /about as sure/,
			says: /^How sure the probe is/,
		},
	],
	clusters: [
		{
			of: "one sentence",
			draw: () => {
				const few = sample.clustering(1);
				return charts.clusters({ ...few, k: 1, silhouette: nan });
			},
			says: /^One cluster of 1 sentence\n1 sentence$/,
		},
		{
			of: "a label that is not followed",
			draw: () => charts.clusters(agreeing({ a: 0.08 })),
			not: /clusters follow/,
			says: /hardly follow a/,
		},
		{
			of: "neither labels nor a silhouette",
			draw: () =>
				charts.clusters({ ...clustering, agreement: {}, silhouette: nan }),
			says: /silhouette –/,
		},
	],
	confusion: [
		{
			of: "one error",
			draw: () =>
				charts.confusion(
					confused([
						[9, 1],
						[0, 10],
					]),
				),
			not: /most often/,
			says: /95\.0% of 20 test sentences right; “negative” is taken for “positive” \(1\)/,
		},
		{
			of: "two kinds of errors that are as frequent",
			draw: () =>
				charts.confusion(
					confused([
						[9, 5],
						[4, 10],
					]),
				),
			not: /most often/,
			says: /no kind of error stands out/,
		},
		{
			of: "9,999 of 10,000",
			draw: () =>
				charts.confusion(
					confused([
						[5000, 0],
						[1, 4999],
					]),
				),
			not: /100/,
			says: /99\.99% of 10,000/,
		},
		{
			of: "no row",
			draw: () =>
				charts.confusion(
					confused([
						[0, 0],
						[0, 0],
					]),
				),
			not: /right/,
			says: /no test sentence was read/,
		},
	],
	density: [
		{
			of: "latents that never fire",
			draw: () => charts.density(firing([[0], [0]], 4)),
			not: /0\.0% of tokens/,
			says: /^At least half of the latents fire on none of these tokens\n.* 3 \(75\.0%\) never; L0 1\.0 over 2 tokens/,
		},
		{
			of: "no token",
			draw: () => charts.density(firing([], 4)),
			not: /never|fire on/,
			says: /is not known: no token was read/,
		},
		{
			of: "one token and one latent",
			draw: () => charts.density(firing([[0]], 1)),
			says: /at most 100\.0% of tokens\n.*each of 1 latent fires, 0 \(0\.0%\) never; L0 1\.0 over 1 token$/,
		},
	],
	directions: [
		{
			of: "one direction",
			draw: () => charts.directions([{ x: 1, y: 0, name: "a" }]),
			says: /^1 direction in two dimensions/,
		},
		{
			of: "panels of different sizes",
			draw: () =>
				charts.directions([
					{ x: 1, y: 0, name: "a", panel: "p" },
					{ x: 1, y: 0, name: "a", panel: "q" },
					{ x: 0, y: 1, name: "b", panel: "q" },
				]),
			not: /in each/,
			says: /^3 directions in 2 panels/,
		},
	],
	enrichment: [
		{
			of: "a large lift by chance",
			draw: () => charts.enrichment(agreeing({ a: 0.5 }, 0.3), { label: "a" }),
			not: /times as much/,
			says: /^No cluster holds more .* for sure/,
		},
		{
			of: "one cluster",
			draw: () =>
				charts.enrichment({ ...agreeing({ a: 0 }), k: 1 }, { label: "a" }),
			not: /times|than chance/,
			says: /^One cluster holds all/,
		},
	],
	factorLatents: [
		{
			of: "one held-out sentence, of which firing always is right as well",
			draw: () =>
				charts.factorLatents({
					...sample.matched,
					n_held_out: 1,
					classes: [ofClass(1, 1)],
				}),
			says: /^1 sentence says little: 0 of 1 true class has a latent of its own with an F1 of 0\.9 or more that firing always has not\n/,
		},
		{
			of: "classes that firing always tells as well",
			draw: () =>
				charts.factorLatents({
					...sample.matched,
					classes: [ofClass(0.95, 0.95), ofClass(0.96, 0.5)],
				}),
			not: /^2 of 2/,
			says: /^1 of 2 true classes has a latent of its own/,
		},
		{
			of: "no class",
			draw: () => charts.factorLatents({ ...sample.matched, classes: [] }),
			not: /0 of 0/,
			says: /^No class has sentences in both parts/,
		},
	],
	heads: [
		{
			of: "heads that are all alike",
			draw: () =>
				charts.heads(
					[
						[1, -1],
						[0, 1],
					],
					{ value: "x" },
				),
			not: /stands out|is furthest/,
			says: /^3 of 4 heads are equally far from 0: 1/,
		},
		{
			of: "no number",
			draw: () => charts.heads([[nan]], { value: "x" }),
			says: /^No number of a head is known/,
		},
		{
			of: "zeros",
			draw: () => charts.heads([[0, 0]], { value: "x" }),
			says: /is 0/,
		},
	],
	howMany: [
		{
			of: "a recommendation that no criterion alone gives",
			draw: () =>
				charts.howMany({
					...counts,
					recommended: 3,
					choices: { gap: 6, silhouette: 6, stability: 5 },
				}),
			not: /chosen by|agree/,
			says: /^3 clusters; each criterion alone: gap 6, silhouette 6, stability 5/,
		},
		{
			of: "criteria that are not known where they are said to choose",
			draw: () =>
				charts.howMany({
					...counts,
					recommended: 2,
					choices: { gap: 2, silhouette: 2, stability: 2 },
					rows: ks(1, 2).map((row) => ({
						...row,
						silhouette: nan,
						stability: nan,
					})),
				}),
			not: /silhouette|stability/,
			says: /^2 clusters: gap agrees\n/,
		},
		{
			of: "no clusters, and one sentence",
			draw: () =>
				charts.howMany({
					...counts,
					recommended: 1,
					n_sentences: 1,
					repeats: 1,
				}),
			not: /1 cluster:/,
			says: /^No clusters; each .*1 sentence, .*1 resample for each k/s,
		},
	],
	kMeansSteps: [
		{
			of: "almost all inertia gone",
			draw: () => {
				const [first, second] = sample.steps.steps;
				const steps = [
					{ ...first, inertia: 1 },
					{ ...second, inertia: 4e-4, moved: 1 },
				];
				return charts.kMeansSteps({ ...sample.steps, steps });
			},
			not: /100/,
			says: /after 1 step, with 99\.96% less inertia/,
		},
		{
			of: "points that are all one",
			draw: () => {
				const steps = [{ ...sample.steps.steps[0], inertia: 0 }];
				return charts.kMeansSteps({ ...sample.steps, steps });
			},
			not: /less inertia/,
			says: /after 0 steps/,
		},
	],
	kSparse: [
		{
			of: "six latents, each for a class of its own",
			draw: () => charts.kSparse(sample.kSparse),
			not: /^One latent tells|of sentences/,
			says: /^One latent a class tells “topic” from as many others in 78\.0% \(chance 50%\)\n.*mean over 6 classes/,
		},
		{
			of: "999 of 1,000 and an accuracy that is not known",
			draw: () =>
				charts.kSparse({
					...sample.kSparse,
					classes: ["a"],
					points: [
						{ input: "latents", k: 1, accuracy: 0.9996, interval: [0.99, 1] },
						{ input: "activations", k: 1, accuracy: nan, interval: [nan, nan] },
					],
				}),
			not: /100\.0%/,
			says: /in 99\.96% .*\n.*one channel in –; mean over 1 class,/,
		},
	],
	latentMap: [
		{
			of: "clusters of one latent, which are as tight as can be",
			draw: () => {
				const { sizes, tightness, ...rest } = sample.latentClusters;
				return charts.latentMap({
					...rest,
					sizes: sizes.map((size, c) => (c ? size : 1)),
					tightness: tightness.map((t, c) => (c ? t : 1)),
				});
			},
			not: /\(1\.00\)/,
			says: /tightest: “1: /,
		},
		{
			of: "two that are as tight, or none known",
			draw: () => {
				const { tightness } = sample.latentClusters;
				return charts.latentMap({
					...sample.latentClusters,
					tightness: tightness.map(() => nan),
				});
			},
			not: /tightest/,
			says: /cosine with the cluster's direction – \(mean of 0\)/,
		},
	],
	layers: [
		{
			of: "a coin's label on 15 copies of six texts",
			draw: () =>
				charts.layers(
					layered([0.7, 0.6], 0.2).map((row) => ({
						...row,
						majority: 0.6,
						split: {
							...sample.probes[0].split,
							sentences: { train: 120, validation: 15, test: 15 },
							units: { train: 48, validation: 6, test: 6 },
						},
					})),
				),
			says: /\nmeasured on 15 test sentences, 6 different ones: too few to compare by\nalways the most frequent class: 60\.0%$/,
		},
		{
			of: "a coin's label",
			draw: () =>
				charts.layers(layered([0.469, 0.45, 0.46, 0.44, 0.438, 0.465], 0.08)),
			not: /highest|layer \d/,
			says: /^coin 0\.438 to 0\.469, without a sure peak/,
		},
		{
			of: "two equal layers",
			draw: () => charts.layers(layered([0.9, 0.9, 0.5], 0)),
			not: /highest/,
			says: /^coin 0\.5 to 0\.9, without a sure peak/,
		},
		{
			of: "one layer",
			draw: () => charts.layers(layered([0.9], 0.01)),
			not: /highest|peak/,
			says: /^coin 0\.9$/,
		},
		{
			of: "no number",
			draw: () => charts.layers(layered([nan, nan], 0)),
			not: /highest/,
			says: /^coin is not known/,
		},
		{
			of: "intervals that are not known",
			draw: () => charts.layers(layered([0.9, 0.5], nan)),
			not: /highest/,
			says: /without a sure peak/,
		},
	],
	logitLens: [
		{
			of: "one token",
			draw: () => charts.logitLens(sample.lens(["a"], 2)),
			not: /right at/,
			says: /^No token follows/,
		},
		{
			of: "two tokens",
			draw: () => charts.logitLens(sample.lens(["a", "b"], 2)),
			says: /right at \d of 1 position after block 0, at \d after block 1/,
		},
	],
	lossByCondition: [
		{
			of: "a model that predicts better with zeros",
			draw: () => charts.lossByCondition(losses(15.5, 16.3, 13.1)),
			not: /avoided|133/,
			says: /ce_loss_score – \(no score: the model predicts better with zeros/,
		},
		{
			of: "zeros that change nothing",
			draw: () => charts.lossByCondition(losses(2, 2.1, 2)),
			not: /avoided/,
			says: /no score: zeros in this place change nothing/,
		},
		{
			of: "next to nothing added",
			draw: () => charts.lossByCondition(losses(2, 2.00001, 4)),
			not: /0\.000|100\.0%/,
			says: /adds less than 0\.001 nats .*99\.999\d*% is avoided/s,
		},
		{
			of: "more lost than with zeros",
			draw: () => charts.lossByCondition(losses(1, 5, 4)),
			not: /avoided/,
			says: /costs more than zeros \(ce_loss_score −0\.333\)/,
		},
		{
			of: "no token",
			draw: () =>
				charts.lossByCondition({ ...losses(nan, nan, nan), n_tokens: 0 }),
			not: /adds|takes/,
			says: /is not known\n.*over 0 tokens\n.*no token was predicted/,
		},
	],
	neurons: [
		{
			of: "a change that neurons at random make as well",
			draw: () =>
				charts.neurons({
					...sample.report,
					effects: [
						effect(-2, 0.5),
						{ ...effect(-1.8, 0.5), name: "7 others at random", random: true },
					],
				}),
			not: /Without/,
			says: /^None of these neurons .* for sure otherwise than 7 others at random\n/,
		},
		{
			of: "one prompt, whose interval has no width",
			draw: () =>
				charts.neurons({
					...sample.report,
					effects: [effect(-2, 0)],
					n_prompts: 1,
				}),
			not: /Without/,
			says: /^None of these neurons .* for sure\n/,
		},
		{
			of: "no effects, and an AUC that is not known",
			draw: () =>
				charts.neurons({
					...sample.report,
					effects: [],
					factors: sample.report.factors.map((f) => ({
						...f,
						neurons: f.neurons.map((n) => ({ ...n, auc: nan })),
					})),
				}),
			not: /goes with|AUC of/,
			says: /^No class has a neuron/,
		},
		{
			of: "one class of two with a neuron",
			draw: () =>
				charts.neurons({
					...sample.report,
					effects: [],
					factors: sample.report.factors.slice(0, 2).map((f, i) => ({
						...f,
						neurons: f.neurons.map((n) => ({ ...n, auc: i ? 0.9 : 0.6 })),
					})),
				}),
			not: /^Neuron \d/, // the best of all classes would be chosen where it is measured
			says: /^1 of 2 classes has a neuron of layer 3 with an AUC of 0\.8 or more/,
		},
	],
	norms: [
		{
			of: "texts of one token",
			draw: () => {
				const { tokens } = sample.streams;
				return charts.norms({
					...sample.streams,
					tokens: { ...tokens, lengths: Int32Array.of(1, 1, 1) },
				});
			},
			not: /times as long/,
			says: /^How long the residual stream is/,
		},
	],
	numberProbe: [
		{
			of: "an R² whose interval holds nothing",
			draw: () =>
				charts.numberProbe({
					...sample.numberProbe,
					latents: {
						...sample.numberProbe.activations,
						r2: 0.05,
						interval: [-0.2, 0.3],
					},
				}),
			not: /explain/,
			says: /do not say more of “length” than its mean does for sure/,
		},
		{
			of: "numbers that are all the same",
			draw: () =>
				charts.numberProbe({
					...sample.numberProbe,
					latents: {
						...sample.numberProbe.activations,
						r2: nan,
						interval: [nan, nan],
					},
				}),
			not: /explain/,
			says: /is not known: its test numbers do not vary/,
		},
		{
			of: "three rows",
			draw: () =>
				charts.numberProbe({
					...sample.numberProbe,
					n_test: 3,
					latents: { ...sample.numberProbe.activations, n_test: 3 },
				}),
			not: /explain/,
			says: /^3 test sentences say little/,
		},
	],
	pareto: [
		{
			of: "seeds that overlap",
			draw: () =>
				charts.pareto([
					...[point("a", 0.7), point("a", 0.9)],
					...[point("b", 0.75), point("b", 0.8)],
				]),
			not: /highest/,
			says: /^At L0 8: explained variance 0\.775 to 0\.8, none above all others/,
		},
		{
			of: "two equal architectures",
			draw: () => charts.pareto([point("a", 0.7), point("b", 0.7)]),
			not: /highest/,
			says: /none above all others/,
		},
		{
			of: "no score, and no latent",
			draw: () =>
				charts.pareto([point("a", nan), point("b", nan, 0)], {
					metric: "ce_loss_score",
				}),
			not: /highest/,
			says: /^What sparsity costs in CE loss score/,
		},
		{
			of: "one architecture",
			draw: () => charts.pareto([point("a", 0.7)]),
			not: /highest|best/,
			says: /^At L0 8, a has explained variance 0\.7/,
		},
	],
	probe: [
		{
			of: "one test sentence",
			draw: () => charts.probe(read(score(1, 1, 0.2, 1), score(0, 1, 0, 0.8))),
			says: /^1 test sentence says little of “topic”/,
		},
		{
			of: "96 copies of three texts",
			draw: () =>
				charts.probe({
					...read(score(96, 96, 0.44, 1), score(40, 96, 0.2, 0.7)),
					split: {
						...topic.split,
						units: { train: 20, validation: 3, test: 3 },
					},
				}),
			not: / tell /,
			says: /^96 test sentences of 3 texts say little of “topic”/,
		},
		{
			of: "three test sentences",
			draw: () =>
				charts.probe(read(score(0, 3, 0, 0.56), score(1, 3, 0.06, 0.79))),
			not: /tell|than/,
			says: /^3 test sentences say little of “topic”: Activations 0\.0% right, interval 0\.0% to 56\.0%/,
		},
		{
			of: "a baseline whose interval meets",
			draw: () =>
				charts.probe(
					read(score(90, 100, 0.83, 0.95), score(85, 100, 0.77, 0.91)),
				),
			not: /\d, more than/,
			says: /in 90\.0% of test sentences, not for sure more than untrained model \(85\.0%\)/,
		},
		{
			of: "9,999 of 10,000",
			draw: () =>
				charts.probe(
					read(score(9999, 10_000, 0.9994, 1), score(5000, 10_000, 0.49, 0.51)),
				),
			not: /100\.0% of/,
			says: /in 99\.99% of test sentences, more than untrained model \(50\.0%\)/,
		},
		{
			of: "an accuracy that is not known",
			draw: () =>
				charts.probe(read(score(0, 0, nan, nan), score(0, 0, nan, nan))),
			not: / in /,
			says: /^What Activations tell of “topic”/,
		},
		{
			of: "two probes of one label",
			draw: () => charts.probe([topic, { ...topic, seed: 1 }]),
			not: /labels|furthest/,
			says: /for 0 of 2 probes/,
		},
	],
	scatter: [
		{
			of: "two points, which any line goes through",
			draw: () =>
				charts.scatter(
					[
						{ x: 1, y: 2 },
						{ x: 2, y: 3 },
					],
					{ x: "a", y: "b" },
				),
			not: /correlation/,
			says: /^b against a$/,
		},
		{
			of: "points that are not quite on a line, and one that is none",
			draw: () =>
				charts.scatter(
					[
						...[1, 2, 3, 4].map((x) => ({ x, y: x + (x === 2 ? 0.1 : 0) })),
						{ x: nan, y: 1 },
					],
					{ x: "a", y: "b" },
				),
			not: /1\.00/,
			says: /correlation 0\.999/,
		},
	],
	selectivity: [
		{
			of: "labels whose intervals meet",
			draw: () =>
				charts.selectivity([
					controlled("a", 0.3, 0.05),
					controlled("b", 0.25, 0.05),
				]),
			not: /most|furthest/,
			says: /^Labels are read 25\.0 to 30\.0 points better than random ones\n/,
		},
		{
			of: "labels that are far apart",
			draw: () =>
				charts.selectivity([
					controlled("a", 0.4, 0.01),
					controlled("b", 0, 0.01),
				]),
			says: /furthest for “a” from activations/,
		},
	],
	sentenceMap: [
		{
			of: "one sentence",
			draw: () => {
				const few = sample.clustering(1);
				return charts.sentenceMap({ ...few, k: 1, silhouette: nan });
			},
			says: /^One cluster of 1 sentence\n1 sentence\n/,
		},
	],
	tagsProbe: [
		{
			of: "an F1 of nothing",
			draw: () => {
				const { overall } = sample.tagsProbe;
				const none = { ...overall.latents, micro_f1: nan, exact_match: 1 };
				return charts.tagsProbe({
					...sample.tagsProbe,
					overall: { latents: none } as typeof overall,
				});
			},
			says: /micro F1 of –\nall tags of a sentence are right in 100\.0% of test sentences/,
		},
		{
			of: "three rows",
			draw: () => charts.tagsProbe({ ...sample.tagsProbe, n_test: 3 }),
			not: /latents read/,
			says: /^3 test sentences say little/,
		},
	],
	training: [
		{
			of: "fewer steps than the window",
			draw: () => charts.training({ records: [record({ dead: null })] }),
			not: /0 dead/,
			says: /dead latents – \(too few steps to count them\)/,
		},
		{
			of: "rows that do not vary",
			draw: () =>
				charts.training({
					records: [record({ explained_variance: -Infinity })],
				}),
			not: /explains [\d–]/,
			says: /explains is not known/,
		},
		{
			of: "worse than the mean",
			draw: () =>
				charts.training({
					records: [record({ explained_variance: -3, dead: 1 })],
				}),
			not: /explains/,
			says: /further off than the mean of its training rows.*\n1 dead latent after/,
		},
	],
};
