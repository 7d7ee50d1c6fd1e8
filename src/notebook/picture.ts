import { type RenderedImage, Resvg } from "@resvg/resvg-js";
import sharp from "sharp";
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

const fonts = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) =>
	require.resolve(`dejavu-fonts-ttf/ttf/${file}`),
);

/** A picture of a chart. */
export interface Picture {
	png: Buffer;
	/** The size to show it at, in CSS pixels; the picture itself has twice as many. */
	width: number;
	height: number;
}

/**
 * Checks a Vega-Lite spec and makes it ready to draw. Throws where it is no valid spec, or where its data lie elsewhere:
 * nothing is ever fetched to draw a chart.
 */
export function prepareChart(spec: TopLevelSpec): vega.Spec {
	const compiled = compiledFrom(spec);
	const elsewhere = compiled.data?.find((d) => "url" in d);
	if (elsewhere && "url" in elsewhere)
		throw new Error(
			`The chart takes its data from ${JSON.stringify(elsewhere.url)}: put them into the spec as data.values, since a notebook must show its figures without fetching anything.`,
		);
	return compiled;
}

function compiledFrom(spec: TopLevelSpec): vega.Spec {
	try {
		return compile(spec).spec;
	} catch (error) {
		throw new Error(
			`The chart is no valid Vega-Lite 5: ${error instanceof Error ? error.message : error} Check its marks, encodings and types.`,
		);
	}
}

/** Draws a chart as PNG, with a font that comes with the project: a bare machine has none. */
export async function drawChart(spec: vega.Spec): Promise<Picture> {
	measureText();
	const view = new vega.View(vega.parse(spec), { renderer: "none" });
	const svg = await view.toSVG();
	view.finalize();
	const image = new Resvg(svg, {
		fitTo: { mode: "zoom", value: 2 },
		background: "white",
		font: {
			fontFiles: fonts,
			loadSystemFonts: false,
			defaultFontFamily: "DejaVu Sans",
			sansSerifFamily: "DejaVu Sans",
			serifFamily: "DejaVu Sans",
			monospaceFamily: "DejaVu Sans",
		},
	}).render();
	return {
		png: await toPng(image),
		width: Math.round(image.width / 2),
		height: Math.round(image.height / 2),
	};
}

/**
 * As a PNG of at most 256 colours, which is a third as large: without dithering, so that areas stay even and letters clean.
 */
function toPng({ pixels, width, height }: RenderedImage): Promise<Buffer> {
	return sharp(pixels, { raw: { width, height, channels: 4 } })
		.removeAlpha()
		.png({ palette: true, dither: 0, effort: 1, compressionLevel: 9 })
		.toBuffer();
}

/** Vega takes every letter to be 0.8 em wide where there is no canvas: here as wide as they are in DejaVu Sans, roughly. */
function measureText(): void {
	const metrics = (vega as unknown as { textMetrics: TextMetrics }).textMetrics;
	metrics.width = (item, text) => {
		const bold = item.fontWeight === "bold" || Number(item.fontWeight) >= 600;
		const ems = [...String(text)].reduce((sum, c) => sum + emsOf(c), 0);
		return ems * (item.fontSize ?? 11) * (bold ? 1.15 : 1);
	};
}

function emsOf(letter: string): number {
	if ("ijl'|".includes(letter)) return 0.28;
	if ("fI .,:;!/".includes(letter)) return 0.33;
	if ("rt()[]{}-“”".includes(letter)) return 0.42;
	if ("mwMW%@=+−<>…".includes(letter)) return 0.87;
	if (letter >= "A" && letter <= "Z") return 0.69;
	return letter < "\u2e80" ? 0.62 : 1;
}

interface TextMetrics {
	width(
		item: { fontSize?: number; fontWeight?: string | number },
		text: unknown,
	): number;
}
