import { FEW_UNITS, type SplitRecord } from "../dataset";
import { count, percent, readable, several, winner } from "../say";
import { known } from "./check";
import { extent } from "./labels";
import { seriesColor, seriesShape } from "./series";
import { type Chart, chart, clip, clipAll } from "./theme";

/** One point of a line over layers: a row of `probeLayers`, or of your own. */
export interface LayerRow {
	layer: number;
	/** What the line is, e.g. "sentiment". */
	series: string;
	value: number;
	/** A 95 % interval, where there is one. */
	interval?: [number, number];
	/** Where a series has several hooks in a layer, each has a line of its own. */
	hook_name?: string;
	/** What always naming the most frequent class would reach. */
	majority?: number;
	/** How the sentences were split. */
	split?: SplitRecord;
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
	const lines = byHook(rows);
	const names = clipAll(
		lines.map(({ series }) => series),
		40,
	);
	const values = lines.slice(0, 2000).map(({ layer, value, interval }, i) => ({
		layer,
		series: names[i],
		value: known(value),
		...(interval && { low: known(interval[0]), high: known(interval[1]) }),
	}));
	const cut =
		values.length < lines.length
			? `the first ${count(values.length)} of ${count(lines.length)} points are drawn`
			: "";
	const said = [testsOf(rows), chanceOf(rows), cut].filter(Boolean);
	const series = [...new Set(values.map((v) => v.series))];
	const numbers = [...new Set(values.map((v) => v.layer))].sort(
		(a, b) => a - b,
	);
	const shares = values.every(
		({ value }) => !((value ?? 0) < 0 || (value ?? 0) > 1),
	);
	const y = {
		type: "quantitative",
		title: options.value ?? "accuracy on the test split",
	};
	const scale = shares ? { domain: [0, 1] } : { zero: false };
	return chart({
		title: {
			text: options.title ?? peaks(lines, options.layer),
			...(said.length && { subtitle: said }),
		},
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
			color: seriesColor("series", series),
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
					shape: seriesShape("series", series),
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

/** The rows under "series · hook" where a series has several kinds of hooks ("blocks.3.hook_resid_mid": "resid_mid"). */
function byHook(rows: LayerRow[]): LayerRow[] {
	const kindOf = ({ hook_name = "" }: LayerRow) =>
		hook_name.replace(/^blocks\.\d+\./, "").replace("hook_", "");
	const kinds = new Set(rows.map(kindOf));
	if (kinds.size < 2) return rows;
	return rows.map((row) => ({
		...row,
		series: `${clip(row.series, 20)} · ${kindOf(row)}`,
	}));
}

/** Where each line is highest, or of more than three the one that is highest of all; none where it is not so for sure. */
function peaks(rows: LayerRow[], layer = "layer"): string {
	const series = [...new Set(rows.map((row) => row.series))];
	const known = rows.filter((row) => Number.isFinite(row.value));
	const say = (row: LayerRow, is: string) =>
		`${clip(row.series, 36)} ${is}at ${clip(layer, 20)} ${row.layer} (${readable(row.value)})`;
	if (series.length > 3) {
		const top = winner(known, (row) => row);
		return top
			? say(top, `is highest of ${series.length} lines, `)
			: `${series.length} lines: ${rangeOf(known)}; none is highest for sure`;
	}
	const found = series.map((name) => {
		const own = known.filter((row) => row.series === name);
		return { name: clip(name, 36), own, top: winner(own, (row) => row) };
	});
	const tops = found.flatMap(({ top }) => top ?? []);
	const others = found.filter(({ top }) => !top);
	const ranges = others.map(({ name, own }) => `${name} ${rangeOf(own)}`);
	if (others.some(({ own }) => own.length > 1))
		ranges.push("without a sure peak");
	return [
		tops.map((row, i) => say(row, i ? "" : "is highest ")).join(", "),
		ranges.join(", "),
	]
		.filter(Boolean)
		.join("; ");
}

/** On how many sentences the rows of `probeLayers` were measured. */
function testsOf(rows: LayerRow[]): string {
	const splits = rows.flatMap(({ split }) => split ?? []);
	if (!splits.length) return "";
	const [least, most] = extent(splits.map(({ sentences }) => sentences.test));
	const fewest = Math.min(...splits.map(({ units }) => units.test));
	const n = several(most, "test sentence");
	const of = least === most ? n : `${count(least)} to ${n}`;
	return `measured on ${of}${fewest < FEW_UNITS ? `, ${several(fewest, "different one")}${least === most ? "" : " at least"}: too few to compare by` : ""}`;
}

/** What is reached without reading anything. */
function chanceOf(rows: LayerRow[]): string {
	const by = new Map<string, number>();
	for (const { series, majority } of rows)
		if (majority !== undefined) by.set(series, majority);
	if (!by.size) return "";
	const each = [...by]
		.slice(0, 3)
		.map(([name, share]) =>
			by.size > 1 ? `${clip(name, 20)} ${percent(share)}` : percent(share),
		);
	const more = by.size > 3 ? `, and ${by.size - 3} more` : "";
	return `always the most frequent class: ${each.join(", ")}${more}`;
}

function rangeOf(rows: LayerRow[]): string {
	if (!rows.length) return "is not known";
	const [low, high] = extent(rows.map((row) => row.value)).map(readable);
	return low === high ? low : `${low} to ${high}`;
}
