import {
	type Activations,
	countedTokens,
	type Matrix,
	poolSentences,
} from "../activations";
import { untilInterrupted } from "../interrupt";
import { reportProgress } from "../progress";
import type { Latents } from "../sae";
import { topIndices } from "../top";
import {
	activatingSpans,
	scoreByActivations,
	scoreByLatents,
} from "./activating";
import { principalComponents } from "./components";
import { distancesToOwn, kMeans, type Partition } from "./kmeans";
import { kMeansWithLibrary } from "./library";
import { markingLatents, markingTokens, meanDifferences } from "./marks";
import { adjustedRandIndex, silhouette } from "./quality";
import type { Clustering } from "./result";
import { type ScaledRows, scaleRows } from "./rows";

export interface ClusterOptions {
	/** How many clusters. Default: 5. */
	k?: number;
	/** Default: 0. The same seed gives the same clusters. */
	seed?: number;
	/** "lloyd" (default), or the npm library "ml-kmeans", for small data: see `kMeansWithLibrary`. */
	solver?: Clustering["solver"];
	/** An offsets column: only tokens that end at or before it count. */
	before?: string;
	/** Ends k-means after the round at hand, see `stopped` of the result. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

const EXEMPLARS = 5;

/**
 * Groups sentences by k-means on the mean of their tokens' latents (or activations), each column scaled to a standard
 * deviation of 1 and each sentence to length 1. Labels take no part; the agreement with each is told afterwards.
 * Every sentence is clustered, whatever its split.
 *
 * On `signal` the best clustering so far is described and comes back, marked `stopped: "interrupted"`; where there is none
 * yet, the signal's reason is thrown.
 *
 * Throws when k is no whole number from 1 to the number of sentences, when fewer sentences are distinct, and when
 * `before` is no offsets column.
 */
export function cluster(
	source: Latents | Activations,
	options: ClusterOptions = {},
): Promise<Clustering> {
	return untilInterrupted(options.signal, (signal) =>
		clusterUntil(source, { ...options, signal }),
	);
}

async function clusterUntil(
	source: Latents | Activations,
	options: ClusterOptions,
): Promise<Clustering> {
	const { k = 5, seed = 0, solver = "lloyd", before, signal } = options;
	const started = performance.now();
	const acts = source.kind === "latents" ? source.acts : source;
	const { sentences } = acts;
	check(k, solver, sentences.text.length);
	const counted = countedTokens(acts, before);
	const pooled = await poolSentences(source, { before, signal });
	const scaled = scaleRows(pooled);
	const { assignment, centres, inertia, stopped } = largestFirst(
		await partition(scaled.x, { ...options, k, seed, solver }),
		k,
	);
	const exemplars = await nearest(scaled.x, assignment, centres, k);
	const marks =
		source.kind === "latents"
			? markingLatents(meanDifferences(pooled, assignment, k))
			: [];
	const score =
		source.kind === "latents"
			? scoreByLatents(source, marks, scaled.factor)
			: await scoreByActivations(
					acts,
					new Set(exemplars.map(({ sentence }) => sentence)),
					directions(centres, assignment, scaled, k),
					scaled.offset,
				);
	const sizes = new Array<number>(k).fill(0);
	for (const c of assignment) sizes[c]++;
	return {
		kind: "clusters",
		k,
		hook_name: acts.hook_name,
		source: source.kind,
		before,
		sentences,
		assignment,
		sizes,
		inertia,
		silhouette: await silhouette(scaled.x, assignment, { seed }),
		ari: agreement(assignment, sentences.labels),
		exemplars,
		marks,
		tokens: markingTokens(acts, counted, assignment, k),
		activating: activatingSpans(acts, counted, exemplars, score),
		projection: await principalComponents(
			scaled.x,
			seed,
			// two centres or one lie on a line: then the rows' own components show more
			k > 2
				? {
						kind: "dense",
						rows: k,
						columns: scaled.x.columns,
						data: centres,
					}
				: scaled.x,
		),
		solver,
		seed,
		...(stopped && { stopped }),
		seconds: (performance.now() - started) / 1000,
	};
}

function check(k: number, solver: string, n: number): void {
	if (n === 0)
		throw new Error("There are no sentences to cluster; load some first.");
	if (!Number.isInteger(k) || k < 1)
		throw new Error(`k is ${k}; it must be a whole number of at least 1.`);
	if (k > n)
		throw new Error(
			`k is ${k}, but there are only ${n} sentences; give a smaller k or more sentences.`,
		);
	if (solver !== "lloyd" && solver !== "ml-kmeans")
		throw new Error(
			`There is no solver "${solver}" for clusters; give "lloyd" or "ml-kmeans".`,
		);
}

function partition(
	x: Matrix,
	options: ClusterOptions & { k: number; seed: number },
): Promise<Partition> {
	if (options.solver === "ml-kmeans") return kMeansWithLibrary(x, options);
	const onStart = (done: number, total: number) =>
		reportProgress({ label: "cluster", done, total, unit: "starts" });
	const { k, seed, signal } = options;
	return kMeans(x, { k, seed, signal, onStart });
}

/** Renames the clusters so that 0 is the largest. */
function largestFirst(found: Partition, k: number): Partition {
	const d = found.centres.length / k;
	const sizes = new Array<number>(k).fill(0);
	for (const c of found.assignment) sizes[c]++;
	const order = topIndices(sizes, k);
	const centres = new Float32Array(found.centres.length);
	order.forEach((old, c) => {
		centres.set(found.centres.subarray(old * d, (old + 1) * d), c * d);
	});
	const assignment = found.assignment.map((old) => order.indexOf(old));
	return { ...found, assignment, centres };
}

async function nearest(
	x: Matrix,
	assignment: Uint32Array,
	centres: Float32Array,
	k: number,
): Promise<Clustering["exemplars"]> {
	const distance = await distancesToOwn(x, assignment, centres);
	return Array.from({ length: k }, (_, cluster) => {
		const closeness = Array.from(distance, (d, i) =>
			assignment[i] === cluster ? -d : Number.NaN,
		);
		return topIndices(closeness, EXEMPLARS).map((sentence) => ({
			cluster,
			sentence,
			distance: distance[sentence],
		}));
	}).flat();
}

/** From the mean of all rows to each centre, in the units of the activations. */
function directions(
	centres: Float32Array,
	assignment: Uint32Array,
	{ factor }: ScaledRows,
	k: number,
): Float64Array[] {
	const d = factor.length;
	const mean = new Float64Array(d);
	for (const c of assignment)
		for (let j = 0; j < d; j++)
			mean[j] += centres[c * d + j] / assignment.length;
	return Array.from({ length: k }, (_, c) =>
		factor.map((f, j) => f * (centres[c * d + j] - mean[j])),
	);
}

/** Sentences whose label is empty are left out. */
function agreement(
	assignment: Uint32Array,
	labels: Record<string, string[]>,
): Record<string, number> {
	return Object.fromEntries(
		Object.entries(labels).map(([label, values]) => {
			const own = [...values.keys()].filter((i) => values[i] !== "");
			const ari = adjustedRandIndex(
				own.map((i) => assignment[i]),
				own.map((i) => values[i]),
			);
			return [label, ari];
		}),
	);
}
