import type { Clustering } from "../cluster";
import { type Chart, chart, clip, ink } from "./theme";

/**
 * Which true factor the clusters follow: the adjusted Rand index of the clusters with each label, largest first
 * (0: no more than chance, 1: the same partition).
 */
export function agreement(clustering: Clustering): Chart {
	const values = Object.entries(clustering.ari)
		.map(([label, ari]) => ({ label: clip(label, 40), ari }))
		.sort((a, b) => b.ari - a.ari)
		.slice(0, 40);
	if (!values.length)
		throw new Error(
			"The clustered sentences have no labels, so there is nothing to compare the clusters with: load sentences with label columns.",
		);
	const lowest = Math.min(0, ...values.map((v) => v.ari));
	return chart({
		title: {
			text:
				values[0].ari > 0.1
					? `The clusters follow ${values[0].label}`
					: "The clusters follow none of the labels",
			subtitle: `adjusted Rand index of ${clustering.k} clusters with each label`,
		},
		data: { values },
		width: 420,
		height: { step: 28 },
		encoding: {
			y: {
				field: "label",
				type: "nominal",
				sort: null,
				title: null,
				axis: { labelFontSize: 12, labelColor: ink.text, ticks: false },
			},
			x: {
				field: "ari",
				type: "quantitative",
				title: "adjusted Rand index (0: chance, 1: the same partition)",
				scale: { domain: [lowest < -0.05 ? lowest : 0, 1], clamp: true },
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
			{
				mark: { type: "text", align: "left", dx: 6, color: ink.text },
				encoding: {
					text: { field: "ari", type: "quantitative", format: ".2f" },
				},
			},
		],
	});
}
