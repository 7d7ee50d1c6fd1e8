import type { ProbeResult } from "../probe";
import {
	type Chart,
	chart,
	clip,
	clipAll,
	count,
	heat,
	ink,
	percent,
} from "./theme";

/**
 * Which classes a probe takes for which: one row a true class, one column a predicted class, with the counts of test
 * sentences; the colour is the share of the true class. Shows the probe on latents where there is one, else the one on
 * activations; `input` chooses.
 */
export function confusion(
	result: ProbeResult,
	options: { input?: "latents" | "activations" | "bag_of_words" } = {},
): Chart {
	const input = options.input ?? (result.latents ? "latents" : "activations");
	const score = result[input];
	if (!score)
		throw new Error(
			`The probe of "${result.label}" has no scores for ${input}: probe latents, or choose another input.`,
		);
	const classes = clipAll(result.classes, 30);
	const values = score.confusion.flatMap((row, truth) => {
		const total = row.reduce((a, b) => a + b, 0);
		return row.map((n, predicted) => ({
			truth: classes[truth],
			predicted: classes[predicted],
			n,
			share: total ? n / total : 0,
		}));
	});
	const axis = {
		labelFontSize: 12,
		labelColor: ink.text,
		ticks: false,
		domain: false,
	};
	return chart({
		title: {
			text: `${clip(result.label, 40)}: ${percent(score.accuracy)} of ${count(score.n_test)} test sentences right`,
			subtitle: `linear classifier on ${spoken[input]} of ${result.hook_name}`,
		},
		data: { values },
		width: { step: classes.length > 10 ? 44 : 66 },
		height: { step: 40 },
		encoding: {
			x: {
				field: "predicted",
				type: "nominal",
				sort: classes,
				title: "predicted class",
				axis: {
					...axis,
					labelAngle: classes.some((c) => c.length > 9) ? -35 : 0,
				},
			},
			y: {
				field: "truth",
				type: "nominal",
				sort: classes,
				title: "true class",
				axis,
			},
		},
		layer: [
			{
				mark: { type: "rect", stroke: ink.paper, strokeWidth: 2 },
				encoding: {
					color: {
						field: "share",
						type: "quantitative",
						scale: { range: heat, domain: [0, 1] },
						legend: {
							title: ["share of the", "true class"],
							format: ".0%",
							tickCount: 3,
						},
					},
					tooltip: [
						{ field: "truth", title: "true" },
						{ field: "predicted" },
						{ field: "n", title: "sentences", format: "," },
						{ field: "share", format: ".1%" },
					],
				},
			},
			{
				mark: { type: "text", fontSize: 12 },
				encoding: {
					text: { field: "n", type: "quantitative", format: "," },
					color: {
						condition: { test: "datum.share > 0.5", value: "white" },
						value: ink.text,
					},
				},
			},
		],
	});
}

const spoken = {
	latents: "SAE latents",
	activations: "activations",
	bag_of_words: "a bag of words before",
};
