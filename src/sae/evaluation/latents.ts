import type { SparseRows } from "../types";

/** One bar: so many latents fire on a share of tokens whose log10 is at least `from` and below `to`. */
export interface DensityBin {
	from: number;
	to: number;
	latents: number;
}

/** How often latents fire and how strongly. */
export interface LatentMetrics {
	/** Mean number of latents that fire on a token. */
	l0: number;
	/** Mean over tokens of Σ f. */
	l1: number;
	/** Of each latent, the share of tokens that it fires on. */
	feature_density: Float32Array; // [d_sae]
	/** Of the latents that fire at all, how many fire on what share of tokens, in steps of a fifth of a power of ten. */
	density_histogram: DensityBin[];
	/** Of each latent, on how many tokens it fires in the texts that it fires in, on average; NaN where it never fires. */
	consistent_activation_heuristic: Float32Array; // [d_sae]
}

/** Gathers them over batches of rows. */
export function latentMetrics(d_sae: number) {
	const tokens = new Float64Array(d_sae);
	const texts = new Float64Array(d_sae);
	const last = new Float64Array(d_sae).fill(-1); // the text that a latent was last seen in
	let [n, fired, sum, text] = [0, 0, 0, 0];

	/** Counts the latents of a batch of rows, given text by text; each text's rows in one piece.  ends: where they end */
	function add(
		{ indptr, indices, values }: SparseRows,
		ends: Iterable<number>,
	): void {
		let row = 0;
		for (const end of ends) {
			for (let j = indptr[row]; j < indptr[end]; j++) {
				const latent = indices[j];
				tokens[latent]++;
				sum += values[j];
				if (last[latent] !== text) texts[latent]++;
				last[latent] = text;
			}
			fired += indptr[end] - indptr[row];
			n += end - row;
			row = end;
			text++;
		}
	}

	function result(): LatentMetrics {
		const feature_density = Float32Array.from(tokens, (count) => count / n);
		return {
			l0: fired / n,
			l1: sum / n,
			feature_density,
			density_histogram: densityHistogram(feature_density),
			consistent_activation_heuristic: Float32Array.from(
				tokens,
				(count, i) => count / texts[i],
			),
		};
	}
	return { add, result };
}

const bins_per_decade = 5;

/** A histogram of log10 of the shares, ascending, without empty bars; latents that never fire have no logarithm. */
export function densityHistogram(density: Iterable<number>): DensityBin[] {
	const bins = new Map<number, number>();
	for (const share of density) {
		if (!share) continue;
		// Rounding must not put 0.1 below 0.1, and what always fires belongs to the last bar.
		const place = Math.floor(bins_per_decade * Math.log10(share) + 1e-6);
		const bin = Math.min(-1, place);
		bins.set(bin, (bins.get(bin) ?? 0) + 1);
	}
	return [...bins]
		.sort(([a], [b]) => a - b)
		.map(([bin, latents]) => ({
			from: bin / bins_per_decade,
			to: (bin + 1) / bins_per_decade,
			latents,
		}));
}
