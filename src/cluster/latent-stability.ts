import type { Matrix } from "../activations";
import { reportProgress } from "../progress";
import { distinctRows } from "./distinct";
import type { LatentClustering } from "./result";
import {
	agreementOfPairs,
	fitTo,
	foundAgain,
	meanOf,
	resamples,
} from "./stability";

/**
 * How well the clusters of latents hold when k-means is fitted to bootstrap samples of them. Nothing where none is asked
 * for, where there is one cluster, and where so few rows differ that a sample may lack k different ones.
 */
export async function latentStability(
	x: Matrix,
	assignment: Uint32Array,
	options: {
		k: number;
		repeats: number;
		seed: number;
		signal: AbortSignal | undefined;
	},
): Promise<Pick<LatentClustering, "stability" | "found_again" | "stopped">> {
	const { k, repeats, seed, signal } = options;
	if (repeats === 0 || k === 1) return {};
	const identity = distinctRows(x);
	if (new Set(identity).size < 2 * k) return {};
	const fits: Int32Array[] = [];
	for (const sample of resamples(identity, repeats, k, seed)) {
		const own = await fitTo(x, sample, {
			...{ k, seed: seed + fits.length + 1, metric: "spherical" },
			...(signal && { signal }),
		});
		fits.push(own);
		if (signal?.aborted) return { stopped: "interrupted" };
		const done = fits.length;
		const label = "cluster samples of latents";
		reportProgress({ label, done, total: repeats, unit: "fits" });
	}
	return {
		stability: meanOf(agreementOfPairs(fits)),
		found_again: foundAgain(assignment, fits, k),
	};
}
