import type { Activations, Pool } from "../activations";
import type { Sentences } from "../dataset";
import { notFinite } from "../finite";
import { listenTo, turns } from "../interrupt";
import { type Random, random } from "../random";
import type { Latents } from "../sae";
import { checkSeed, checkWhole, rowsOfSentences } from "./cluster";
import { principalComponents } from "./components";
import type { Clustering, KMeansSteps } from "./result";
import { scaleRows } from "./rows";
import { unitsIn } from "./units";

type Round = ReturnType<typeof import("ml-kmeans").kmeans>;
type Place = [number, number];

export interface KMeansStepsOptions {
	/** How many clusters. Default: that of the clustering that is given, else 5. */
	k?: number;
	/**
	 * Where the centres start. "random" (default): on points drawn at random. "k-means++": each on a point drawn in
	 * proportion to its squared distance from those before (Arthur & Vassilvitskii 2007).
	 */
	start?: "random" | "k-means++";
	/**
	 * At most so many sentences. Where there are more, so many texts are drawn at random, each by its first sentence.
	 * Default: 400.
	 */
	sample?: number;
	/** As for `cluster`; not with a clustering, which has its own. */
	pool?: Pool;
	/** As for `cluster`; not with a clustering, which has its own. */
	before?: string;
	/** Default: 0. The same seed gives the same steps. */
	seed?: number;
	/** Ends it, with the signal's reason as error. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

const MAX_ROUNDS = 100;

/**
 * k-means step by step, to look at: by the generator of the npm library ml-kmeans, in the plane of the first two
 * principal components of the sentences' scaled rows (see `cluster`), or in the plane of a clustering's `projection`. What
 * is clustered is the places in that plane, so that what one sees is all there is; the clusters are not those that
 * `cluster` finds in all columns.
 *
 * Step 0 has the centres where they start, and every point "moves" to its nearest; each later step has the centres
 * at the means of the clusters before, and the points at the nearest of these. The last one moves no point, unless
 * 100 rounds were not enough: then `converged` is false.
 *
 * Throws when k or the sample is no whole number from 1 on, when the places are fewer than k, when the places are not
 * finite, when `start` is unknown, and where `poolSentences` throws.
 */
export async function kMeansSteps(
	source: Latents | Activations | Clustering,
	options: KMeansStepsOptions = {},
): Promise<KMeansSteps> {
	const { seed = 0, sample = 400, start = "random" } = options;
	const k = options.k ?? (source.kind === "clusters" ? source.k : 5);
	checkWhole("k", k, 1);
	checkWhole("sample", sample, 1);
	checkSeed(seed);
	if (start !== "random" && start !== "k-means++")
		throw new Error(
			`start is ${JSON.stringify(start)}, where "random" or "k-means++" was expected.`,
		);
	const signal = listenTo(options.signal);
	const { places, sentences } = await placed(source, {
		...options,
		...(signal && { signal }),
	});
	const { first, told } = unitsIn(sentences);
	const draw = random(seed);
	const chosen = drawn(places.length, first, sample, draw);
	const points = Array.from(chosen, (i) => places[i]);
	const centres = startAt(points, k, start, draw);
	return {
		kind: "k-means-steps",
		k,
		points: points.map(([x, y], i) => ({
			sentence: chosen[i],
			...{ x, y },
			text: sentences.text[chosen[i]],
		})),
		...(await stepsFrom(points, centres, signal)),
		n_texts: first.length,
		copies: told.copies,
		start,
		seed,
	};
}

/** Every sentence's place in the plane. */
async function placed(
	source: Latents | Activations | Clustering,
	options: KMeansStepsOptions,
): Promise<{ places: Place[]; sentences: Sentences }> {
	if (source.kind === "clusters") {
		if (options.pool !== undefined || options.before !== undefined)
			throw new Error(
				"pool and before were chosen when the clustering was made; leave them out, or give its latents or activations instead.",
			);
		return { places: source.projection, sentences: source.sentences };
	}
	const pooled = await rowsOfSentences(source, options);
	const { x } = scaleRows(pooled);
	const acts = source.kind === "latents" ? source.acts : source;
	const places = await principalComponents(x, options.seed ?? 0);
	return { places, sentences: acts.sentences };
}

/** All n sentences, or the first ones of so many texts, ascending. */
function drawn(
	n: number,
	first: Uint32Array,
	sample: number,
	draw: Random,
): Uint32Array {
	if (n <= sample) return Uint32Array.from({ length: n }, (_, i) => i);
	return draw.shuffle(first.slice()).subarray(0, sample).sort();
}

/** k points that lie apart. */
function startAt(
	points: Place[],
	k: number,
	start: "random" | "k-means++",
	draw: Random,
): Place[] {
	const bad = points.findIndex((p) => !p.every(Number.isFinite));
	if (bad >= 0)
		throw notFinite(
			`Point ${bad} of the projection`,
			`it lies at ${points[bad].join(", ")}`,
		);
	const centres: Place[] = [];
	const closest = new Float64Array(points.length).fill(1);
	while (centres.length < k) {
		const weights =
			start === "random" ? closest.map((d) => (d > 0 ? 1 : 0)) : closest;
		const next = drawOne(weights, draw);
		if (next < 0)
			throw new Error(
				`k is ${k}, but the ${points.length} sentences lie in ${centres.length} places only; give a smaller k or more sentences.`,
			);
		const centre = points[next];
		for (let i = 0; i < points.length; i++) {
			const away = squaredDistance(points[i], centre);
			closest[i] = centres.length ? Math.min(closest[i], away) : away;
		}
		centres.push(centre);
	}
	return centres;
}

/** A position, drawn in proportion to its weight; −1 where all are 0. */
function drawOne(weights: Float64Array, draw: Random): number {
	let left = draw.uniform() * weights.reduce((sum, w) => sum + w, 0);
	let last = -1;
	for (let i = 0; i < weights.length; i++) {
		if (weights[i] === 0) continue;
		last = i;
		left -= weights[i];
		if (left < 0) break;
	}
	return last;
}

async function stepsFrom(
	points: Place[],
	start: Place[],
	signal?: AbortSignal,
): Promise<Pick<KMeansSteps, "steps" | "converged">> {
	// The library is an ES module; it is loaded only when it is asked for.
	const { kmeansGenerator } = await import("ml-kmeans");
	const rounds = kmeansGenerator(points, start.length, {
		initialization: start,
		maxIterations: MAX_ROUNDS,
		tolerance: 0,
	});
	const turn = turns(signal);
	const steps: KMeansSteps["steps"] = [];
	let centres = start;
	let before: number[] = [];
	let converged = false;
	// A round gives the clusters around the centres so far, and their means: the centres of the step after it.
	for (const round of rounds as Iterable<Round>) {
		await turn();
		const assignment = [...round.clusters]; // the library goes on writing into its own
		steps.push({
			centres,
			assignment,
			inertia: points.reduce(
				(sum, p, i) => sum + squaredDistance(p, centres[assignment[i]]),
				0,
			),
			moved: assignment.filter((c, i) => c !== before[i]).length,
		});
		centres = round.centroids.map(([x, y]): Place => [x, y]);
		before = assignment;
		converged = round.converged;
	}
	return { steps, converged };
}

function squaredDistance([a, b]: Place, [c, d]: Place): number {
	return (a - c) ** 2 + (b - d) ** 2;
}
