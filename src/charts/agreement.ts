import type { Clustering } from "../cluster";
import { fixed, several } from "../say";
import { checkKind, known } from "./check";
import { following } from "./clusters";
import { type Chart, chart, clipAll, ink, palette } from "./theme";

const most_labels = 40;
const width = 440;

/** Marks on the bars; V-measure is the normalised mutual information too. */
const measures = [
	{ key: "v_measure", name: "V-measure (= NMI)", shape: "diamond" },
	{ key: "homogeneity", name: "homogeneity", shape: "triangle-up" },
	{ key: "completeness", name: "completeness", shape: "triangle-down" },
] as const;

/**
 * Which true factor the clusters follow: bars of the adjusted Rand index of the clusters with each label, largest first
 * (0: no more than chance, 1: the same partition), and on them V-measure with its two parts: homogeneity (each cluster
 * has one class only) and completeness (each class is in one cluster only). At most 40 labels are drawn.
 */
export function agreement(clustering: Clustering): Chart {
	checkKind("agreement", clustering, "clusters", "cluster");
	const entries = Object.entries(clustering.agreement);
	const labels = clipAll(
		entries.map(([label]) => label),
		32,
	);
	const rows = entries
		.map(([key, of], i) => ({ key, label: labels[i], of }))
		.filter(({ of }) => Number.isFinite(of.ari))
		.sort((a, b) => b.of.ari - a.of.ari)
		.slice(0, most_labels);
	if (!rows.length)
		throw new Error(
			"The clustered sentences have no labels, so there is nothing to compare the clusters with: load sentences with label columns.",
		);
	const lowest = rows.reduce((low, { of }) => Math.min(low, of.ari), 0);
	const x = {
		type: "quantitative",
		title:
			"agreement (bar and number: adjusted Rand index; 0: chance, 1: the same groups)",
		scale: { domain: [lowest < -0.05 ? lowest - 0.05 : 0, 1], clamp: true },
		axis: { tickCount: 5 },
	};
	return chart({
		title: {
			text: titleOf(clustering, rows),
			subtitle: `${several(clustering.k, "cluster")} of ${several(clustering.assignment.length, "sentence")} with each label`,
		},
		width,
		height: { step: rows.length > 20 ? 19 : 30 },
		encoding: {
			y: {
				field: "label",
				type: "nominal",
				sort: rows.map(({ label }) => label),
				title: "label",
				axis: { labelFontSize: 12, labelColor: ink.text, ticks: false },
			},
		},
		layer: [bars(rows, x), marks(rows, x)],
	});
}

/** Of the label that the clusters agree with most, or of the two. */
function titleOf(clustering: Clustering, [best, second]: Row[]): string {
	if (clustering.k === 1)
		return "One cluster holds all sentences, so it agrees with no label";
	const ari = fixed(best.of.ari, 2);
	if (best.of.ari <= 0.02)
		return `The clusters follow none of the labels: at most ${ari}`;
	const names =
		second?.of.ari === best.of.ari
			? `${best.label} and ${second.label} alike`
			: best.label;
	return `${following(clustering, "The clusters", best.key, names)}: adjusted Rand index ${ari}`;
}

interface Row {
	/** The label itself, … */
	key: string;
	/** … and as it is written. */
	label: string;
	of: Clustering["agreement"][string];
}

function bars(rows: Row[], x: object): object {
	const values = rows.map(({ label, of }) => ({ label, ari: known(of.ari) }));
	return {
		data: { values },
		layer: [
			{
				mark: { type: "bar", color: palette[5], cornerRadiusEnd: 2 },
				encoding: {
					x: { ...x, field: "ari" },
					tooltip: [
						{ field: "label" },
						{ field: "ari", title: "adjusted Rand index", format: ".3f" },
					],
				},
			},
			{
				mark: { type: "text", align: "right", fontSize: 11 },
				encoding: {
					x: { value: width + 36 },
					text: { field: "ari", type: "quantitative", format: ".2f" },
				},
			},
		],
	};
}

function marks(rows: Row[], x: object): object {
	const values = rows.flatMap(({ label, of }) =>
		measures.map(({ key, name }) => ({
			label,
			measure: name,
			value: known(of[key]),
		})),
	);
	const domain = measures.map(({ name }) => name);
	const range = measures.map(({ shape }) => shape);
	return {
		data: { values },
		mark: { type: "point", filled: true, size: 50, opacity: 1 },
		encoding: {
			x: { ...x, field: "value" },
			shape: {
				field: "measure",
				type: "nominal",
				scale: { domain, range },
				legend: { title: null, orient: "top", symbolOpacity: 1 },
			},
			color: { value: ink.text },
			tooltip: [
				{ field: "label" },
				{ field: "measure" },
				{ field: "value", format: ".3f" },
			],
		},
	};
}
