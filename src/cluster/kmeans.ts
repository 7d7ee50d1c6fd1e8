import { setImmediate } from "node:timers/promises";
import { type Matrix, squaredLengths, unitRows } from "../activations";
import { random } from "../random";
import { type Means, type Metric, means } from "./means";
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
	/** Rows to start from instead, one a cluster. */
	start?: ArrayLike<number>;
	/** Ends it after the round at hand. */
	signal?: AbortSignal;
	/** Told after each start. */
	onStart?: (done: number, starts: number) => void;
}

/** Rounds that tell a good start from a bad one. */
const FIRST_ROUNDS = 15;
const MAX_ROUNDS = 300;

/**
 * k-means by Lloyd's algorithm. The k-means++ starts run for 15 rounds; the one with the least inertia goes on until no
 * row changes its cluster (at most 300). Sparse rows stay sparse: distances come from |x|² − 2 x·c + |c|², in 32 bits; the
 * inertia is summed in 64. A cluster that loses all rows is given the row that lies farthest from its centre.
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
	const data = await means(rows, k, metric);
	try {
		checkFinite(data);
		const run = (from: Float32Array, rounds: number) =>
			lloyd(rows, data, from, k, rounds, signal);
		if (options.start)
			return await run(centresAt(rows, options.start), MAX_ROUNDS);
		const draw = random(options.seed);
		let best: Partition | undefined;
		for (let i = 0; i < restarts && !(best && signal?.aborted); i++) {
			const start = centresAt(rows, await plusPlus(data, k, draw));
			const found = await run(start, FIRST_ROUNDS);
			if (!best || found.inertia < best.inertia) best = found;
			onStart?.(i + 1, restarts);
		}
		const first = best as Partition;
		if (signal?.aborted) return { ...first, stopped: "interrupted" };
		const found = await run(first.centres, MAX_ROUNDS);
		return { ...found, iterations: first.iterations + found.iterations };
	} finally {
		await data.release();
	}
}

function checkFinite({ lengths }: Means): void {
	const row = lengths.findIndex((length) => !Number.isFinite(length));
	if (row >= 0)
		throw new Error(
			`k-means was given a number that is not finite (NaN or infinite) in row ${row}; look for it where the rows were made.`,
		);
}

async function lloyd(
	x: Matrix,
	data: Means,
	start: Float32Array,
	k: number,
	rounds: number,
	signal?: AbortSignal,
): Promise<Partition> {
	let assignment = new Uint32Array(x.rows).fill(k); // k: none yet
	let nearest = new Uint32Array(x.rows);
	const distance = new Float64Array(x.rows);
	data.place(start);
	let iterations = 0;
	let moved = true;
	for (; moved && iterations < rounds; iterations++) {
		await setImmediate();
		if (iterations > 0 && signal?.aborted) break;
		await data.nearest(nearest, distance);
		fillEmpty(x, data, k, nearest, distance);
		moved = nearest.some((c, i) => c !== assignment[i]);
		[assignment, nearest] = [nearest, assignment];
		if (moved) data.move(assignment);
	}
	const centres = data.centres();
	const own = squaredDistances(x, data.lengths, assignment, centres);
	const stopped = moved && signal?.aborted;
	return {
		assignment,
		centres,
		inertia: own.reduce((sum, d) => sum + d, 0),
		iterations,
		...(stopped && { stopped: "interrupted" as const }),
	};
}

/** Gives each empty cluster the farthest row of a cluster that has others. */
function fillEmpty(
	x: Matrix,
	data: Means,
	k: number,
	nearest: Uint32Array,
	distance: Float64Array,
): void {
	const sizes = new Uint32Array(k);
	for (const c of nearest) sizes[c]++;
	if (!sizes.includes(0)) return;
	const { lengths } = data;
	// Without the rounding of 32 bits, for which equal rows may lie apart.
	distance.set(squaredDistances(x, lengths, nearest, data.centres()));
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

/** Distance of each row to the centre of its own cluster. */
export function distancesToOwn(
	x: Matrix,
	assignment: Uint32Array,
	centres: Float32Array,
): Float64Array {
	return squaredDistances(x, squaredLengths(x), assignment, centres).map(
		Math.sqrt,
	);
}

/** Of each row to the centre of its own cluster, in 64 bits. */
function squaredDistances(
	x: Matrix,
	lengths: Float64Array,
	assignment: Uint32Array,
	centres: Float32Array,
): Float64Array {
	const d = x.columns;
	if (x.kind === "dense")
		return Float64Array.from(assignment, (c, i) => {
			let sum = 0;
			for (let j = 0, at = i * d, of = c * d; j < d; j++, at++, of++)
				sum += (x.data[at] - centres[of]) ** 2;
			return sum;
		});
	const squares = new Float64Array(centres.length / d);
	for (let c = 0; c < squares.length; c++)
		for (let at = c * d; at < (c + 1) * d; at++)
			squares[c] += centres[at] * centres[at];
	return Float64Array.from(assignment, (c, i) => {
		let dot = 0;
		for (let p = x.indptr[i]; p < x.indptr[i + 1]; p++)
			dot += x.values[p] * centres[c * d + x.indices[p]];
		return Math.max(0, lengths[i] - 2 * dot + squares[c]);
	});
}

/** The nearest of `centres` for each row, and its squared distance. */
export async function nearestCentres(
	x: Matrix,
	centres: Float32Array /* [k, columns] */,
	k: number,
): Promise<{ assignment: Uint32Array; distance: Float64Array }> {
	const data = await means(x, k, "euclidean");
	try {
		checkFinite(data);
		data.place(centres);
		const assignment = new Uint32Array(x.rows);
		const distance = new Float64Array(x.rows);
		await data.nearest(assignment, distance);
		return { assignment, distance };
	} finally {
		await data.release();
	}
}
