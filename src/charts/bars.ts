import { count, readable, winner } from "../say";
import { type Chart, chart, clip, numbers, palette } from "./theme";

/** Bars drawn at most. */
const most = 60;

/** One bar. */
export interface Bar {
	/** What it is of; bars of one name stand together. */
	name: string;
	value: number;
	/** Which of several bars of a name it is: its colour. Default: all the same. */
	series?: string;
}

/**
 * A few numbers side by side as bars, in the order given, each with its number at the end; grouped by name and coloured
 * by series where there are several. At most 60 bars are drawn.
 *
 * `value`: what is on the axis, with its unit. `title`: what is seen; default: which is the largest. `format`: of the numbers, as in d3; default: ".3~g".
 */
export function bars(
	rows: Bar[],
	options: { value: string; title?: string; format?: string },
): Chart {
	if (!rows.length)
		throw new Error("charts.bars was given no bars: give it at least one.");
	const { value, title, format = ".3~g" } = options;
	const drawn = rows.slice(0, most);
	const values = drawn.map((row) => ({
		name: clip(row.name, 40),
		series: clip(row.series ?? "", 40),
		value: Number.isFinite(row.value) ? row.value : null,
	}));
	const names = [...new Set(values.map(({ name }) => name))];
	const series = [...new Set(values.map((v) => v.series))];
	const domain = domainOf(drawn.map((row) => row.value));
	const x = { field: "value", type: "quantitative" };
	return chart({
		title: {
			text: title ?? largest(drawn, value),
			...(drawn.length < rows.length && {
				subtitle: `the first ${most} of ${count(rows.length)} bars`,
			}),
		},
		data: { values },
		width: 440,
		height: { step: series.length > 1 ? 17 : 24 },
		encoding: {
			y: { field: "name", type: "nominal", sort: names, title: null },
			yOffset: { field: "series", sort: series },
			x: {
				...x,
				title: value,
				scale: { domain, nice: true },
				axis: { tickCount: 6 },
			},
		},
		layer: [
			{
				mark: { type: "bar", opacity: 1 },
				encoding: {
					color: {
						field: "series",
						type: "nominal",
						scale: { domain: series, range: palette.slice(0, series.length) },
						legend:
							series.length > 1 ? { title: null, orient: "bottom" } : null,
					},
				},
			},
			...numbers("value", format),
		],
	});
}

function largest(rows: Bar[], value: string): string {
	const known = rows.filter((row) => Number.isFinite(row.value));
	const what = clip(value, 40);
	const nameOf = ({ name, series }: Bar) =>
		clip([name, series].filter(Boolean).join(", "), 40);
	if (!known.length) return `No number is known: ${what}`;
	const among =
		known.length < rows.length ? ` of ${known.length} that are known` : "";
	const found = winner(known, (row) => row);
	if (found)
		return `${nameOf(found)} is largest${among}: ${readable(found.value)} ${what}`;
	const top = Math.max(...known.map((row) => row.value));
	const alike = known.filter((row) => row.value === top);
	return alike.length === 1
		? `${nameOf(alike[0])}: ${readable(top)} ${what}`
		: `${alike.length} of ${rows.length} are equally large: ${readable(top)} ${what}`;
}

/** From zero on, with room for the numbers. */
function domainOf(values: number[]): [number, number] {
	const known = values.filter(Number.isFinite);
	const low = known.reduce((a, b) => Math.min(a, b), 0);
	const high = known.reduce((a, b) => Math.max(a, b), 0);
	const room = 0.12 * (high - low || 1);
	return [low < 0 ? low - room : 0, high > 0 ? high + room : 0];
}
