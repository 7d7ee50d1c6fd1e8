import type { RunResult } from "../model";
import { fixed, several } from "../say";
import { norms as normsOf } from "../tensors";
import { type LayerRow, layers } from "./layers";
import type { Chart } from "./theme";

/**
 * How long the residual stream is at position 0 (its mean over the texts) and at all other positions (the median, with a
 * band from the 5th to the 95th percentile), before each block and after the last.
 *
 * `result`: of a run with hooks at blocks.L.hook_resid_pre, and blocks.L.hook_resid_post of the last layer. Padding is
 * left out.
 */
export function norms({
	cache,
	tokens,
}: Pick<RunResult, "cache" | "tokens">): Chart {
	const streams = streamsOf(Object.keys(cache));
	if (!streams.length)
		throw new Error(
			'charts.norms was given no residual stream: ask the run for hooks such as "blocks.0.hook_resid_pre".',
		);
	const { lengths, seq } = tokens;
	const rows = streams.map(({ hook, layer }) => {
		const { data } = normsOf(cache[hook]);
		const real = (i: number) => i % seq < lengths[Math.floor(i / seq)];
		const first = data.filter((_, i) => i % seq === 0);
		const rest = data.filter((_, i) => i % seq > 0 && real(i)).sort();
		const quantile = (q: number) =>
			rest[Math.round(q * (rest.length - 1))] ?? Number.NaN;
		return {
			layer,
			first: first.reduce((a, b) => a + b, 0) / first.length,
			median: quantile(0.5),
			band: [quantile(0.05), quantile(0.95)] as [number, number],
		};
	});
	return layers(
		rows.flatMap(({ layer, first, median, band }): LayerRow[] => [
			{ layer, series: "position 0", value: first },
			{
				layer,
				series: "all others: median, 5 to 95 %",
				value: median,
				interval: band,
			},
		]),
		{
			title: titleOf(rows),
			value: "norm of the residual stream",
			layer: "blocks passed",
		},
	);
}

/** How much longer position 0 is at most, and where. */
function titleOf(
	rows: { layer: number; first: number; median: number }[],
): string {
	const times = rows
		.map(({ layer, first, median }) => ({ layer, by: first / median }))
		.filter(({ by }) => Number.isFinite(by))
		.sort((a, b) => b.by - a.by);
	if (!times.length)
		return "How long the residual stream is, without other positions to compare";
	const [{ by, layer }] = times;
	const where = layer ? `after ${several(layer, "block")}` : "before any block";
	return `Position 0 is ${times.length > 1 ? "at most " : ""}${fixed(by, 1)} times as long as the median token, ${where}`;
}

function streamsOf(hooks: string[]): { hook: string; layer: number }[] {
	const found = hooks.flatMap((hook) => {
		const [, layer, place] =
			/^blocks\.(\d+)\.hook_resid_(pre|post)$/.exec(hook) ?? [];
		return place
			? [{ hook, layer: Number(layer) + (place === "post" ? 1 : 0) }]
			: [];
	});
	const layers = [...new Set(found.map(({ layer }) => layer))];
	return layers.flatMap((layer) => found.find((f) => f.layer === layer) ?? []);
}
