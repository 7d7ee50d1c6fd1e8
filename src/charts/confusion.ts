import { type ProbeResult, type ProbeScore, wilsonInterval } from "../probe";
import { count, percent, several } from "../say";
import { checkKind, known } from "./check";
import { settingsOf, worthOf } from "./probe";
import { type Chart, chart, clip, clipAll, heat, ink } from "./theme";

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

/** What is taken for what most often, where that is no accident of few errors. */
function titleOf(result: ProbeResult, score: ProbeScore): string {
	const name = (c: number) => `“${clipAll(result.classes, 20)[c]}”`;
	const label = clip(result.label, 30);
	const rows = several(score.n_test, `test ${result.unit}`);
	if (!(score.n_test > 0)) return `${label}: no test ${result.unit} was read`;
	const right = `${label}: ${percent(score.accuracy)} of ${rows} right`;
	const errors = score.confusion
		.flatMap((row, truth) =>
			row.map((n, predicted) => ({ n, truth, predicted })),
		)
		.filter(({ n, truth, predicted }) => n > 0 && truth !== predicted)
		.sort((a, b) => b.n - a.n);
	if (!errors.length) return right;
	const [{ n, truth, predicted }, second] = errors;
	const taken = `${name(truth)} is taken for ${name(predicted)} (${count(n)})`;
	if (!second) return `${right}; ${taken}`;
	const worth = worthOf(result);
	const [share] = wilsonInterval(n * worth, (n + second.n) * worth);
	return share > 0.5
		? `${right}; most often ${taken}`
		: `${right}; no kind of error stands out`;
}
