import type { TopLevelSpec } from "vega-lite";

/** A figure as Vega-Lite 5 understands it: plain data, ready for `show` or a file. */
export type Chart = TopLevelSpec & { $schema: string };

/** A colour that follows the paper, as an expression of Vega's. */
export interface Color {
	expr: string;
}

/**
 * One colour for light paper and one for dark. A chart's background is white, and JupyterLab makes it dark where its own
 * theme is; all other colours follow from it, so that one output suits both.
 */
function either(light: string, dark: string): Color {
	return { expr: `luminance(background) < 0.2 ? '${dark}' : '${light}'` };
}

/** Okabe and Ito's colours, which people with any colour vision tell apart (without the pale yellow), and two more. */
export const palette = [
	either("#0072b2", "#3186d1"),
	either("#e69f00", "#e69f00"),
	either("#009e73", "#1fbf92"),
	either("#cc79a7", "#e092bd"),
	either("#d55e00", "#e5652a"),
	either("#56b4e9", "#8fd3ff"),
	either("#7a5195", "#b08bd0"),
	either("#666666", "#aaaaaa"),
];

/** The colours of what a figure is about and what it is compared with, of letters, and of what is behind them. */
export const ink = {
	main: palette[0],
	accent: palette[4],
	quiet: either("#b5bcc4", "#8b949e"),
	text: either("#24292f", "#f0f3f6"),
	faint: either("#57606a", "#b9c1c9"),
	grid: either("#e7eaee", "#4d5359"),
	axis: either("#8c959f", "#9aa3ac"),
	paper: { expr: "background" },
};

/** From nothing to all, for areas; white letters can be read on the deep half, those of `ink.text` on the other. */
export const heat = [either("#f0f4f9", "#42484e"), ink.main];

/** Letters on pale areas, which stay pale on dark paper. */
export const on_pale = "#24292f";

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
	padding: 12,
	view: { stroke: null },
	text: { color: ink.text },
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
		gridColor: ink.grid,
		domainColor: ink.axis,
		tickColor: ink.axis,
		titlePadding: 8,
		labelLimit: 220,
		maxExtent: 260, // the axis's name stands beside the longest labels
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

/** Adds what every figure shares: the schema, the font, sizes, colours for light and dark paper, quiet grid lines. */
export function chart(spec: object): Chart {
	return {
		$schema: "https://vega.github.io/schema/vega-lite/v5.json",
		config,
		...spec,
	} as Chart;
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

/**
 * The first `limit` characters of each text; of those that would then be the same the middle is left out, and what is
 * still the same is numbered.
 */
export function clipAll(texts: readonly string[], limit: number): string[] {
	const names = new Map<string, string>();
	const taken = new Set<string>();
	for (const text of new Set(texts)) {
		const tries = [
			clip(text, limit),
			clipMiddle(text, limit),
			`${clip(text, limit - 5)} (${names.size + 1})`,
		];
		const name = tries.find((short) => !taken.has(short)) ?? tries[2];
		names.set(text, name);
		taken.add(name);
	}
	return texts.map((text) => names.get(text) ?? "");
}

/** The beginning and the end of a text. */
function clipMiddle(text: string, limit: number): string {
	const flat = text.replace(/\s+/g, " ").trim();
	if (flat.length <= limit) return flat;
	const tail = flat
		.slice(-Math.floor(limit / 2))
		.replace(/^[\udc00-\udfff]/, "");
	return `${clip(flat, limit - tail.length)}${tail}`;
}

/** A sentence in lines of at most `limit` characters, where words allow it. */
export function wrap(text: string, limit: number): string[] {
	const lines = [""];
	for (const word of text.split(" ")) {
		const last = lines[lines.length - 1];
		if (last && last.length + word.length >= limit) lines.push(word);
		else lines[lines.length - 1] = last ? `${last} ${word}` : word;
	}
	return lines;
}

/**
 * Numbers behind the ends of horizontal bars, on the left of those below `left_below`. `field` is what the bars show,
 * `format` as in d3.
 */
export function numbers(
	field: string,
	format: string,
	left_below = 0,
): object[] {
	return [
		{ filter: `datum.${field} >= ${left_below}`, align: "left", dx: 5 },
		{ filter: `datum.${field} < ${left_below}`, align: "right", dx: -5 },
	].map(({ filter, align, dx }) => ({
		transform: [{ filter }],
		mark: { type: "text", align, dx, fontSize: 11 },
		encoding: { text: { field, type: "quantitative", format } },
	}));
}

/** A horizontal line from `low` to `high`, on a rim of paper so that it is seen on any bar. */
export const whiskers = [
	{ color: ink.paper, strokeWidth: 4 },
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
