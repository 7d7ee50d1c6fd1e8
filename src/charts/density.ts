import { densityHistogram, type Latents, type SaeEvaluation } from "../sae";
import { count, fixed, percent, several } from "../say";
import { type Chart, chart, ink } from "./theme";

/**
 * How often latents fire: a histogram over latents of log10 of the share of tokens on which each is active, from latents
 * or from an evaluation. Latents that never fire have no logarithm and are counted in the subtitle.
 */
export function density(of: Latents | SaeEvaluation): Chart {
	const { shares, tokens, l0, values } =
		of.kind === "latents" ? counted(of) : evaluated(of);
	return chart({
		title: titleOf(shares, tokens, l0),
		data: { values },
		width: 480,
		height: 240,
		mark: { type: "bar", color: ink.main, binSpacing: 1 },
		encoding: {
			x: {
				field: "from",
				bin: { binned: true },
				type: "quantitative",
				title: "share of tokens on which the latent is active (log scale)",
				scale: { nice: false, domainMax: 0 },
				axis: {
					values: [-7, -6, -5, -4, -3, -2, -1, 0],
					labelExpr:
						"datum.value < -2 ? '1 in ' + format(pow(10, -datum.value), '~s') : format(pow(10, datum.value), '.0%')",
					grid: false,
				},
			},
			x2: { field: "to" },
			y: {
				field: "latents",
				type: "quantitative",
				title: "number of latents",
				axis: { tickCount: 5, tickMinStep: 1 },
			},
			tooltip: [
				{ field: "from", title: "log10 from", format: ".1f" },
				{ field: "to", title: "log10 to", format: ".1f" },
				{ field: "latents", format: "," },
			],
		},
	});
}

function titleOf(shares: ArrayLike<number>, tokens: number, l0: number) {
	const latents = several(shares.length, "latent");
	if (!tokens || !shares.length)
		return {
			text: `How often ${latents} fire is not known: no token was read`,
		};
	const dead = Array.from(shares).filter((share) => share === 0).length;
	const half = median(shares);
	return {
		text: half
			? `Half of the latents fire on at most ${percent(half)} of tokens`
			: "At least half of the latents fire on none of these tokens",
		subtitle: `how often each of ${latents} fires, ${count(dead)} (${percent(dead / shares.length)}) never; L0 ${fixed(l0, 1)} over ${several(tokens, "token")}`,
	};
}

/** The smallest number that half of them do not exceed. */
function median(shares: ArrayLike<number>): number {
	const sorted = Float64Array.from(shares).sort();
	return sorted[Math.ceil(sorted.length / 2) - 1] ?? 0;
}

function counted({ d_sae, indptr, indices }: Latents) {
	const tokens = indptr.length - 1;
	const fired = new Float64Array(d_sae);
	for (const latent of indices) fired[latent]++;
	const shares = fired.map((times) => times / tokens);
	const values = densityHistogram(shares);
	return { shares, tokens, l0: indices.length / tokens, values };
}

function evaluated(evaluation: SaeEvaluation) {
	return {
		shares: evaluation.feature_density,
		tokens: evaluation.n_tokens,
		l0: evaluation.l0,
		values: evaluation.density_histogram,
	};
}
