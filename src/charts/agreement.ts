import type { Clustering } from "../cluster";
import {
	type Chart,
	chart,
	clipAll,
	count,
	fixed,
	ink,
	numbers,
} from "./theme";

/**
 * Which true factor the clusters follow: the adjusted Rand index of the clusters with each label, largest first
 * (0: no more than chance, 1: the same partition).
 */
export function agreement(clustering: Clustering): Chart {
	const labels = clipAll(Object.keys(clustering.ari), 32);
	const values = Object.values(clustering.ari)
		.map((ari, i) => ({ label: labels[i], ari }))
		.sort((a, b) => b.ari - a.ari)
		.slice(0, 40);
	if (!values.length)
		throw new Error(
			"The clustered sentences have no labels, so there is nothing to compare the clusters with: load sentences with label columns.",
		);
	const lowest = Math.min(0, ...values.map((v) => v.ari));
	const negative = lowest < -0.05;
	return chart({
		title: {
			text:
				values[0].ari > 0.1
					? `The clusters follow ${values[0].label}: adjusted Rand index ${fixed(values[0].ari, 2)}`
					: `The clusters follow none of the labels: at most ${fixed(values[0].ari, 2)}`,
			subtitle: `adjusted Rand index of ${clustering.k} clusters of ${count(clustering.assignment.length)} sentences with each label`,
		},
		data: { values },
		width: 420,
		height: { step: 28 },
		encoding: {
			y: {
				field: "label",
				type: "nominal",
				sort: null,
				title: "label",
				axis: { labelFontSize: 12, labelColor: ink.text, ticks: false },
			},
			x: {
				field: "ari",
				type: "quantitative",
				title: "adjusted Rand index (0: chance, 1: the same partition)",
				scale: { domain: [negative ? lowest - 0.15 : 0, 1], clamp: true },
				axis: { tickCount: 5 },
			},
		},
		layer: [
			{
				mark: { type: "bar", color: ink.main, cornerRadiusEnd: 2 },
				encoding: {
					tooltip: [
						{ field: "label" },
						{ field: "ari", title: "adjusted Rand index", format: ".3f" },
					],
				},
			},
			...numbers("ari", ".2f", negative ? 0 : -0.05),
		],
	});
}
