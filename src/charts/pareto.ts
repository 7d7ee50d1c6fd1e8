import { readable, winner } from "../say";
import { extent } from "./labels";
import { type Chart, chart, clip, palette, shapes } from "./theme";

/** One autoencoder: what it is called in the legend, how sparse it is, and how good. */
export interface ParetoPoint {
	/** Names its line, e.g. "topk". */
	architecture: string;
	/** Sparsity as it was asked for, e.g. 16 for k or 2 for λ: points of one architecture with the same are seeds of one another. */
	sparsity: number;
	/** Mean number of latents that fire on a token. */
	l0: number;
	explained_variance: number;
	ce_loss_score: number;
}

const metrics = {
	explained_variance: "explained variance",
	ce_loss_score: "CE loss score",
};

export interface ParetoOptions {
	/** What is drawn against L0; default: both, side by side. */
	metric?: keyof typeof metrics;
	/** The finding; default: which architecture is best in the middle. */
	title?: string;
	subtitle?: string;
}

/**
 * What sparsity costs: L0 (log scale) against explained variance and CE loss score, one line an architecture through the
 * means over seeds, each seed a small point, bars from the lowest to the highest seed. Higher at the same L0 is better.
 */
export function pareto(
	points: ParetoPoint[],
	options: ParetoOptions = {},
): Chart {
	if (!points.length)
		throw new Error(
			"There are no points: give one for each autoencoder, with its architecture, sparsity, l0 and metrics.",
		);
	const { metric, title, subtitle } = options;
	const names = [...new Set(points.map(({ architecture }) => architecture))];
	const shown = metric ? [metric] : (Object.keys(metrics) as Metric[]);
	return chart({
		title: {
			text: title ?? best(points, shown[0], names),
			subtitle:
				subtitle ??
				"active latents per token against what is kept; lines through means over seeds, bars from lowest to highest",
		},
		spacing: 34,
		hconcat: shown.map((one) => panel(points, one, names, shown.length)),
	});
}

/**
 * Which architecture is best in the middle of the range of L0 that all of them reach: none where the range of its seeds
 * meets another's, or where there is no other.
 */
function best(points: ParetoPoint[], metric: Metric, names: string[]): string {
	const means = meansOf(seedsOf(points, metric));
	const curves = names
		.map((name) => ({
			name: clip(name, 30),
			points: means
				.filter(({ architecture }) => architecture === name)
				.sort((a, b) => a.l0 - b.l0),
		}))
		.filter((curve) => curve.points.length);
	const from = Math.max(...curves.map(({ points: [first] }) => first.l0));
	const to = Math.min(
		...curves.map(({ points }) => points[points.length - 1].l0),
	);
	const what = metrics[metric];
	if (!curves.length || from > to) return `What sparsity costs in ${what}`;
	const l0 = Math.sqrt(from * to);
	const found = curves.map(({ name, points }) => {
		const at = (field: "value" | "low" | "high") => valueAt(points, l0, field);
		const interval = [at("low"), at("high")] as const;
		return { name, value: at("value"), interval };
	});
	const at = `At L0 ${readable(l0)}`;
	const top = winner(found, (one) => one);
	const seeds = means.every((mean) => mean.seeds === 1)
		? " (one seed each)"
		: "";
	if (top)
		return `${at}, ${top.name} has the highest ${what}: ${readable(top.value)}${seeds}`;
	if (found.length === 1)
		return `${at}, ${found[0].name} has ${what} ${readable(found[0].value)}`;
	const [low, high] = extent(found.map(({ value }) => value)).map(readable);
	return `${at}: ${what} ${low} to ${high}, none above all others in every seed`;
}

/** Between two points of a curve, on the line that is drawn: straight in the logarithm of L0. */
function valueAt(
	curve: Mean[],
	l0: number,
	field: "value" | "low" | "high",
): number {
	const after = Math.max(
		1,
		curve.findIndex((point) => point.l0 >= l0),
	);
	const [a, b] = [curve[after - 1], curve[after] ?? curve[after - 1]];
	if (a.l0 === b.l0) return a[field];
	const share = Math.log(l0 / a.l0) / Math.log(b.l0 / a.l0);
	return a[field] + share * (b[field] - a[field]);
}

type Metric = keyof typeof metrics;

function panel(
	points: ParetoPoint[],
	metric: Metric,
	names: string[],
	panels: number,
): object {
	const seeds = seedsOf(points, metric);
	const means = meansOf(seeds);
	return {
		width: panels > 1 ? 320 : 480,
		height: 280,
		data: { values: means },
		encoding: {
			x: {
				field: "l0",
				type: "quantitative",
				title: "L0: active latents per token (log scale)",
				scale: { type: "log", base: 2, nice: false, padding: 14 },
				axis: { values: powers(seeds.map(({ l0 }) => l0)), format: "~g" },
			},
			y: {
				field: "value",
				type: "quantitative",
				title: metrics[metric],
				scale: { zero: false },
				axis: { format: "~g", tickCount: 6 },
			},
			color: {
				field: "architecture",
				type: "nominal",
				scale: { domain: names, range: palette.slice(0, names.length) },
				legend: { title: null, symbolOpacity: 1 },
			},
		},
		layer: [
			{ mark: { type: "line", strokeWidth: 1.5 } },
			{
				mark: { type: "rule", strokeWidth: 1.5 },
				encoding: { y: { field: "low" }, y2: { field: "high" } },
			},
			{
				data: { values: seeds },
				mark: { type: "point", filled: true, size: 12, opacity: 0.45 },
			},
			{
				mark: { type: "point", filled: true, size: 70, opacity: 1 },
				encoding: {
					shape: {
						field: "architecture",
						type: "nominal",
						scale: { domain: names, range: shapes.slice(0, names.length) },
						legend: { title: null, symbolOpacity: 1 },
					},
					tooltip: [
						{ field: "architecture" },
						{ field: "sparsity", title: "k or coefficient" },
						{ field: "l0", title: "L0", format: ".2f" },
						{ field: "value", title: metrics[metric], format: ".4f" },
						{ field: "seeds" },
					],
				},
			},
		],
	};
}

interface Seed {
	architecture: string;
	sparsity: number;
	l0: number;
	value: number;
}

/** Those that can be drawn: without a score, or with no latent at all, there is no place. */
function seedsOf(points: ParetoPoint[], metric: Metric): Seed[] {
	return points
		.map(({ architecture, sparsity, l0, [metric]: value }) => ({
			architecture,
			sparsity,
			l0,
			value,
		}))
		.filter(({ l0, value }) => l0 > 0 && Number.isFinite(l0 + value));
}

type Mean = ReturnType<typeof meansOf>[number];

/** One point for each architecture and sparsity. */
function meansOf(seeds: Seed[]) {
	const groups = new Map<string, Seed[]>();
	for (const seed of seeds) {
		const key = JSON.stringify([seed.architecture, seed.sparsity]);
		groups.set(key, [...(groups.get(key) ?? []), seed]);
	}
	const mean = (list: number[]) =>
		list.reduce((a, b) => a + b, 0) / list.length;
	return [...groups.values()].map((group) => {
		const values = group.map(({ value }) => value);
		return {
			architecture: group[0].architecture,
			sparsity: group[0].sparsity,
			l0: mean(group.map(({ l0 }) => l0)),
			value: mean(values),
			low: Math.min(...values),
			high: Math.max(...values),
			seeds: group.length,
		};
	});
}

/** The powers of two in and around a range. */
function powers(values: number[]): number[] {
	if (!values.length) return [];
	const from = Math.floor(Math.log2(Math.min(...values)));
	const to = Math.ceil(Math.log2(Math.max(...values)));
	return Array.from({ length: to - from + 1 }, (_, i) => 2 ** (from + i));
}
