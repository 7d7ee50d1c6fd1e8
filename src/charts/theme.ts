import type { TopLevelSpec } from "vega-lite";

/** A figure as Vega-Lite 5 understands it: plain data, ready for `show` or a file. */
export type Chart = TopLevelSpec & { $schema: string };

/** Okabe and Ito's colours, which people with any colour vision tell apart (without the pale yellow). */
export const palette = [
	"#0072b2",
	"#e69f00",
	"#009e73",
	"#cc79a7",
	"#d55e00",
	"#56b4e9",
	"#7a5195",
	"#666666",
];

/** The colour of what a figure is about, and of what it is compared with. */
export const ink = {
	main: palette[0],
	accent: palette[4],
	quiet: "#b5bcc4",
	text: "#24292f",
	faint: "#57606a",
};

/** Shapes that stay apart at small sizes. */
export const shapes = [
	"circle",
	"square",
	"triangle-up",
	"diamond",
	"cross",
	"triangle-down",
];

const font = "DejaVu Sans, Verdana, sans-serif";

const config = {
	font,
	background: "white",
	padding: 12,
	view: { stroke: null },
	title: {
		anchor: "start" as const,
		frame: "bounds" as const,
		fontSize: 15,
		fontWeight: "bold" as const,
		color: ink.text,
		subtitleColor: ink.faint,
		subtitleFontSize: 12,
		subtitlePadding: 5,
		offset: 14,
	},
	axis: {
		labelFontSize: 11,
		titleFontSize: 12,
		titleFontWeight: "normal" as const,
		labelColor: ink.faint,
		titleColor: ink.text,
		gridColor: "#e7eaee",
		domainColor: "#8c959f",
		tickColor: "#8c959f",
		titlePadding: 8,
		labelLimit: 220,
		labelPadding: 4,
	},
	legend: {
		labelFontSize: 11,
		titleFontSize: 12,
		titleFontWeight: "normal" as const,
		labelColor: ink.text,
		titleColor: ink.text,
		labelLimit: 220,
		symbolSize: 90,
	},
	header: {
		labelFontSize: 12,
		titleFontSize: 12,
		labelColor: ink.text,
		titleColor: ink.text,
		titleFontWeight: "normal" as const,
	},
};

/** Adds what every figure shares: the schema, the font, sizes, quiet grid lines. */
export function chart(spec: object): Chart {
	return {
		$schema: "https://vega.github.io/schema/vega-lite/v5.json",
		config,
		...spec,
	} as Chart;
}

/** 1234567 -> "1,234,567". */
export function count(n: number): string {
	return Math.round(n).toLocaleString("en-US");
}

/** 0.9531 -> "95.3%". */
export function percent(share: number): string {
	return `${(100 * share).toFixed(1)}%`;
}

/** 1234567 -> "1.2 M": for titles. */
export function short(n: number): string {
	if (n >= 1e6) return `${(n / 1e6).toFixed(1)} M`;
	if (n >= 1e4) return `${Math.round(n / 1e3)} k`;
	return count(n);
}

/** At most `limit` of the items, evenly spread, the first and the last among them. */
export function thin<T>(items: readonly T[], limit: number): T[] {
	if (items.length <= limit) return [...items];
	const step = (items.length - 1) / (limit - 1);
	return Array.from({ length: limit }, (_, i) => items[Math.round(i * step)]);
}

/** The first `limit` characters of a text, without cutting a pair of surrogates. */
export function clip(text: string, limit: number): string {
	const flat = text.replace(/\s+/g, " ").trim();
	if (flat.length <= limit) return flat;
	return `${flat.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** A horizontal line from `low` to `high`, dark on a white rim so that it is seen on any bar. */
export const whiskers = [
	{ color: "white", strokeWidth: 4 },
	{ color: ink.text, strokeWidth: 1.5 },
].map((look) => ({
	mark: { type: "rule", ...look },
	encoding: {
		x: { field: "low", type: "quantitative" },
		x2: { field: "high" },
	},
}));

/** The title of one panel among several. */
export function panelTitle(text: string): object {
	return {
		text,
		fontSize: 12,
		fontWeight: "normal",
		offset: 6,
		frame: "group",
	};
}
