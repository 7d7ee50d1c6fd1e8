import type { ParetoPoint } from "../src/charts/pareto";
import type { Architecture } from "../src/sae";

/** One trained and evaluated autoencoder. */
export interface ParetoRun extends ParetoPoint {
	architecture: Architecture;
	seed: number;
	/** Share of latents that never fire on the test split. */
	dead: number;
}

type Metric = "explained_variance" | "ce_loss_score";

/** Which L0 architectures are compared at. */
export const EQUAL_L0 = [8, 16];
/** What others are compared with. */
const YARDSTICK: Architecture = "topk";

/** Mean and 95 % interval (Student's t, seeds as the sample); no interval of a single seed. */
export interface Interval {
	mean: number;
	margin?: number;
}

/** 97.5 % points of Student's t for 1 to 9 degrees of freedom. */
const t = [12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

export function interval(values: number[]): Interval {
	const n = values.length;
	const mean = values.reduce((a, b) => a + b, 0) / n;
	if (n < 2) return { mean };
	const square = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1);
	return { mean, margin: (t[n - 2] ?? 1.96) * Math.sqrt(square / n) };
}

/**
 * A metric at an L0 between two of one seed's autoencoders: log(1 − metric) is a straight line in log L0, as it nearly is
 * (where 1 − metric is above zero; else the metric itself). Undefined outside of what was trained.
 */
export function atL0(
	runs: readonly ParetoRun[],
	l0: number,
	metric: Metric,
): number | undefined {
	const sorted = [...runs].sort((a, b) => a.l0 - b.l0);
	// A topk of k = 8 fires on a hair less than 8: that is 8.
	const same = sorted.find((run) => Math.abs(run.l0 / l0 - 1) < 0.01);
	if (same) return same[metric];
	const next = sorted.findIndex((run) => run.l0 > l0);
	if (next < 1) return undefined;
	const [a, b] = [sorted[next - 1], sorted[next]];
	const share = Math.log(l0 / a.l0) / Math.log(b.l0 / a.l0);
	const [from, to] = [a[metric], b[metric]];
	if (from >= 1 || to >= 1) return from + share * (to - from);
	return 1 - (1 - from) ** (1 - share) * (1 - to) ** share;
}

/** An architecture at one L0, over seeds, and what lies between it and topk, seed by seed. */
export interface AtEqualL0 {
	value?: Interval;
	difference?: Interval;
}

export function compareAt(
	runs: readonly ParetoRun[],
	architecture: string,
	l0: number,
	metric: Metric,
): AtEqualL0 {
	const seeds = [...new Set(runs.map(({ seed }) => seed))];
	const of = (name: string) =>
		seeds.map((seed) =>
			atL0(
				runs.filter((r) => r.seed === seed && r.architecture === name),
				l0,
				metric,
			),
		);
	const own = of(architecture);
	if (own.some((v) => v === undefined)) return {};
	const value = interval(own as number[]);
	const theirs = of(YARDSTICK);
	if (architecture === YARDSTICK || theirs.some((v) => v === undefined))
		return { value };
	const apart = own.map((v, i) => (v as number) - (theirs[i] as number));
	return { value, difference: interval(apart) };
}

/** Whether a difference is beyond doubt: its interval leaves zero out. */
export function verdict({ mean, margin }: Interval): string {
	if (margin === undefined) return "one seed";
	if (Math.abs(mean) <= margin) return "no difference seen";
	return mean < 0 ? `**below ${YARDSTICK}**` : `above ${YARDSTICK}`;
}

/** Architectures compared at equal L0, in Markdown. */
export function equalTable(runs: readonly ParetoRun[]): string {
	const metrics: [Metric, string][] = [
		["explained_variance", "explained variance"],
		["ce_loss_score", "CE loss score"],
	];
	return metrics
		.map(([metric, title]) => {
			const rows = names(runs).map((name) => [
				name,
				...EQUAL_L0.flatMap((l0) => {
					const { value, difference } = compareAt(runs, name, l0, metric);
					return [
						value ? shown(value) : "not reached",
						difference
							? `${shown(difference, true)}, ${verdict(difference)}`
							: "",
					];
				}),
			]);
			const head = [
				title,
				...EQUAL_L0.flatMap((l0) => [`at L0 ${l0}`, `less ${YARDSTICK}`]),
			];
			return markdown(head, rows);
		})
		.join("\n\n");
}

/** Everything that was trained, means over seeds, in Markdown. */
export function runsTable(
	runs: readonly ParetoRun[],
	settings: Record<string, string>,
): string {
	const rows = names(runs).flatMap((name) => {
		const own = runs.filter((run) => run.architecture === name);
		return [...new Set(own.map(({ sparsity }) => sparsity))].map((sparsity) => {
			const seeds = own.filter((run) => run.sparsity === sparsity);
			const of = (key: "l0" | "dead" | Metric) =>
				interval(seeds.map((run) => run[key]));
			return [
				name,
				`${settings[name]} ${sparsity}`,
				of("l0").mean.toFixed(2),
				shown(of("explained_variance")),
				shown(of("ce_loss_score")),
				`${(100 * of("dead").mean).toFixed(0)} %`,
			];
		});
	});
	return markdown(
		[
			"architecture",
			"setting",
			"L0",
			"explained variance",
			"CE loss score",
			"dead",
		],
		rows,
	);
}

function names(runs: readonly ParetoRun[]): Architecture[] {
	return [...new Set(runs.map(({ architecture }) => architecture))];
}

function shown({ mean, margin }: Interval, signed = false): string {
	const number = (value: number) => value.toFixed(5);
	const sign = signed && mean >= 0 ? "+" : "";
	return `${sign}${number(mean)}${margin === undefined ? "" : ` ± ${number(margin)}`}`;
}

function markdown(head: string[], rows: string[][]): string {
	return [head, head.map(() => "---"), ...rows]
		.map((cells) => `| ${cells.join(" | ")} |`)
		.join("\n");
}
