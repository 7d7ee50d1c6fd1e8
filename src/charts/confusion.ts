import type { ProbeResult, ProbeScore } from "../probe";
import { checkKind, known } from "./check";
import { settingsOf } from "./probe";
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

const most_classes = 40;

/**
 * Which classes a probe takes for which: one row a true class, one column a predicted class, with the counts of test
 * rows; the colour is the share of the true class. Shows the probe on latents where there is one, else the one on
 * activations; `input` chooses. Of more than 40 classes the most frequent are drawn.
 */
export function confusion(
	result: ProbeResult,
	options: { input?: "latents" | "activations" | "bag_of_words" } = {},
): Chart {
	checkKind("confusion", result, "probe", "probe");
	const input = options.input ?? (result.latents ? "latents" : "activations");
	const score = result[input];
	if (!score)
		throw new Error(
			`The probe of "${clip(result.label, 40)}" has no scores for ${input}: probe latents, or choose another input.`,
		);
	const totals = score.confusion.map((row) => row.reduce((a, b) => a + b, 0));
	const drawn = [...totals.keys()]
		.sort((a, b) => totals[b] - totals[a])
		.slice(0, most_classes)
		.sort((a, b) => a - b);
	const many = drawn.length > 10;
	const classes = clipAll(
		drawn.map((c) => result.classes[c]),
		many ? 24 : 30,
	);
	const values = drawn.flatMap((truth, i) =>
		drawn.map((predicted, j) => ({
			truth: classes[i],
			predicted: classes[j],
			n: score.confusion[truth][predicted],
			share: totals[truth]
				? known(score.confusion[truth][predicted] / totals[truth])
				: 0,
		})),
	);
	const axis = {
		labelFontSize: many ? 11 : 12,
		labelColor: ink.text,
		ticks: false,
		domain: false,
	};
	return chart({
		title: {
			text: titleOf(result, score),
			subtitle: [
				`linear classifier on ${spoken[input]}${drawn.length < totals.length ? `; the ${drawn.length} most frequent of ${count(totals.length)} classes` : ""}`,
				settingsOf([result]),
			],
		},
		data: { values },
		width: { step: classes.length > 25 ? 19 : many ? 30 : 66 },
		height: { step: classes.length > 25 ? 16 : many ? 24 : 40 },
		encoding: {
			x: {
				field: "predicted",
				type: "nominal",
				sort: classes,
				title: "predicted class",
				axis: {
					...axis,
					labelAngle: many || classes.some((c) => c.length > 9) ? -40 : 0,
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
						{ field: "n", title: `${result.unit}s`, format: "," },
						{ field: "share", format: ".1%" },
					],
				},
			},
			{
				...(many && { transform: [{ filter: "datum.n > 0" }] }),
				mark: {
					type: "text",
					fontSize: classes.length > 25 ? 8 : many ? 10 : 12,
				},
				encoding: {
					text: { field: "n", type: "quantitative", format: many ? "~s" : "," },
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
	bag_of_words: "a bag of words",
};

/** What is taken for what most often. */
function titleOf({ label, classes }: ProbeResult, score: ProbeScore): string {
	const right = `${clip(label, 30)}: ${percent(score.accuracy)} of ${count(score.n_test)} right`;
	let [most, truth, predicted] = [0, 0, 0];
	for (const [t, row] of score.confusion.entries())
		for (const [p, n] of row.entries())
			if (t !== p && n > most) [most, truth, predicted] = [n, t, p];
	if (!most) return right;
	const short = clipAll(classes, 20);
	const name = (c: number) => `“${short[c]}”`;
	return `${right}; most often ${name(truth)} is taken for ${name(predicted)} (${count(most)})`;
}
