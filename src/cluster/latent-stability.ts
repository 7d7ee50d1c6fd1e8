import { type Matrix, takeRows } from "../activations";
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
 * How well the clusters of latents hold when k-means is fitted to bootstrap samples of them. Latents with one and the same
 * row are one: drawn together, and counted once. Nothing where none is asked for, where there is one cluster, and where so
 * few rows differ that a sample may lack k different ones.
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
): Promise<
	Pick<LatentClustering, "stability" | "found_again" | "repeats" | "stopped">
> {
	const { k, repeats, seed, signal } = options;
	if (repeats === 0 || k === 1) return { repeats: 0 };
	const rows = Uint32Array.from(new Set(distinctRows(x)));
	if (rows.length < 2 * k) return { repeats: 0 };
	const different = takeRows(x, rows);
	const fits: Int32Array[] = [];
	const each = { unit: rows, identity: rows };
	for (const sample of resamples(each, repeats, k, seed)) {
		const own = await fitTo(different, sample, {
			...{ k, seed: seed + fits.length + 1, metric: "spherical" },
			...(signal && { signal }),
		});
		fits.push(own);
		if (signal?.aborted) return { repeats: 0, stopped: "interrupted" };
		const done = fits.length;
		const label = "cluster samples of latents";
		reportProgress({ label, done, total: repeats, unit: "fits" });
	}
	return {
		stability: meanOf(agreementOfPairs(fits)),
		found_again: foundAgain(
			rows.map((row) => assignment[row]),
			fits,
			k,
		),
		repeats,
	};
}
