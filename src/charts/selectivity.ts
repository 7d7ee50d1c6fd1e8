import type { ProbeResult, ProbeScore } from "../probe";
import { fixed, type Measured, percent, winner } from "../say";
import { listOf } from "./check";
import { namesOf, settingsOf } from "./probe";
import { inputs } from "./score-bars";
import { seriesColor, seriesShape } from "./series";
import { type Chart, chart, clip, clipAll, ink } from "./theme";

/** What can be read by a probe with a control. */
const read = inputs.filter(
	({ key }) => key === "latents" || key === "activations",
);

const what = ["the label", "the control task"];

/** One line: the accuracy, the control task's, and how far they are apart. */
interface Line {
	name: string;
	label: string;
	input: string;
	accuracy: number;
	control: number;
	selectivity: number;
	interval: [number, number];
	control_interval: [number, number];
}

/**
 * How much of a probe's accuracy is read and how much it could learn by heart: for each label, on latents and on
 * activations, the accuracy, that of the same probe on the control task (random labels), both with 95 % intervals, and
 * between them their difference, the selectivity (Hewitt & Liang 2019). Takes one result of `probe` or several (at most
 * 12 are drawn), each with `control: true`.
 */
export function selectivity(results: ProbeResult | ProbeResult[]): Chart {
	const list = listOf("selectivity", results, "probe", "probe");
	const drawn = list.slice(0, 12);
	const labels = clipAll(namesOf(drawn), 26);
	const lines = drawn.flatMap((result, i) =>
		read.flatMap(({ key, name }) => lineOf(labels[i], name, result[key])),
	);
	if (!lines.length)
		throw new Error(
			"charts.selectivity was given no probe with a control task: call probe with control: true.",
		);
	const names = lines.map(({ name }) => name);
	const x = {
		field: "share",
		type: "quantitative",
		title: "accuracy on the test split (line: 95% interval)",
		scale: { domain: [0, 1] },
		axis: { format: ".0%", tickCount: 5 },
	};
	const cut =
		drawn.length < list.length
			? `the first ${drawn.length} of ${list.length}; `
			: "";
	return chart({
		title: {
			text: titleOf(lines),
			subtitle: [
				`selectivity: accuracy less the control task's (${tasksOf(drawn)})`,
				`${cut}${settingsOf(drawn)}`,
			],
		},
		width: 440,
		height: { step: 26 },
		encoding: {
			y: {
				field: "name",
				type: "nominal",
				sort: names,
				title: null,
				axis: {
					labelFontSize: 12,
					labelColor: ink.text,
					labelLimit: 300,
					ticks: false,
				},
			},
		},
		layer: [gap(lines, x), ...ends(lines, x), difference(lines, x)],
	});
}

function lineOf(label: string, input: string, score?: ProbeScore): Line[] {
	if (!score?.control || !Number.isFinite(score.accuracy)) return [];
	const { accuracy, interval, control } = score;
	return [
		{
			name: `${label}: ${input}`,
			label,
			input,
			accuracy,
			control: control.accuracy,
			selectivity: score.selectivity ?? accuracy - control.accuracy,
			interval,
			control_interval: control.interval,
		},
	];
}

/** From the control task's accuracy to the label's. */
function gap(lines: Line[], x: object): object {
	const values = lines.map(({ name, accuracy, control }) => ({
		name,
		share: control,
		to: accuracy,
	}));
	return {
		data: { values },
		mark: { type: "rule", color: ink.quiet, strokeWidth: 3 },
		encoding: { x, x2: { field: "to" } },
	};
}

/** The two accuracies and their intervals. */
function ends(lines: Line[], x: object): object[] {
	const values = lines.flatMap((line) =>
		what.map((task, i) => {
			const [low, high] = i ? line.control_interval : line.interval;
			const share = i ? line.control : line.accuracy;
			return { name: line.name, input: line.input, task, share, low, high };
		}),
	);
	const legend = { title: "accuracy on", orient: "top", symbolOpacity: 1 };
	const color = seriesColor("task", what, legend, [ink.main, ink.accent]);
	return [
		{
			data: { values },
			mark: { type: "rule", strokeWidth: 2 },
			encoding: {
				x: { ...x, field: "low" },
				x2: { field: "high" },
				color,
			},
		},
		{
			data: { values },
			mark: { type: "point", filled: true, size: 80, opacity: 1 },
			encoding: {
				x,
				color,
				shape: seriesShape("task", what, legend),
				tooltip: [
					{ field: "name", title: "probe" },
					{ field: "task" },
					{ field: "share", title: "accuracy", format: ".2%" },
					{ field: "low", title: "from", format: ".2%" },
					{ field: "high", title: "to", format: ".2%" },
				],
			},
		},
	];
}

/** The number on the line. */
function difference(lines: Line[], x: object): object {
	const values = lines.map(({ name, accuracy, control, selectivity }) => ({
		name,
		share: (accuracy + control) / 2,
		selectivity,
	}));
	return {
		data: { values },
		mark: { type: "text", dy: -7, fontSize: 11 },
		encoding: {
			x,
			text: { field: "selectivity", type: "quantitative", format: "+.1%" },
		},
	};
}

function tasksOf(list: ProbeResult[]): string {
	const tasks = new Set(list.map(({ control_task }) => control_task));
	const names = {
		"token types": "a random class for each token type",
		"shuffled sentences": "labels shuffled among the sentences",
	};
	return [...tasks].map((task) => names[task]).join("; or ");
}

/** How far the accuracies are from the control task's; where one is furthest for sure, which. */
function titleOf(lines: Line[]): string {
	const name = ({ label }: Line) => `“${clip(label, 28)}”`;
	const [first] = lines;
	if (lines.every(({ label }) => label === first.label))
		return `${name(first)} from ${first.input}: ${percent(first.accuracy)}, with random labels ${percent(first.control)}`;
	const points = ({ selectivity }: Line) => fixed(100 * selectivity, 1);
	const sorted = [...lines].sort((a, b) => b.selectivity - a.selectivity);
	const [most, least] = [sorted[0], sorted[sorted.length - 1]];
	const top = winner(lines, selectivityOf);
	const furthest = top ? `, furthest for ${name(top)} from ${top.input}` : "";
	return `Labels are read ${points(least)} to ${points(most)} points better than random ones${furthest}`;
}

/** With all that the intervals of the two accuracies leave open. */
function selectivityOf(line: Line): Measured {
	const [[low, high], [from, to]] = [line.interval, line.control_interval];
	return { value: line.selectivity, interval: [low - to, high - from] };
}
