import {
	type Activations,
	checkPool,
	countedTokens,
	type Matrix,
	type Pool,
	poolSentences,
} from "../activations";
import { untilInterrupted } from "../interrupt";
import { reportProgress } from "../progress";
import type { Latents } from "../sae";
import { describe } from "./describe";
import { kMeans, type Partition } from "./kmeans";
import { largestFirst } from "./largest-first";
import { kMeansWithLibrary } from "./library";
import type { Clustering } from "./result";
import { scaleRows } from "./rows";
import { unitsIn } from "./units";

/** What is clustered, and how its tokens become rows. */
export interface RowOptions {
	/** How a sentence's tokens become one row: "mean" (default), "max" or "last", see `poolSentences`. */
	pool?: Pool;
	/** An offsets column: only tokens that end at or before it count. */
	before?: string;
	/** "euclidean" (default), or "spherical": centres have the length 1 too, and what counts is the cosine. */
	metric?: Clustering["metric"];
	/**
	 * A label column, e.g. "author": sentences that share its value are drawn and tested as one, for they are no independent
	 * witnesses; "" is no group. Default: the sentences' own `group`, where they have it.
	 */
	group?: string;
	/** Default: 0. The same seed gives the same result. */
	seed?: number;
}

export interface ClusterOptions extends RowOptions {
	/** How many clusters. Default: 5; `howManyClusters` helps to choose. */
	k?: number;
	/** k-means++ starts, of which the best is kept. Default: 10. */
	restarts?: number;
	/** "lloyd" (default), or the npm library "ml-kmeans", for small data and with one start: see `kMeansWithLibrary`. */
	solver?: Clustering["solver"];
	/** Ends k-means after the round at hand, see `stopped` of the result. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

/**
 * Groups sentences by k-means on the mean (or what `pool` says) of their tokens' latents (or activations), each column
 * scaled to a standard deviation of 1 and each sentence to length 1. Labels take no part; the agreement with each is told
 * afterwards. Every sentence is clustered, whatever its split. Copies of a text are clustered with it, but count once in
 * all that is said of the clusters: silhouette, agreement, exemplars, tests.
 *
 * On `signal` the best clustering so far is described and comes back, marked `stopped: "interrupted"`; where there is none
 * yet, the signal's reason is thrown.
 *
 * Throws when k is no whole number from 1 to the number of sentences, when fewer sentences are distinct, when no latent
 * fires, when numbers are not finite, and when `before` is no offsets column, `group` no label or another option unknown.
 */
export function cluster(
	source: Latents | Activations,
	options: ClusterOptions = {},
): Promise<Clustering> {
	return untilInterrupted(options.signal, (signal) =>
		clusterUntil(source, { ...options, ...(signal && { signal }) }),
	);
}

async function clusterUntil(
	source: Latents | Activations,
	options: ClusterOptions,
): Promise<Clustering> {
	const { k = 5, seed = 0, before } = options;
	const { metric = "euclidean", solver = "lloyd" } = options;
	const started = performance.now();
	const acts = source.kind === "latents" ? source.acts : source;
	const { sentences } = acts;
	checkMetric(metric);
	checkSeed(seed);
	check(options, k, sentences.text.length);
	const pool = checkPool(options.pool);
	const units = unitsIn(sentences, options.group);
	const counted = countedTokens(acts, before);
	const pooled = await rowsOfSentences(source, options);
	const scaled = scaleRows(pooled);
	const all = { ...options, k, seed, metric };
	const { restarts, ...found } = await partitionOf(scaled.x, all);
	const partition = { ...found, ...largestFirst(found, k) };
	const described = await describe({
		...{ source, counted, pool, pooled, scaled, partition, units, k, seed },
	});
	const { assignment, centres, inertia, stopped } = partition;
	return {
		kind: "clusters",
		k,
		metric,
		hook_name: acts.hook_name,
		model_name: acts.model.name,
		...(acts.model.fingerprint && {
			model_fingerprint: acts.model.fingerprint,
		}),
		source: source.kind,
		pool,
		...(before !== undefined && { before }),
		sentences,
		...units.told,
		assignment,
		centres,
		space: { offset: scaled.offset, factor: scaled.factor },
		inertia,
		...described,
		solver,
		restarts,
		seed,
		...(stopped && { stopped }),
		seconds: (performance.now() - started) / 1000,
	};
}

/** One row a sentence. Throws where no latent fires at all. */
export async function rowsOfSentences(
	source: Latents | Activations,
	{
		pool = "mean",
		before,
		signal,
	}: Pick<ClusterOptions, "pool" | "before" | "signal">,
): Promise<Matrix> {
	const pooled = await poolSentences(source, {
		pool,
		...(before !== undefined && { before }),
		...(signal && { signal }),
	});
	if (pooled.kind === "sparse" && pooled.values.every((v) => v === 0))
		throw new Error(
			`No latent fires in any of the ${pooled.rows} sentences, so there is nothing to cluster; encode with another autoencoder, or cluster the activations.`,
		);
	return pooled;
}

export function checkMetric(metric: string): void {
	if (metric !== "euclidean" && metric !== "spherical")
		throw new Error(
			`There is no metric "${metric}" for clusters; give "euclidean" or "spherical".`,
		);
}

/** Throws where it is no whole number: two such seeds would draw alike without a word. */
export function checkSeed(seed = 0): void {
	if (Number.isSafeInteger(seed)) return;
	throw new Error(`seed is ${seed}, where a whole number was expected.`);
}

/** Throws where it is no whole number of at least `least`. */
export function checkWhole(name: string, value: number, least: number): void {
	if (Number.isInteger(value) && value >= least) return;
	throw new Error(
		`${name} is ${value}; it must be a whole number of at least ${least}.`,
	);
}

function check(
	{ solver = "lloyd", restarts }: ClusterOptions,
	k: number,
	n: number,
): void {
	if (n === 0)
		throw new Error("There are no sentences to cluster; load some first.");
	checkWhole("k", k, 1);
	if (k > n)
		throw new Error(
			`k is ${k}, but there are only ${n} sentences; give a smaller k or more sentences.`,
		);
	if (solver !== "lloyd" && solver !== "ml-kmeans")
		throw new Error(
			`There is no solver "${solver}" for clusters; give "lloyd" or "ml-kmeans".`,
		);
	if (restarts === undefined) return;
	checkWhole("restarts", restarts, 1);
	if (solver === "ml-kmeans" && restarts > 1)
		throw new Error(
			`solver "ml-kmeans" starts once, and restarts is ${restarts}; leave out the one or the other.`,
		);
}

async function partitionOf(
	x: Matrix,
	options: ClusterOptions & { k: number; seed: number },
): Promise<Partition & { restarts: number }> {
	if (options.solver === "ml-kmeans")
		return { ...(await kMeansWithLibrary(x, options)), restarts: 1 };
	let tried = 1; // fewer than asked for, where it is interrupted
	const onStart = (done: number, total: number) => {
		tried = done;
		reportProgress({ label: "cluster", done, total, unit: "starts" });
	};
	return { ...(await kMeans(x, { ...options, onStart })), restarts: tried };
}
