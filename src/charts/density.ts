import type { Latents } from "../sae";
import { type Chart, chart, count, ink, percent } from "./theme";

const bins_per_decade = 5;

/**
 * How often latents fire: a histogram over latents of log10 of the share of tokens on which each is active. Latents that
 * never fire have no logarithm and are counted in the subtitle.
 */
export function density(latents: Latents): Chart {
	const n = latents.indptr.length - 1;
	const fired = new Uint32Array(latents.d_sae);
	for (const latent of latents.indices) fired[latent]++;
	const bins = new Map<number, number>();
	for (const f of fired) {
		if (!f) continue;
		const bin = Math.min(-1, Math.floor(bins_per_decade * Math.log10(f / n)));
		bins.set(bin, (bins.get(bin) ?? 0) + 1);
	}
	const values = [...bins]
		.sort((a, b) => a[0] - b[0])
		.map(([bin, amount]) => ({
			from: bin / bins_per_decade,
			to: (bin + 1) / bins_per_decade,
			latents: amount,
		}));
	const dead = fired.reduce((sum, f) => sum + (f === 0 ? 1 : 0), 0);
	return chart({
		title: {
			text: "How often each latent fires",
			subtitle: `${count(latents.d_sae)} latents, ${count(dead)} (${percent(dead / latents.d_sae)}) never; L0 ${(latents.indices.length / n).toFixed(1)} over ${count(n)} tokens`,
		},
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
				title: "latents",
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
