import { type Chart, chart, clip, palette, readable, shapes } from "./theme";

/** One point of a line over layers. */
export interface LayerRow {
	layer: number;
	/** What the line is, e.g. "sentiment". */
	series: string;
	value: number;
	/** A 95 % interval, where there is one. */
	interval?: [number, number];
}

/**
 * Lines over layers, one for each series, such as a probe's accuracy or an autoencoder's explained variance; a band where
 * there are intervals.
 *
 * `value`: what is on the vertical axis ("accuracy on the test split" by default). `layer`: what is on the other one
 * ("layer" by default). Give both with their units. `title`: what is seen; default: where the lines are highest.
 */
export function layers(
	rows: LayerRow[],
	options: { value?: string; layer?: string; title?: string } = {},
): Chart {
	if (!rows.length)
		throw new Error("charts.layers was given no rows: give it at least one.");
	const values = rows
		.slice(0, 2000)
		.map(({ layer, series, value, interval }) => ({
			layer,
			series: clip(series, 40),
			value,
			...(interval && { low: interval[0], high: interval[1] }),
		}));
	const series = [...new Set(values.map((v) => v.series))];
	const numbers = [...new Set(values.map((v) => v.layer))].sort(
		(a, b) => a - b,
	);
	const shares = rows.every((r) => r.value >= 0 && r.value <= 1);
	const y = {
		type: "quantitative",
		title: options.value ?? "accuracy on the test split",
	};
	const scale = shares ? { domain: [0, 1] } : { zero: false };
	return chart({
		title: { text: options.title ?? peaks(rows, options.layer) },
		data: { values },
		width: 480,
		height: 280,
		encoding: {
			x: {
				field: "layer",
				type: "quantitative",
				title: options.layer ?? "layer",
				scale: { nice: false, padding: 12 },
				axis: { values: numbers, format: "d", grid: false },
			},
			color: {
				field: "series",
				type: "nominal",
				scale:
					series.length > palette.length
						? { domain: series, scheme: "tableau20" }
						: { domain: series, range: palette },
				legend: { title: null, symbolOpacity: 1 },
			},
		},
		layer: [
			{
				mark: { type: "area", opacity: 0.18, tooltip: false },
				transform: [{ filter: "isValid(datum.low)" }],
				encoding: { y: { ...y, field: "low", scale }, y2: { field: "high" } },
			},
			{
				mark: { type: "line", strokeWidth: 2 },
				encoding: { y: { ...y, field: "value", scale } },
			},
			{
				mark: { type: "point", filled: true, size: 60, opacity: 1 },
				encoding: {
					y: { ...y, field: "value", scale },
					shape: {
						field: "series",
						type: "nominal",
						scale: { domain: series, range: shapes },
						legend: { title: null, symbolOpacity: 1 },
					},
					tooltip: [
						{ field: "series" },
						{ field: "layer" },
						{ field: "value", format: ".4~g" },
						{ field: "low", title: "from", format: ".4~g" },
						{ field: "high", title: "to", format: ".4~g" },
					],
				},
			},
		],
	});
}

/** Where each of the first three lines is highest. */
function peaks(rows: LayerRow[], layer = "layer"): string {
	const best = new Map<string, LayerRow>();
	for (const row of rows) {
		const before = best.get(row.series);
		if (!before || row.value > before.value) best.set(row.series, row);
	}
	return [...best.values()]
		.slice(0, 3)
		.map(
			(row, i) =>
				`${clip(row.series, 30)} ${i === 0 ? "is highest " : ""}at ${clip(layer, 20)} ${row.layer} (${readable(row.value)})`,
		)
		.join(", ");
}
