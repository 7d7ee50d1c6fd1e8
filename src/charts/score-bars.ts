import type { ProbeInput, ProbeSettings } from "../probe";
import { fixed, percent } from "../say";
import { seriesColor } from "./series";
import { type Color, ink, palette, whiskers } from "./theme";

/** What a probe may read, as a chart names and colours it. */
interface Named {
	key: ProbeInput;
	name: string;
	color: Color;
}

/** Of sentences, in the order of all charts of probes. */
export const inputs: Named[] = [
	{ key: "latents", name: "SAE latents", color: ink.main },
	{ key: "activations", name: "activations", color: palette[5] },
	{ key: "top_channels", name: "top channels", color: palette[2] },
	{ key: "random_sae", name: "random SAE", color: palette[3] },
	{ key: "untrained_model", name: "untrained model", color: palette[4] },
	{ key: "bag_of_words", name: "bag of words", color: palette[1] },
	{ key: "majority", name: "most frequent class", color: ink.quiet },
];

/** Of tokens the words are one: which token it is. */
const of_tokens = inputs.map((input) =>
	input.key === "bag_of_words" ? { ...input, name: "which token" } : input,
);

/** The same of what a probe's rows are. */
export function inputsOf({ unit }: Pick<ProbeSettings, "unit">): Named[] {
	return unit === "token" ? of_tokens : inputs;
}

/** One bar: a score and its 95 % interval. */
export interface ScoreBar {
	/** Bars of one group stand together. */
	group: string;
	/** A name of `inputs`. */
	input: string;
	value: number | null;
	low: number | null;
	high: number | null;
	/** Test rows. */
	n: number;
	/** Columns that were read. */
	columns: number;
}

/** Those whose names are given, in their order; where sentences and tokens stand together, both names of one input. */
function drawnOf(names: string[]): Named[] {
	const all = inputs.flatMap((input, i) =>
		input === of_tokens[i] ? [input] : [input, of_tokens[i]],
	);
	return all.filter(({ name }) => names.includes(name));
}

/** The height of a group's bars, so that 12 labels of 7 bars fit on a screen. */
function stepOf(bars: number): number {
	return Math.max(8, Math.min(17, Math.floor(520 / bars)));
}

/**
 * Horizontal bars with whiskers and numbers, one group after the other. `x`: the name of the axis; `group`: of the
 * groups, for tooltips; `rows`: what the test rows are; `format`: of the numbers, as in d3.
 */
export function scoreBars(
	values: ScoreBar[],
	of: { x: string; group: string; rows: string; format: string },
): object {
	const shown = drawnOf(values.map(({ input }) => input));
	const groups = [...new Set(values.map((v) => v.group))];
	const names = shown.map(({ name }) => name);
	const alone = groups.length === 1; // then each bar has its name beside it, and no legend
	const step = alone ? 25 : stepOf(values.length);
	const axis = { labelFontSize: 12, labelColor: ink.text, ticks: false };
	const place = alone
		? { y: { field: "input", type: "nominal", sort: names, title: null, axis } }
		: {
				y: {
					field: "group",
					type: "nominal",
					sort: groups,
					title: null,
					axis,
					scale: { paddingInner: 0.16, paddingOuter: 0.06 },
				},
				yOffset: { field: "input", type: "nominal", sort: names },
			};
	const spelled = of.format.endsWith("%")
		? percent
		: (value: number) => fixed(value, 2);
	return {
		data: {
			values: values.map((bar) => ({
				...bar,
				text: spelled(bar.value ?? Number.NaN),
			})),
		},
		width: 460,
		height: { step },
		encoding: place,
		layer: [
			bars(names, of, !alone),
			...whiskers,
			{
				mark: {
					type: "text",
					align: "left",
					dx: 6,
					fontSize: Math.min(11, step),
				},
				encoding: {
					x: { field: "high", type: "quantitative" },
					text: { field: "text" },
				},
			},
		],
	};
}

function bars(
	names: string[],
	of: { x: string; group: string; rows: string; format: string },
	legend: boolean,
): object {
	const range = drawnOf(names).map(({ color }) => color);
	const { format } = of;
	return {
		mark: { type: "bar", cornerRadiusEnd: 2 },
		encoding: {
			x: {
				field: "value",
				type: "quantitative",
				title: of.x,
				stack: null,
				scale: { domain: [0, 1] },
				axis: { format: format.endsWith("%") ? ".0%" : ".1f", tickCount: 5 },
			},
			color: seriesColor("input", names, legend ? legend_above : null, range),
			tooltip: [
				{ field: "group", title: of.group },
				{ field: "input", title: "reads" },
				{ field: "text", title: "value" },
				{ field: "low", title: "from", format },
				{ field: "high", title: "to", format },
				{ field: "n", title: of.rows, format: "," },
				{ field: "columns", format: "," },
			],
		},
	};
}

const legend_above = {
	title: null,
	orient: "top",
	columns: 4,
	symbolType: "square",
	offset: 4,
};
