import type { ClusterCounts } from "../cluster";
import { several } from "../say";
import { checkKind, known } from "./check";
import { type Chart, chart, clip, ink, panelTitle, thin, wrap } from "./theme";

type Row = ClusterCounts["rows"][number];

/** One criterion: its value, the range around it, and the k that it alone would choose. */
interface Panel {
	title: string;
	value: (row: Row) => number;
	low?: (row: Row) => number;
	high?: (row: Row) => number;
	/** A second, dashed line. */
	other?: (row: Row) => number | undefined;
	choice?: "gap" | "silhouette" | "stability";
	format: string;
}

const panels: Panel[] = [
	{
		title: "gap statistic (± standard error)",
		value: (row) => row.gap,
		low: (row) => row.gap - row.gap_error,
		high: (row) => row.gap + row.gap_error,
		choice: "gap",
		format: ".3~f",
	},
	{
		title: "silhouette",
		value: (row) => row.silhouette,
		choice: "silhouette",
		format: ".3~f",
	},
	{
		title: "stability and its range; dashed: weakest",
		value: (row) => row.stability,
		low: (row) => row.stability_range[0],
		high: (row) => row.stability_range[1],
		other: (row) => row.weakest,
		choice: "stability",
		format: ".2~f",
	},
	{
		title: "inertia (look for the elbow)",
		value: (row) => row.inertia,
		format: "~s",
	},
];

/**
 * How many clusters: four panels over k, with the gap statistic and its standard error, the silhouette, the stability
 * (mean adjusted Rand index between fits to resampled sentences, its range, and dashed the mean Jaccard index of the
 * weakest cluster: below 0.6 it is not to be trusted) and the inertia. A ring marks what a
 * criterion alone would choose, the vertical line the recommendation; its reason is in the subtitle.
 */
export function howMany(counts: ClusterCounts): Chart {
	checkKind("howMany", counts, "cluster-counts", "howManyClusters");
	if (!counts.rows.length)
		throw new Error(
			"charts.howMany was given no numbers of clusters: call howManyClusters with at least one k.",
		);
	const rows = [...counts.rows].sort((a, b) => a.k - b.k);
	const cut = counts.stopped ? ` (${counts.stopped}: so far)` : "";
	return chart({
		title: {
			text: titleOf(counts, rows, cut),
			subtitle: [
				...wrap(clip(counts.reason, 300), 105),
				`${several(counts.n_sentences, "sentence")}, ${counts.source} of ${counts.hook_name}, ${several(counts.repeats, "resample")} for each k`,
			],
		},
		columns: 2,
		spacing: { row: 24, column: 30 },
		concat: panels.map((panel) => draw(panel, rows, counts)),
	});
}

function draw(panel: Panel, rows: Row[], counts: ClusterCounts): object {
	const values = rows.map((row) => ({
		k: row.k,
		value: known(panel.value(row)),
		...(panel.low && { low: known(panel.low(row)) }),
		...(panel.high && { high: known(panel.high(row)) }),
		...(panel.other && { other: known(panel.other(row)) }),
	}));
	const choice = panel.choice && choicesOf(counts)[panel.choice];
	const y = {
		field: "value",
		type: "quantitative",
		title: null,
		scale: { zero: false },
		axis: { tickCount: 5, format: panel.format },
	};
	const x = xOf(rows.map(({ k }) => k));
	return {
		title: panelTitle(panel.title),
		width: 270,
		height: 140,
		data: { values },
		encoding: { x },
		layer: [
			{
				data: { values: [{ k: counts.recommended }] },
				mark: { type: "rule", color: ink.accent, strokeWidth: 2 },
			},
			...(panel.low
				? [
						{
							mark: {
								type: "area",
								color: ink.main,
								opacity: 0.18,
								tooltip: false,
							},
							encoding: { y: { ...y, field: "low" }, y2: { field: "high" } },
						},
					]
				: []),
			{
				mark: { type: "line", color: ink.main, strokeWidth: 2 },
				encoding: { y },
			},
			...(panel.other
				? [
						{
							mark: {
								type: "line",
								color: ink.faint,
								strokeWidth: 1.5,
								strokeDash: [5, 3],
							},
							encoding: { y: { ...y, field: "other" } },
						},
					]
				: []),
			{
				mark: {
					type: "point",
					filled: true,
					color: ink.main,
					size: 45,
					opacity: 1,
				},
				encoding: {
					y,
					tooltip: [
						{ field: "k" },
						{ field: "value", title: panel.title, format: ".4~g" },
						{ field: "low", title: "from", format: ".4~g" },
						{ field: "high", title: "to", format: ".4~g" },
						{ field: "other", title: "weakest cluster", format: ".4~g" },
					],
				},
			},
			{
				transform: [{ filter: `datum.k === ${Number(choice ?? -1)}` }],
				mark: {
					type: "point",
					shape: "circle",
					filled: false,
					color: ink.text,
					size: 170,
					strokeWidth: 2,
					opacity: 1,
				},
				encoding: { y },
			},
		],
	};
}

/** Over a wide range of k the axis is logarithmic. */
function xOf(ks: number[]): object {
	const log = ks[ks.length - 1] / ks[0] > 12;
	return {
		field: "k",
		type: "quantitative",
		title: log ? "clusters (k, log scale)" : "clusters (k)",
		scale: log
			? { type: "log", base: 2, nice: false, padding: 12 }
			: { zero: false, nice: false, padding: 12 },
		axis: {
			values: thin(ks, 12),
			format: "d",
			grid: false,
			labelOverlap: true,
		},
	};
}

const criteria = ["gap", "silhouette", "stability"] as const;

/** What each criterion alone would choose, of those whose value is a number there. */
function choicesOf({
	choices,
	rows,
}: ClusterCounts): Partial<ClusterCounts["choices"]> {
	return Object.fromEntries(
		criteria
			.filter((name) =>
				Number.isFinite(rows.find(({ k }) => k === choices[name])?.[name]),
			)
			.map((name) => [name, choices[name]]),
	);
}

/** The recommendation, which has a rule of its own (`reason`), and whether a criterion alone would choose the same. */
function titleOf(counts: ClusterCounts, rows: Row[], cut: string): string {
	const { recommended } = counts;
	const choices = choicesOf(counts);
	const known = criteria.filter((name) => choices[name] !== undefined);
	const own = known.filter((name) => choices[name] === recommended);
	const others = known.filter((name) => choices[name] !== recommended);
	const rest = others.map((name) => `${name} ${choices[name]}`).join(", ");
	const ks = rows.map(({ k }) => k);
	const none = recommended === 1 && ks.some((k) => k > 1);
	const found = `${none ? "No clusters" : several(recommended, "cluster")}${cut}`;
	if (!known.length)
		return `${found}: no criterion is known for ${ks.length === 1 ? "it" : "them"}`;
	if (!own.length) return `${found}; each criterion alone: ${rest}`;
	const agree =
		own.length > 1
			? `${own.slice(0, -1).join(", ")} and ${own.at(-1)} agree`
			: `${own[0]} agrees`;
	return `${found}: ${agree}${rest ? `; alone: ${rest}` : ""}`;
}
