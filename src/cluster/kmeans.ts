import { setImmediate } from "node:timers/promises";
import { checkValues, type Matrix, unitRows } from "../activations";
import { random } from "../random";
import { squaredDistances } from "./distances";
import { type Means, type Metric, means, type Run } from "./means";
import { centresAt, plusPlus } from "./start";

export interface Partition {
	/** Cluster of each row. */
	assignment: Uint32Array; // [rows]
	centres: Float32Array; // [k, columns]
	/** Sum of squared distances to the nearest centre. */
	inertia: number;
	iterations: number;
	/** Set where the signal came before no row changed its cluster any more. */
	stopped?: "interrupted";
}

export interface KMeansOptions {
	k: number;
	seed: number;
	/** "spherical": rows are taken at length 1, and so are the centres, so that the cosine counts. Default: "euclidean". */
	metric?: Metric;
	/** k-means++ starts. Default: 10. */
	restarts?: number;
	/** How often each row counts, above 0. Default: once. */
	counts?: Float64Array; // [rows]
	/** Rows to start from instead, one a cluster. */
	start?: ArrayLike<number>;
	/** Ends it after the round at hand. */
	signal?: AbortSignal;
	/** Told after each start, or after those that ran side by side. */
	onStart?: (done: number, starts: number) => void;
}

/** Rounds that tell a good start from a bad one. */
const FIRST_ROUNDS = 15;
const MAX_ROUNDS = 300;

/**
 * k-means by Lloyd's algorithm. The k-means++ starts run for 15 rounds, on dense rows several side by side; the one with the least inertia goes on until no
 * row changes its cluster (at most 300). Distances come from |x|² − 2 x·c + |c|², in 32 bits; the inertia is summed in 64.
 * Sparse rows stay sparse, unless so much of them is stored that dense products are quicker. A cluster that loses all rows
 * is given the row that lies farthest from its centre.
 *
 * On `signal` it returns the best of what it has, after one round at least. Throws when there are fewer distinct rows than
 * clusters, and when numbers are not finite.
 */
export async function kMeans(
	x: Matrix,
	options: KMeansOptions,
): Promise<Partition> {
	const { k, metric = "euclidean", restarts = 10, signal, onStart } = options;
	const rows = metric === "spherical" ? unitRows(x) : x;
	const data = await means(rows, k, metric, options.counts);
	try {
		checkLengths(data, x);
		const begin = (start: ArrayLike<number>): Fit => ({
			run: data.begin(centresAt(rows, start)),
			assignment: new Uint32Array(x.rows).fill(k), // k: none yet
			iterations: 0,
			moved: true,
		});
		const go = (fits: Fit[], rounds: number) =>
			lloyd(rows, data, fits, k, rounds, signal);
		let best = options.start && begin(options.start);
		const draw = random(options.seed);
		let least = Number.POSITIVE_INFINITY;
		for (let done = 0; !options.start && done < restarts; ) {
			if (best && signal?.aborted) break;
			const count = Math.min(data.abreast, restarts - done);
			const fits = (await plusPlus(data, k, draw, count, options.counts)).map(
				begin,
			);
			await go(fits, FIRST_ROUNDS);
			for (const fit of fits) {
				const inertia = fit.run.inertia();
				if (!best || inertia < least) {
					best = fit;
					least = inertia;
				}
			}
			done += count;
			onStart?.(done, restarts);
		}
		const fit = best as Fit;
		const hasty = !options.start && signal?.aborted;
		if (!hasty) await go([fit], MAX_ROUNDS);
		const stopped = hasty || (fit.moved && signal?.aborted);
		return {
			assignment: fit.assignment,
			centres: fit.run.centres(),
			inertia: fit.run.inertia(),
			iterations: fit.iterations,
			...(stopped && { stopped: "interrupted" as const }),
		};
	} finally {
		await data.release();
	}
}

/** A run, and how far it has come. */
interface Fit {
	run: Run;
	assignment: Uint32Array; // [rows]
	iterations: number;
	/** Whether any row changed its cluster in the last round. */
	moved: boolean;
}

/** The largest squared length whose products 32 bits hold. */
const LARGEST = 1e37;

/** Throws where rows are not finite, or too long for products in 32 bits. */
function checkLengths({ lengths }: Means, x: Matrix): void {
	const row = lengths.findIndex((length) => !(length <= LARGEST));
	if (row < 0) return;
	checkValues(x);
	throw new Error(
		`Row ${row} is ${Math.sqrt(lengths[row]).toPrecision(2)} long, too long for products in 32 bits; divide the rows by a constant, or cluster with the metric "spherical".`,
	);
}

/** Rounds of several fits side by side, until no row changes its cluster; each does one at least. */
async function lloyd(
	x: Matrix,
	data: Means,
	fits: Fit[],
	k: number,
	rounds: number,
	signal?: AbortSignal,
): Promise<void> {
	for (let round = 0; round < rounds; round++) {
		const going = fits.filter(({ moved }) => moved);
		if (!going.length) return;
		await setImmediate();
		if (going[0].iterations > 0 && signal?.aborted) return;
		await data.nearest(going.map(({ run }) => run));
		for (const fit of going) {
			const { run, assignment } = fit;
			fillEmpty(x, data.lengths, run, k);
			fit.moved = run.nearest.some((c, i) => c !== assignment[i]);
			fit.iterations++;
			if (!fit.moved) continue;
			assignment.set(run.nearest);
			run.move(assignment);
		}
	}
}

/** Gives each empty cluster the farthest row of a cluster that has others. */
function fillEmpty(
	x: Matrix,
	lengths: Float64Array,
	{ nearest, distance, centres }: Run,
	k: number,
): void {
	const sizes = new Uint32Array(k);
	for (const c of nearest) sizes[c]++;
	if (!sizes.includes(0)) return;
	// Without the rounding of 32 bits, for which equal rows may lie apart.
	distance.set(squaredDistances(x, lengths, nearest, centres()));
	for (let c = 0; c < k; c++) {
		if (sizes[c] > 0) continue;
		let far = -1;
		for (let i = 0; i < nearest.length; i++)
			if (sizes[nearest[i]] > 1 && (far < 0 || distance[i] > distance[far]))
				far = i;
		if (far < 0 || distance[far] <= 1e-12 * lengths[far])
			throw new Error(
				`k is ${k}, but only ${sizes.filter((n) => n > 0).length} of the rows are distinct; give a smaller k.`,
			);
		sizes[nearest[far]]--;
		sizes[c] = 1;
		nearest[far] = c;
		distance[far] = 0;
	}
}

/** The nearest of `centres` for each row, and its squared distance. */
export async function nearestCentres(
	x: Matrix,
	centres: Float32Array /* [k, columns] */,
	k: number,
): Promise<{ assignment: Uint32Array; distance: Float64Array }> {
	const data = await means(x, k, "euclidean");
	try {
		checkLengths(data, x);
		const run = data.begin(centres);
		await data.nearest([run]);
		return { assignment: run.nearest, distance: run.distance };
	} finally {
		await data.release();
	}
}
