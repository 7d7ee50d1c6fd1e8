import type { KSparseResult } from "../probe";
import { percent, several } from "../say";
import { checkKind, known } from "./check";
import { fewOf, settingsOf } from "./probe";
import { seriesColor, seriesShape } from "./series";
import { type Chart, chart, clip, ink, palette } from "./theme";

const series = [
	{ input: "latents", name: "SAE latents" },
	{ input: "activations", name: "activation channels" },
] as const;

const names = series.map(({ name }) => name);
const legend = { title: null, orient: "top", symbolOpacity: 1 };

interface Row {
	series: string;
	k?: number;
	accuracy: number | null;
	low: number | null;
	high: number | null;
}

/**
 * How many latents a probe needs: accuracy by the number of columns that it reads (those with the largest mean
 * difference), latents against raw activation channels, with 95 % intervals; dashed, the accuracy with all columns.
 */
export function kSparse(result: KSparseResult): Chart {
	checkKind("kSparse", result, "k-sparse", "kSparseProbe");
	const rows = series.flatMap(({ input, name }) =>
		result.points
			.filter((point) => point.input === input)
			.map(({ k, accuracy, interval }) => ({
				series: name,
				...(k !== undefined && { k }),
				accuracy: known(accuracy),
				low: known(interval[0]),
				high: known(interval[1]),
			})),
	);
	const some = rows.filter(({ k }) => k !== undefined && k > 0);
	if (!some.length)
		throw new Error(
			"charts.kSparse was given a result without points: call kSparseProbe with at least one k.",
		);
	const ks = [...new Set(some.map(({ k }) => k as number))].sort(
		(a, b) => a - b,
	);
	const y = {
		field: "accuracy",
		type: "quantitative",
		title: "accuracy on the test split, mean over classes",
		scale: { zero: false },
		axis: { format: ".0%", tickCount: 6 },
	};
	const { text, other } = titleOf(result, ks[0]);
	return chart({
		title: {
			text,
			subtitle: [
				`${other}mean over ${several(result.classes.length, "class", "classes")}, each against as many test ${result.unit}s of the others`,
				settingsOf([result]),
			],
		},
		width: 460,
		height: 280,
		encoding: {
			color: seriesColor("series", names, legend, [ink.main, palette[2]]),
		},
		layer: [
			...levels(
				rows.filter(({ k }) => k === undefined),
				y,
				ks,
			),
			...curves(some, y, ks),
		],
	});
}

function curves(values: Row[], y: object, ks: number[]): object[] {
	const x = {
		field: "k",
		type: "quantitative",
		title: "columns that the probe reads (k, log scale)",
		scale: { type: "log", nice: false, padding: 16 },
		axis: { values: ks, format: "d", grid: false },
	};
	return [
		{
			data: { values },
			mark: { type: "area", opacity: 0.18, tooltip: false },
			encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
		},
		{
			data: { values },
			mark: { type: "line", strokeWidth: 2 },
			encoding: { x, y },
		},
		{
			data: { values },
			mark: { type: "point", filled: true, size: 70, opacity: 1 },
			encoding: {
				x,
				y,
				shape: seriesShape("series", names, legend),
				tooltip: [
					{ field: "series", title: "reads" },
					{ field: "k" },
					{ field: "accuracy", format: ".2%" },
					{ field: "low", title: "from", format: ".2%" },
					{ field: "high", title: "to", format: ".2%" },
				],
			},
		},
	];
}

/** The accuracy with all columns, as a level line with its number at the right: the higher above it, the other below. */
function levels(values: Row[], y: object, ks: number[]): object[] {
	const most = values.reduce((a, b) => Math.max(a, b.accuracy ?? 0), 0);
	const line = {
		data: { values },
		mark: { type: "rule", strokeDash: [6, 4], strokeWidth: 1.5 },
		encoding: {
			y,
			tooltip: [
				{ field: "series", title: "reads all of" },
				{ field: "accuracy", format: ".2%" },
				{ field: "low", title: "from", format: ".2%" },
				{ field: "high", title: "to", format: ".2%" },
			],
		},
	};
	const ends = values.map((row) => ({
		data: {
			values: [
				{
					...row,
					k: ks[ks.length - 1],
					text: `all: ${percent(row.accuracy ?? Number.NaN)}`,
				},
			],
		},
		mark: {
			type: "text",
			align: "left",
			dx: 20,
			dy: row.accuracy === most ? -6 : 6,
			fontSize: 11,
		},
		encoding: {
			x: { field: "k", type: "quantitative", scale: { type: "log" } },
			y,
			text: { field: "text" },
		},
	}));
	return values.length ? [line, ...ends] : [];
}

/** At the smallest k. Each class has columns of its own, and is told from as many others: half is chance. */
function titleOf(result: KSparseResult, k: number) {
	const { label, points } = result;
	const at = (input: string) =>
		points.find((p) => p.input === input && p.k === k)?.accuracy;
	const [latents, channels] = [at("latents"), at("activations")];
	const name = `“${clip(label, 24)}”`;
	const columns = (of: string) =>
		`${k === 1 ? "one" : k} ${of}${k === 1 ? "" : "s"}`;
	if (latents === undefined)
		return { text: `How many columns a probe of ${name} needs`, other: "" };
	const few = fewOf(result);
	return {
		text: few
			? `${few} of ${name}: ${columns("latent")} a class right in ${percent(latents)} (chance 50%)`
			: `${k === 1 ? "One latent a class tells" : `${k} latents a class tell`} ${name} from as many others in ${percent(latents)} (chance 50%)`,
		other:
			channels === undefined
				? ""
				: `${columns("channel")} in ${percent(channels)}; `,
	};
}
