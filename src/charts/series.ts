import { type Color, palette, shapes } from "./theme";

/** The legend of a figure's series: their names are enough. */
export const series_legend = { title: null, symbolOpacity: 1 };

/**
 * The colour of each series. Where there are more series than colours these come again, and with the shapes, of which
 * there are fewer, each of 24 series has a look of its own.
 */
export function seriesColor(
	field: string,
	domain: (string | number)[],
	legend: object | null = series_legend,
	range: Color[] = palette,
): object {
	return { field, type: "nominal", scale: { domain, range }, legend };
}

/** The shape of each series' points. */
export function seriesShape(
	field: string,
	domain: (string | number)[],
	legend: object | null = series_legend,
): object {
	const range = domain.length > 1 ? shapes : shapes.slice(0, 1);
	return { field, type: "nominal", scale: { domain, range }, legend };
}

/** For views that stand together, of which one only has the legend: without this Vega-Lite warns of two minds. */
export const own_legends = {
	scale: { color: "independent", shape: "independent" },
	legend: { color: "independent", shape: "independent" },
};
