import { several } from "../say";
import { type Chart, chart, clip, ink, palette, panelTitle } from "./theme";

/** One direction in a plane, drawn as a line from the origin. */
export interface Direction {
	x: number;
	y: number;
	/** Its name, written at its end and coloured the same in all panels. */
	name: string;
	/** The panel it is in; default: all are in one. */
	panel?: string;
}

/** Where a panel has more directions than this, none has its name: they are in the tooltips. */
const most_names = 24;

/** Shorter than this share of the longest, a direction goes without its name: many of them lie on one another. */
const named_from = 0.15;

/**
 * Directions in two dimensions, such as the columns that a small model has learned: one panel for each `panel`, in the
 * order of the rows, all with the same scale. At most 2,000 are drawn.
 *
 * `title`, `subtitle`: what is seen. `x`, `y`: what is on the axes; default: "first dimension" and "second dimension".
 */
export function directions(
	rows: Direction[],
	options: { title?: string; subtitle?: string; x?: string; y?: string } = {},
): Chart {
	if (!rows.length)
		throw new Error(
			"charts.directions was given no directions: give it at least one.",
		);
	const known = rows.filter(({ x, y }) => Number.isFinite(x + y));
	const drawn = known.slice(0, 2000);
	const lengths = drawn.map(({ x, y }) => Math.hypot(x, y));
	const longest = lengths.reduce((a, b) => Math.max(a, b), 0);
	const panels = [...new Set(drawn.map((row) => row.panel))];
	const names = [...new Set(drawn.map((row) => clip(row.name, 20)))];
	const crowded = drawn.length / panels.length > most_names;
	const values = drawn.map(({ x, y, name }, i) => ({
		x: round(x),
		y: round(y),
		name: clip(name, 20),
		label: crowded || lengths[i] < named_from * longest ? "" : clip(name, 20),
		...place(x, y, 1.17 * longest, lengths[i]),
	}));
	const edge = 1.3 * longest || 1;
	const { x = "first dimension", y = "second dimension" } = options;
	const axis = (field: string, title: string) => ({
		field,
		type: "quantitative",
		scale: { domain: [-edge, edge], nice: false },
		title,
		axis: { tickCount: 3, grid: false },
	});
	const side = panels.length > 1 ? 200 : 320;
	const color = {
		field: "name",
		type: "nominal",
		scale: {
			domain: names,
			...(names.length > palette.length
				? { scheme: "tableau20" }
				: { range: palette }),
		},
		legend: null,
	};
	const tooltip = [
		{ field: "name" },
		{ field: "x", format: ".3f" },
		{ field: "y", format: ".3f" },
	];
	const layer = [
		{ mark: { type: "rule", color: ink.grid }, encoding: { x: zero } },
		{ mark: { type: "rule", color: ink.grid }, encoding: { y: zero } },
		{
			mark: { type: "rule", strokeWidth: 2.5 },
			encoding: { x: axis("x", x), y: axis("y", y), x2: zero, y2: zero, color },
		},
		{
			mark: { type: "circle", size: 70, opacity: 1 },
			encoding: { x: axis("x", x), y: axis("y", y), color, tooltip },
		},
		{
			mark: { type: "text", fontSize: 12, color: ink.text },
			encoding: {
				x: axis("label_x", x),
				y: axis("label_y", y),
				text: { field: "label" },
			},
		},
	];
	const { title, subtitle } = options;
	return chart({
		title: {
			text: title ?? titleOf(drawn, panels),
			...(subtitle && { subtitle }),
		},
		spacing: { column: 26, row: 26 },
		columns: 3,
		concat: panels.map((panel) => ({
			...(panel !== undefined && { title: panelTitle(clip(panel, 40)) }),
			width: side,
			height: side,
			data: { values: values.filter((_, i) => drawn[i].panel === panel) },
			layer,
		})),
	});
}

function titleOf(rows: Direction[], panels: (string | undefined)[]): string {
	const sizes = panels.map(
		(panel) => rows.filter((row) => row.panel === panel).length,
	);
	if (panels.length < 2)
		return `${several(rows.length, "direction")} in two dimensions`;
	return sizes.every((size) => size === sizes[0])
		? `${several(sizes[0], "direction")} in each of ${panels.length} panels of two dimensions`
		: `${several(rows.length, "direction")} in ${panels.length} panels of two dimensions`;
}

const zero = { datum: 0, type: "quantitative" };

/** Where the name goes: behind the end of the line. */
function place(x: number, y: number, most: number, length: number): object {
	const by = length ? Math.min(most / length, 1.17) : 1;
	return { label_x: round(by * x), label_y: round(by * y) };
}

function round(x: number): number {
	return Number(x.toFixed(4));
}
