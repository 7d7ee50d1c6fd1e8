import { type Activations, type Matrix, takeRows } from "../activations";
import { untilInterrupted } from "../interrupt";
import { reportProgress } from "../progress";
import type { Latents } from "../sae";
import {
	checkMetric,
	checkSeed,
	checkWhole,
	type RowOptions,
	rowsOfSentences,
} from "./cluster";
import { distinctRows } from "./distinct";
import { gapOf, referenceFor } from "./gap";
import { kMeans, type Partition } from "./kmeans";
import { recommend } from "./recommend";
import type { ClusterCounts, UnitCounts } from "./result";
import { scaleRows, silentRows } from "./rows";
import { silhouettes } from "./silhouette";
import {
	agreementOfPairs,
	fitTo,
	foundAgain,
	meanOf,
	type Resample,
	resamples,
} from "./stability";
import { unitsIn } from "./units";

const RESTARTS = 10;

export interface HowManyOptions extends RowOptions {
	/** Numbers of clusters to try, from 2. Default: 2 to 12, or to half the distinct sentences where these are few. */
	ks?: number[];
	/** Bootstrap fits, and reference data sets, for each k. At least 2; default: 10. */
	repeats?: number;
	/**
	 * k-means++ starts of every fit, those of the reference data too. Default: 10, as in `cluster`: with few, a fit may miss
	 * its best end, and clusters look less stable than the sentences make them.
	 */
	restarts?: number;
	/** Ends it after the round at hand. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

/**
 * How many clusters the sentences have: for each k the inertia, the gap statistic, the silhouette and the stability under
 * resampling, and a recommendation with its reason. Rows are made and scaled as `cluster` does.
 *
 * Gap: Tibshirani, Walther & Hastie (2001), against data without clusters. For activations these are uniform over the
 * box of the scaled rows' principal components; for latents each column's values are dealt out anew among the
 * texts, independently of the other columns. Both are given the length 1, as the rows are.
 * Stability: k-means is fitted to bootstrap samples of the texts (of whole groups of them, where there are groups), and
 * each pair of fits is compared on the texts that both saw, by the adjusted Rand index, which is corrected for chance.
 * `weakest`: how surely the least sure cluster is found again in the samples, a Jaccard index (Hennig 2007).
 *
 * The recommendation is the largest k of which both hold:
 * 1. the gap is more than two standard errors above that of a single group: there is more to group than in data
 *    without clusters;
 * 2. the weakest cluster's Jaccard index is at least 0.75, Hennig's threshold of a stable one: every cluster, and not only
 *    most, would be found again in other sentences of the kind.
 * Where no k has both, it is 1: no clusters. A high mean stability alone would not do: one group too many, cut at
 * random out of eight true ones, lowers the adjusted Rand index to 0.92 only, but is not found again itself. Nor would a gap
 * alone: real text is never independent noise, and mere directions in which it varies raise the gap for every k.
 *
 * Copies of a text are one: every number is of the different texts, each counted once, as if the copies were not there.
 *
 * On `signal` the ks that are done come back, marked `stopped: "interrupted"`; where none is, the signal's reason is
 * thrown. Throws on options out of range, on numbers that are not finite, when `group` is no label, and when the distinct
 * sentences, or the groups, are fewer than twice the largest k.
 */
export function howManyClusters(
	source: Latents | Activations,
	options: HowManyOptions = {},
): Promise<ClusterCounts> {
	return untilInterrupted(options.signal, (signal) =>
		howManyUntil(source, { ...options, ...(signal && { signal }) }),
	);
}

async function howManyUntil(
	source: Latents | Activations,
	options: HowManyOptions,
): Promise<ClusterCounts> {
	const { seed = 0, metric = "euclidean", repeats = 10, signal } = options;
	const started = performance.now();
	checkMetric(metric);
	checkSeed(seed);
	checkWhole("repeats", repeats, 2);
	checkWhole("restarts", options.restarts ?? RESTARTS, 1);
	const acts = source.kind === "latents" ? source.acts : source;
	const units = unitsIn(acts.sentences, options.group);
	const pooled = takeRows(await rowsOfSentences(source, options), units.first);
	const scaled = scaleRows(pooled);
	const rowsOf = {
		unit: units.first.map((i) => units.unit[i]),
		identity: distinctRows(scaled.x),
	};
	const ks = checkKs(options.ks, new Set(rowsOf.identity).size, units.told);
	const silent = silentRows(scaled.x);
	const trial: Trial = {
		x: scaled.x,
		samples: resamples(rowsOf, repeats, ks[ks.length - 1], seed),
		reference: await referenceFor(pooled, scaled),
		width: await silhouettes(scaled.x, { seed }),
		fit: { seed, metric, restarts: options.restarts ?? RESTARTS, signal },
	};
	const rows: ClusterCounts["rows"] = [];
	const total = (ks.length + 1) * (2 * repeats + 1) - repeats;
	let done = 0;
	const told = () => {
		done++;
		reportProgress({ label: "how many clusters", done, total, unit: "fits" });
	};
	for (const k of [1, ...ks]) {
		const row = await rowOf(trial, k, told);
		if (!row) break;
		rows.push(row);
	}
	if (rows.length < 2) signal?.throwIfAborted();
	return {
		kind: "cluster-counts",
		source: source.kind,
		hook_name: acts.hook_name,
		n_sentences: units.text.length,
		...units.told,
		silent: units.text.reduce((n, text) => n + silent[text], 0),
		rows,
		...recommend(rows),
		repeats,
		restarts: trial.fit.restarts,
		metric,
		seed,
		...(rows.length <= ks.length && { stopped: "interrupted" as const }),
		seconds: (performance.now() - started) / 1000,
	};
}

/** What every k is tried on. */
interface Trial {
	x: Matrix;
	samples: Resample[];
	reference: (seed: number) => Matrix;
	width: (assignment: Uint32Array) => number;
	fit: {
		seed: number;
		metric: ClusterCounts["metric"];
		restarts: number;
		signal: AbortSignal | undefined;
	};
}

/** Undefined where the signal came before it was done. */
async function rowOf(
	{ x, samples, reference, width, fit }: Trial,
	k: number,
	told: () => void,
): Promise<ClusterCounts["rows"][number] | undefined> {
	const { signal } = fit;
	const options = (more: number) => ({
		k,
		seed: fit.seed + more,
		metric: fit.metric,
		restarts: k === 1 ? 1 : fit.restarts,
		...(signal && { signal }),
	});
	const own: Partition = await kMeans(x, options(0));
	told();
	const inertias: number[] = [];
	const fits: Int32Array[] = [];
	for (let b = 1; b <= samples.length; b++) {
		if (signal?.aborted) return undefined;
		const made = reference(fit.seed + b);
		inertias.push((await kMeans(made, options(b))).inertia);
		told();
		if (k === 1) continue;
		fits.push(await fitTo(x, samples[b - 1], options(b)));
		told();
	}
	if (signal?.aborted) return undefined;
	const { inertia, assignment } = own;
	return {
		k,
		inertia,
		...gapOf(inertia, inertias),
		silhouette: width(assignment),
		...(k === 1 ? single : stabilityOf(assignment, fits, k)),
	};
}

const single = {
	stability: Number.NaN,
	stability_range: [Number.NaN, Number.NaN] as [number, number],
};

function stabilityOf(assignment: Uint32Array, fits: Int32Array[], k: number) {
	const pairs = agreementOfPairs(fits);
	return {
		stability: meanOf(pairs),
		stability_range: [Math.min(...pairs), Math.max(...pairs)] as [
			number,
			number,
		],
		weakest: Math.min(
			...foundAgain(assignment, fits, k).filter((v) => !Number.isNaN(v)),
		),
	};
}

/** In rising order, each once. */
function checkKs(
	given: number[] | undefined,
	distinct: number,
	{ unit, n_units }: UnitCounts,
): number[] {
	const most = Math.floor(Math.min(distinct, n_units) / 2);
	const few =
		n_units < distinct && unit === "text and group"
			? `${n_units} groups are there to draw samples of`
			: `${distinct} of the sentences are distinct`;
	if (most < 2)
		throw new Error(
			`Only ${few}, and at least 4 are needed to compare numbers of clusters.`,
		);
	if (!given)
		return Array.from({ length: Math.min(11, most - 1) }, (_, i) => i + 2);
	if (!given.length)
		throw new Error(
			"ks is empty; give the numbers of clusters to try, such as [2, 3, 4, 5].",
		);
	for (const k of given) checkWhole("A number in ks", k, 2);
	const ks = [...new Set(given)].sort((a, b) => a - b);
	const largest = ks[ks.length - 1];
	if (largest > most)
		throw new Error(
			`ks goes up to ${largest}, but only ${few}, and twice as many as clusters are needed to fit samples of them; give ks of at most ${most}.`,
		);
	return ks;
}
