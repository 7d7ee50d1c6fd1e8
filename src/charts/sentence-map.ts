import { forEachEntry, type Matrix } from "../activations";
import type { Clustering } from "../cluster";
import { random } from "../random";
import { count } from "../say";
import { byCluster, clusterColor, mapAxis } from "./by-cluster";
import { checkKind, known, sampleOf } from "./check";
import { drawnOf, finding } from "./clusters";
import { own_legends } from "./series";
import { type Chart, chart, clip, ink, panelTitle } from "./theme";

const most_lines = 12;
const most_latents = 24;
const most_bars = 12;

export interface SentenceMapOptions {
	/**
	 * The latents of each sentence, as `poolSentences` makes them of the latents that were clustered: then a panel shows
	 * those of the brushed sentences. Default: no such panel.
	 */
	pooled?: Matrix;
	/** At most so many sentences are drawn, a seeded sample: each makes the notebook's file some 250 bytes larger. Default: 1,500. */
	sample?: number;
}

/**
 * A map of sentences to brush: draw a rectangle over points, and below the map some of the brushed sentences are listed;
 * with `pooled`, beside it are the latents that mark the clusters, by their mean over the brushed sentences, a tick for
 * the mean over all that are drawn. Without a brush, and in a picture, all count.
 */
export function sentenceMap(
	clustering: Clustering,
	options: SentenceMapOptions = {},
): Chart {
	checkKind("sentenceMap", clustering, "clusters", "cluster");
	const { assignment, projection, sentences, seed, k } = clustering;
	if (!assignment.length)
		throw new Error(
			"charts.sentenceMap was given a clustering of no sentences: cluster at least one.",
		);
	const drawn = random(seed)
		.shuffle([...assignment.keys()])
		.slice(0, sampleOf("sentenceMap", options.sample, 1500));
	const latents = options.pooled && firing(clustering, options.pooled, drawn);
	const values = drawn.map((i, at) => ({
		x: known(projection[i][0]),
		y: known(projection[i][1]),
		cluster: assignment[i],
		text: clip(sentences.text[i] ?? "", 100),
		...latents?.rows[at],
	}));
	const beside = latents ? [bars(latents.overall, k)] : [];
	return chart({
		title: {
			text: finding(clustering),
			subtitle: [
				drawnOf(clustering, drawn.length),
				"draw a rectangle over points to read them; double-click for all",
			],
		},
		data: { values },
		transform: [{ window: [{ op: "row_number", as: "order" }] }],
		spacing: 16,
		resolve: own_legends,
		vconcat: [
			{ spacing: 24, resolve: own_legends, hconcat: [map(k), ...beside] },
			list(k),
		],
	});
}

const brushed = { filter: { param: "brush" } };

function map(k: number): object {
	const legend = { title: "cluster", orient: "left", symbolOpacity: 1 };
	return {
		width: 400,
		height: 330,
		params: [{ name: "brush", select: { type: "interval" } }],
		mark: { type: "point", filled: true, size: 20 },
		encoding: {
			x: mapAxis("x", "first component of the centres"),
			y: mapAxis("y", "second component of the centres"),
			...byCluster(k, legend),
			opacity: { condition: { param: "brush", value: 0.6 }, value: 0.08 },
			tooltip: [{ field: "cluster" }, { field: "text", title: "sentence" }],
		},
	};
}

/** The first brushed sentences, in the random order of the data. */
function list(k: number): object {
	const y = {
		field: "line",
		type: "ordinal",
		axis: null,
		scale: { domain: Array.from({ length: most_lines }, (_, i) => i + 1) },
	};
	return {
		title: panelTitle("some of the brushed sentences, with their cluster"),
		width: 640,
		height: { step: 17 },
		transform: [
			brushed,
			// Vega hands on first what was brushed before: without an order the list would hold on to it.
			{
				window: [{ op: "row_number", as: "line" }],
				sort: [{ field: "order" }],
			},
			{ filter: `datum.line <= ${most_lines}` },
		],
		encoding: { y },
		layer: [
			{
				mark: { type: "point", filled: true, size: 60, opacity: 1 },
				encoding: { x: { value: 6 }, ...byCluster(k, false) },
			},
			{
				mark: { type: "text", align: "left", fontSize: 11, limit: 26 },
				encoding: { x: { value: 15 }, text: { field: "cluster" } },
			},
			{
				mark: { type: "text", align: "left", fontSize: 11, limit: 600 },
				encoding: { x: { value: 36 }, text: { field: "text" } },
			},
		],
	};
}

/** A latent, which cluster it marks, and its mean over all sentences that are drawn. */
interface Overall {
	latent: number;
	cluster: number;
	overall: number | null;
}

/** The largest means of the brushed sentences. */
function bars(overall: Overall[], k: number): object {
	const y = {
		field: "name",
		type: "nominal",
		sort: { field: "rank", op: "min" },
		title: "latent (and the cluster that it marks)",
		axis: { labelColor: ink.text, ticks: false },
	};
	const x = (field: string) => ({
		field,
		type: "quantitative",
		title: ["mean latent of the brushed", "(tick: of all sentences)"],
		axis: { tickCount: 4, format: "~g" },
	});
	return {
		width: 170,
		height: 330,
		transform: [
			brushed,
			{ joinaggregate: [{ op: "count", as: "sentences" }] },
			{ flatten: ["latent", "value"] },
			{
				aggregate: [
					{ op: "sum", field: "value", as: "sum" },
					{ op: "count", as: "fires" },
					{ op: "max", field: "sentences", as: "sentences" },
				],
				groupby: ["latent"],
			},
			{ calculate: "datum.sum / datum.sentences", as: "mean" },
			{ calculate: "datum.fires / datum.sentences", as: "share" },
			{
				lookup: "latent",
				from: {
					data: { values: overall },
					key: "latent",
					fields: ["cluster", "overall"],
				},
			},
			{
				window: [{ op: "row_number", as: "rank" }],
				sort: [{ field: "mean", order: "descending" }],
			},
			{ filter: `datum.rank <= ${most_bars}` },
			{ calculate: "datum.latent + ' (' + datum.cluster + ')'", as: "name" },
		],
		encoding: { y },
		layer: [
			{
				mark: { type: "bar", cornerRadiusEnd: 2 },
				encoding: {
					x: x("mean"),
					color: clusterColor(k),
					tooltip: [
						{ field: "latent" },
						{ field: "cluster", title: "marks cluster" },
						{ field: "mean", format: ".3~g" },
						{ field: "share", title: "fires in", format: ".1%" },
						{ field: "overall", title: "mean of all", format: ".3~g" },
					],
				},
			},
			{
				mark: { type: "tick", thickness: 2, color: ink.text },
				encoding: { x: x("overall") },
			},
		],
	};
}

/** The marking latents of each drawn sentence that are not 0, and their means. */
function firing(clustering: Clustering, pooled: Matrix, drawn: number[]) {
	const n = clustering.assignment.length;
	if (pooled.rows !== n)
		throw new Error(
			`charts.sentenceMap was given ${count(pooled.rows)} rows of latents for ${count(n)} sentences: pool the latents that were clustered, with poolSentences.`,
		);
	const marks = chosen(clustering);
	if (!marks.size)
		throw new Error(
			"charts.sentenceMap was given latents for a clustering that no latents mark: cluster latents, or leave pooled out.",
		);
	const at = new Map(drawn.map((sentence, i) => [sentence, i]));
	const rows = drawn.map(() => ({
		latent: [] as number[],
		value: [] as number[],
	}));
	const sums = new Map<number, number>();
	forEachEntry(pooled, (row, latent, value) => {
		const i = at.get(row);
		if (i === undefined || !value || !marks.has(latent)) return;
		rows[i].latent.push(latent);
		rows[i].value.push(Number(value.toPrecision(2)));
		sums.set(latent, (sums.get(latent) ?? 0) + value);
	});
	const overall = [...marks].map(
		([latent, cluster]): Overall => ({
			latent,
			cluster,
			overall: known((sums.get(latent) ?? 0) / drawn.length),
		}),
	);
	return { rows, overall };
}

/** Each latent that marks a cluster and which: the best of each cluster first, 24 in all. */
function chosen({ marks }: Clustering): Map<number, number> {
	const seen = new Map<number, number>();
	const placed = marks.map((mark) => {
		const place = seen.get(mark.cluster) ?? 0;
		seen.set(mark.cluster, place + 1);
		return { mark, place };
	});
	const best = new Map<number, number>();
	for (const { mark } of placed.sort((a, b) => a.place - b.place))
		if (best.size < most_latents && !best.has(mark.latent))
			best.set(mark.latent, mark.cluster);
	return best;
}
