import { count, fixed } from "../say";
import { series_legend, seriesColor, seriesShape } from "./series";
import {
	type Chart,
	chart,
	clip,
	clipAll,
	ink,
	panelTitle,
	thin,
} from "./theme";

/** One point. */
export interface Point {
	x: number;
	y: number;
	/** What it belongs to: its colour. Default: all the same. */
	series?: string;
}

/** A line through a scatter, such as what a formula predicts. */
export interface ScatterLine {
	name: string;
	/** Its corners, from left to right. */
	points: [number, number][];
}

/** Dashes, one for each line, so that lines are told apart without colour. */
const dashes = [
	[1, 0],
	[6, 4],
	[2, 3],
	[10, 3, 2, 3],
];

/**
 * One number against another, such as what was found against what is true. At most 2,000 points are drawn, evenly spread.
 *
 * `x`, `y`: what is on the axes. `title`: what is seen; default: the correlation. `lines`: at most 4 lines to compare the points with, such as what a
 * formula predicts. `panels`: whether each series has a panel of its own, with the same axes; default: no.
 */
export function scatter(
	points: Point[],
	options: {
		x: string;
		y: string;
		title?: string;
		lines?: ScatterLine[];
		panels?: boolean;
	},
): Chart {
	if (!points.length)
		throw new Error(
			"charts.scatter was given no points: give it at least one.",
		);
	const { lines = [] } = options;
	const clipped = clipAll(
		points.map((p) => p.series ?? ""),
		40,
	);
	const names = [...new Set(clipped)];
	const values = thin([...points.keys()], 2000).map((i) => ({
		x: round(points[i].x),
		y: round(points[i].y),
		...(points[i].series !== undefined && { series: clipped[i] }),
	}));
	const corners = lines.slice(0, dashes.length).flatMap(({ name, points }) =>
		points.map(([x, y]) => ({
			x: round(x),
			y: round(y),
			line: clip(name, 40),
		})),
	);
	const all = [...values, ...corners];
	const axes = { x: axis("x", options.x, all), y: axis("y", options.y, all) };
	const panels = options.panels ? names : [undefined];
	const size = options.panels
		? { width: 290, height: 260 }
		: { width: 480, height: 300 };
	return chart({
		title: titleOf(
			options.title ?? related(points, options),
			points.length,
			values.length,
		),
		spacing: { column: 30, row: 26 },
		columns: 2,
		concat: panels.map((panel) => ({
			...(panel && { title: panelTitle(panel) }),
			...size,
			layer: [
				dots(
					panel === undefined
						? values
						: values.filter((v) => (v.series ?? "") === panel),
					axes,
					names,
					panel === undefined && names.length > 1,
				),
				...(corners.length ? [ruler(corners, axes)] : []),
			],
		})),
	});
}

function dots(
	values: object[],
	axes: object,
	names: string[],
	legend: boolean,
): object {
	const shown = legend ? series_legend : null;
	return {
		data: { values },
		mark: {
			type: "point",
			filled: true,
			color: ink.main,
			size: values.length > 100 ? 24 : 44,
			opacity: values.length > 300 ? 0.5 : 0.8,
		},
		encoding: {
			...axes,
			...(names.length > 1 && {
				color: seriesColor("series", names, shown),
				shape: seriesShape("series", names, shown),
			}),
			tooltip: [
				...(legend ? [{ field: "series" }] : []),
				{ field: "x", format: ".4~g" },
				{ field: "y", format: ".4~g" },
			],
		},
	};
}

function ruler(corners: { line: string }[], axes: object): object {
	const names = [...new Set(corners.map(({ line }) => line))];
	return {
		data: { values: corners },
		mark: { type: "line", strokeWidth: 1.8, color: ink.text },
		encoding: {
			...axes,
			strokeDash: {
				field: "line",
				type: "nominal",
				scale: { domain: names, range: dashes.slice(0, names.length) },
				legend: { title: null, symbolSize: 300, symbolStrokeWidth: 1.8 },
			},
		},
	};
}

/** The same domain in every panel. */
function axis(
	field: "x" | "y",
	title: string,
	all: { x: number; y: number }[],
): object {
	const numbers = all.map((p) => p[field]).filter(Number.isFinite);
	const low = numbers.reduce((a, b) => Math.min(a, b), Infinity);
	const high = numbers.reduce((a, b) => Math.max(a, b), -Infinity);
	return {
		field,
		type: "quantitative",
		title,
		scale: numbers.length
			? { domain: [low, high], nice: true, zero: false }
			: {},
		axis: { tickCount: 5 },
	};
}

/** Pearson's correlation of the points of each series, where those are few; of two points it is always 1 or −1. */
function related(points: Point[], { x, y }: { x: string; y: string }): string {
	const names = [...new Set(points.map(({ series = "" }) => series))];
	const found = names.slice(0, 3).flatMap((name) => {
		const own = points.filter(
			({ x, y, series = "" }) => series === name && Number.isFinite(x + y),
		);
		const r = correlation(own);
		return Number.isFinite(r) && own.length > 2
			? [`${fixed(r, 2)} ${clip(name, 16)}`.trim()]
			: [];
	});
	const text = `${clip(y, 30)} against ${clip(x, 30)}`;
	return found.length && names.length <= 3
		? `${text}: correlation ${found.join(", ")}`
		: text;
}

function correlation(points: Point[]): number {
	const mean = (of: (p: Point) => number) =>
		points.reduce((sum, p) => sum + of(p), 0) / points.length;
	const [mx, my] = [mean((p) => p.x), mean((p) => p.y)];
	return (
		mean((p) => (p.x - mx) * (p.y - my)) /
		Math.sqrt(mean((p) => (p.x - mx) ** 2) * mean((p) => (p.y - my) ** 2))
	);
}

function titleOf(text: string, n: number, drawn: number) {
	if (drawn === n) return { text };
	return { text, subtitle: `${count(drawn)} of ${count(n)} points drawn` };
}

function round(x: number): number {
	return Number(x.toPrecision(4));
}
