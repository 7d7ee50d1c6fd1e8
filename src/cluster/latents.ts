import type { Matrix } from "../activations";
import { firstNotFinite, notFinite } from "../finite";
import { untilInterrupted } from "../interrupt";
import { reportProgress } from "../progress";
import { random } from "../random";
import type { Latents, Sae } from "../sae";
import { agglomerate } from "./agglomerative";
import { checkSeed, checkWhole } from "./cluster";
import { coactivation, firingLatents, strongestTokens } from "./coactivation";
import { principalComponents } from "./components";
import { kMeans } from "./kmeans";
import { largestFirst } from "./largest-first";
import { latentStability } from "./latent-stability";
import { umap } from "./map";
import { membership } from "./membership";
import type { LatentClustering } from "./result";
import { unitsIn } from "./units";

export interface LatentClusterOptions {
	/**
	 * "decoder" (default): the cosine of two latents' directions, the rows of W_dec. "coactivation": in how far they fire
	 * in the same texts, n_ab / √(n_a n_b), copies of a text counted once; for latents only. Those that fire in most sentences meet in many by chance,
	 * and so come together whatever they mean.
	 */
	by?: LatentClustering["by"];
	/**
	 * "spherical" (default): k-means by cosine. "agglomerative": average linkage by the npm library ml-hclust, which leaves
	 * latents that are far from all others alone: then the other clusters are few and large.
	 */
	method?: LatentClustering["method"];
	/** How many clusters. Default: 10. */
	k?: number;
	/** Where the latents lie in the plane: by their first two principal components ("pca", default), or by "umap". */
	map?: LatentClustering["map_method"];
	/**
	 * At most so many latents are grouped, drawn at random where there are more. Default: all; 2,000 with the map "umap",
	 * and 1,000 with the method "agglomerative", which takes 4,000 at most.
	 */
	sample?: number;
	/**
	 * Bootstrap samples of the latents that k-means is fitted to, for the stability: 2 or more, or 0 for none. Default: 5
	 * where at most 5,000 latents are grouped, else 0; with "agglomerative" always 0.
	 */
	repeats?: number;
	/** Default: 0. The same seed gives the same result. */
	seed?: number;
	/** Ends it early, see `clusterLatents`. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

/** The work of ml-hclust grows with n³: 1,000 latents take two seconds, 2,000 twenty, and nothing can stop it meanwhile. */
const AGGLOMERATIVE = { usual: 1000, most: 4000 };
const UMAP_USUAL = 2000;
const REPEATED = { usual: 5, most: 5000 };

/**
 * Groups the latents of an autoencoder: by the directions that they write, or by the sentences they fire in. Given
 * `Latents`, only those that fire take part, and the token that each fires on most is told; given an autoencoder, all
 * do. A latent whose row of W_dec is zero has no direction and is left out by "decoder". Where there are more than
 * `sample`, a random sample stands for them: `latents` of the result says which were grouped.
 *
 * On `signal` k-means and UMAP end with what they have, marked `stopped: "interrupted"`; where UMAP has not begun, the map
 * is the one of "pca". Where there is nothing yet, the signal's reason is thrown.
 *
 * Throws when k is no whole number from 1 to the number of latents, when fewer directions differ, when no latent fires,
 * when W_dec is not finite, when "coactivation" is asked of an autoencoder alone, when UMAP is asked of fewer than three, and when an option is
 * unknown.
 */
export function clusterLatents(
	source: Sae | Latents,
	options: LatentClusterOptions = {},
): Promise<LatentClustering> {
	return untilInterrupted(options.signal, (signal) =>
		clusterUntil(source, { ...options, ...(signal && { signal }) }),
	);
}

async function clusterUntil(
	source: Sae | Latents,
	options: LatentClusterOptions,
): Promise<LatentClustering> {
	const started = performance.now();
	const { by = "decoder", method = "spherical", map = "pca" } = options;
	const { k = 10, seed = 0, signal } = options;
	check(source, options, k);
	const all = candidates(source, by);
	const latents = chosen(all, options, k);
	const units =
		source.kind === "latents" ? unitsIn(source.acts.sentences) : undefined;
	const x =
		source.kind === "latents" && units && by === "coactivation"
			? await coactivation(source, latents, units, signal)
			: directions(saeOf(source), latents);
	const found =
		method === "spherical"
			? await kMeans(x, {
					...{ k, seed, metric: "spherical", onStart },
					...(signal && { signal }),
				})
			: await agglomerate(x, k, signal);
	const { assignment, sizes } = largestFirst(found, k);
	const repeats =
		found.stopped || method === "agglomerative" ? 0 : repeatsOf(options, x);
	const how = { k, repeats, seed, signal };
	const steady = await latentStability(x, assignment, how);
	const placed = await place(x, { map, seed, signal });
	const stopped = found.stopped ?? steady.stopped ?? placed.stopped;
	const acts = source.kind === "latents" ? source.acts : source.cfg;
	return {
		kind: "latent-clusters",
		by,
		method,
		k,
		hook_name: acts.hook_name as LatentClustering["hook_name"],
		latents,
		assignment,
		sizes,
		n_candidates: all.length,
		...(units && { copies: units.told.copies }),
		...membership(x, assignment, latents, k),
		...steady,
		...placed,
		...(source.kind === "latents" &&
			units && { tokens: strongestTokens(source, latents, units) }),
		seed,
		...(stopped && { stopped }),
		seconds: (performance.now() - started) / 1000,
	};
}

function repeatsOf(
	{ repeats }: LatentClusterOptions,
	{ rows }: Matrix,
): number {
	return repeats ?? (rows <= REPEATED.most ? REPEATED.usual : 0);
}

function onStart(done: number, total: number): void {
	reportProgress({ label: "cluster latents", done, total, unit: "starts" });
}

function saeOf(source: Sae | Latents): Sae {
	return source.kind === "latents" ? source.sae : source;
}

function check(
	source: Sae | Latents,
	options: LatentClusterOptions,
	k: number,
): void {
	const { by = "decoder", method = "spherical", map = "pca" } = options;
	if (source.kind !== "latents" && source.kind !== "sae")
		throw new Error(
			"clusterLatents groups an autoencoder's latents, and was given something else; give the autoencoder, or what its encode(acts) gives.",
		);
	const known = {
		by: [by, "decoder", "coactivation"],
		method: [method, "spherical", "agglomerative"],
		map: [map, "pca", "umap"],
	};
	for (const [name, [value, ...two]] of Object.entries(known))
		if (!two.includes(value))
			throw new Error(
				`${name} is ${JSON.stringify(value)}, where "${two[0]}" or "${two[1]}" was expected.`,
			);
	if (source.kind !== "latents" && by === "coactivation")
		throw new Error(
			'by is "coactivation", but an autoencoder alone does not say where its latents fire; give the latents, await sae.encode(acts).',
		);
	checkWhole("k", k, 1);
	checkSeed(options.seed);
	if (options.repeats) checkWhole("repeats", options.repeats, 2);
	if (options.sample === undefined) return;
	checkWhole("sample", options.sample, 1);
	if (method === "agglomerative" && options.sample > AGGLOMERATIVE.most)
		throw new Error(
			`sample is ${options.sample}, and the method "agglomerative" takes ${AGGLOMERATIVE.most} latents at most; give a smaller sample, or leave the method out.`,
		);
}

/** Those that could be grouped, ascending. Throws where there are none. */
function candidates(
	source: Sae | Latents,
	by: LatentClustering["by"],
): Uint32Array {
	const firing = source.kind === "latents" ? firingLatents(source) : undefined;
	if (firing?.length === 0)
		throw new Error(
			"No latent fires on any token, so there is nothing to group; encode with another autoencoder, or give the autoencoder itself.",
		);
	if (firing && by === "coactivation") return firing;
	const { W_dec, cfg } = saeOf(source);
	const all = firing ?? Uint32Array.from({ length: cfg.d_sae }, (_, i) => i);
	const some = all.filter((latent) => squaredLength(W_dec, latent, cfg) > 0);
	if (some.length > 0) return some;
	throw new Error(
		"Every latent's row of W_dec is zero, so there is no direction to group by; look at the weights.",
	);
}

/** Of a row of W_dec. Throws where it is not finite. */
function squaredLength(
	W_dec: Float32Array,
	latent: number,
	{ d_in }: Sae["cfg"],
): number {
	let sum = 0;
	for (let at = latent * d_in; at < (latent + 1) * d_in; at++)
		sum += W_dec[at] * W_dec[at];
	if (Number.isFinite(sum)) return sum;
	const row = W_dec.subarray(latent * d_in, (latent + 1) * d_in);
	const column = firstNotFinite(row);
	throw notFinite(
		`The row of latent ${latent} in W_dec`,
		`column ${column} is ${row[column]}`,
		"look at how the autoencoder was trained or loaded",
	);
}

/** All, or the sample that stands for them, ascending. Throws where they are fewer than k. */
function chosen(
	all: Uint32Array,
	{ method, map, sample, seed = 0 }: LatentClusterOptions,
	k: number,
): Uint32Array {
	const most =
		sample ??
		Math.min(
			method === "agglomerative" ? AGGLOMERATIVE.usual : all.length,
			map === "umap" ? UMAP_USUAL : all.length,
		);
	if (k > Math.min(all.length, most))
		throw new Error(
			all.length <= most
				? `k is ${k}, but there are only ${all.length} latents to group; give a smaller k.`
				: `k is ${k}, but only ${most} latents are drawn; give a smaller k or a larger sample.`,
		);
	if (all.length <= most) return all;
	return random(seed).shuffle(all.slice()).subarray(0, most).sort();
}

/** Rows of W_dec at length 1. */
function directions({ W_dec, cfg }: Sae, latents: Uint32Array): Matrix {
	const d = cfg.d_in;
	const data = new Float32Array(latents.length * d);
	latents.forEach((latent, i) => {
		const scale = 1 / Math.sqrt(squaredLength(W_dec, latent, cfg));
		for (let j = 0; j < d; j++) data[i * d + j] = W_dec[latent * d + j] * scale;
	});
	return { kind: "dense", rows: latents.length, columns: d, data };
}

/** Where UMAP is stopped before it began, the principal components are what there is. */
async function place(
	x: Matrix,
	how: {
		map: LatentClustering["map_method"];
		seed: number;
		signal: AbortSignal | undefined;
	},
): Promise<Pick<LatentClustering, "map" | "map_method" | "stopped">> {
	const start = await principalComponents(x, how.seed);
	if (how.map === "pca") return { map: start, map_method: "pca" };
	const found = await umap(x, { ...how, start });
	if (found) return { ...found, map_method: "umap" };
	return { map: start, map_method: "pca", stopped: "interrupted" };
}
