import { setImmediate } from "node:timers/promises";
import { type Matrix, products, squaredLengths } from "../activations";
import { turns } from "../interrupt";
import { random } from "../random";
import { addRow, centresAt, type Data, plusPlus, turn } from "./start";

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
	/** Rows to start from instead of k-means++, one a cluster. */
	start?: ArrayLike<number>;
	/** Ends it after the round at hand. */
	signal?: AbortSignal;
	/** Told after each start. */
	onStart?: (done: number, starts: number) => void;
}

const STARTS = 10;
/** Rounds that tell a good start from a bad one. */
const FIRST_ROUNDS = 15;
const MAX_ROUNDS = 300;

/**
 * k-means by Lloyd's algorithm. Ten k-means++ starts (Arthur & Vassilvitskii 2007, each centre the best of 2 + ln k
 * draws) run for 15 rounds; the one with the least inertia goes on until no row changes its cluster (at most 300). Sparse rows stay sparse: distances come from
 * |x|² − 2 x·c + |c|². A cluster that loses all rows is given the row that lies farthest from its centre.
 *
 * On `signal` it returns the best of what it has, after one round at least. Throws when there are fewer distinct rows than
 * clusters.
 */
export async function kMeans(
	x: Matrix,
	options: KMeansOptions,
): Promise<Partition> {
	const { k, signal, onStart } = options;
	const lengths = squaredLengths(x);
	const data = { x, lengths, products: await products(x) };
	if (options.start) return lloyd(data, centresAt(x, options.start), signal);
	const draw = random(options.seed);
	let best: Partition | undefined;
	for (let i = 0; i < STARTS && !(best && signal?.aborted); i++) {
		const start = centresAt(x, await plusPlus(data, k, draw));
		const found = await lloyd(data, start, signal, FIRST_ROUNDS);
		if (!best || found.inertia < best.inertia) best = found;
		onStart?.(i + 1, STARTS);
	}
	const { centres, iterations } = best as Partition;
	if (signal?.aborted)
		return { ...(best as Partition), stopped: "interrupted" };
	const found = await lloyd(data, centres, signal);
	return { ...found, iterations: iterations + found.iterations };
}

async function lloyd(
	data: Data,
	centres: Float32Array,
	signal?: AbortSignal,
	rounds = MAX_ROUNDS,
): Promise<Partition> {
	const { x } = data;
	const k = centres.length / x.columns;
	const assignment = new Uint32Array(x.rows).fill(k); // k: none yet
	const distance = new Float64Array(x.rows);
	const sizes = new Float64Array(k);
	const sums = new Float64Array(k * x.columns);
	let iterations = 0;
	let moved = 1;
	for (; moved > 0 && iterations < rounds; iterations++) {
		await setImmediate();
		if (iterations > 0 && signal?.aborted) break;
		const nearest = await nearestCentres(data, centres, distance);
		fillEmpty(data, centres, nearest, distance);
		moved = 0;
		for (let i = 0; i < x.rows; i++) {
			if (nearest[i] === assignment[i]) continue;
			moved++;
			// Only rows that change sides are added up: late rounds cost little.
			if (assignment[i] < k) {
				addRow(x, i, -1, sums, assignment[i] * x.columns);
				sizes[assignment[i]]--;
			}
			addRow(x, i, 1, sums, nearest[i] * x.columns);
			sizes[nearest[i]]++;
			assignment[i] = nearest[i];
		}
		for (let c = 0; c < k; c++)
			for (let j = c * x.columns; j < (c + 1) * x.columns; j++)
				centres[j] = sums[j] / sizes[c];
	}
	const inertia = distance.reduce((sum, d) => sum + d, 0);
	const stopped = moved > 0 && signal?.aborted;
	return {
		...{ assignment, centres, inertia, iterations },
		...(stopped && { stopped: "interrupted" as const }),
	};
}

/** The nearest centre of each row; squared distances are written into `distance`. */
async function nearestCentres(
	{ x, lengths, products }: Data,
	centres: Float32Array,
	distance: Float64Array,
): Promise<Uint32Array> {
	const k = centres.length / x.columns;
	const scores = await products.times(turn(centres, k, x.columns), k); // [rows, k]
	const half = new Float64Array(k); // |c|² / 2
	for (let c = 0; c < k; c++)
		for (let at = c * x.columns; at < (c + 1) * x.columns; at++)
			half[c] += (centres[at] * centres[at]) / 2;
	const nearest = new Uint32Array(x.rows);
	for (let i = 0; i < x.rows; i++) {
		let most = Number.NEGATIVE_INFINITY;
		for (let c = 0; c < k; c++) {
			const score = scores[i * k + c] - half[c];
			if (score > most) {
				most = score;
				nearest[i] = c;
			}
		}
		distance[i] = Math.max(0, lengths[i] - 2 * most);
	}
	return nearest;
}

/** Gives each empty cluster the farthest row of a cluster that has others. */
function fillEmpty(
	{ x, lengths }: Data,
	centres: Float32Array,
	nearest: Uint32Array,
	distance: Float64Array,
): void {
	const k = centres.length / x.columns;
	const sizes = new Uint32Array(k);
	for (const c of nearest) sizes[c]++;
	for (let c = 0; c < k; c++) {
		if (sizes[c] > 0) continue;
		let far = -1;
		for (let i = 0; i < nearest.length; i++)
			if (sizes[nearest[i]] > 1 && (far < 0 || distance[i] > distance[far]))
				far = i;
		if (
			far < 0 ||
			distanceBetween(x, far, centres, nearest[far]) <= 1e-12 * lengths[far]
		)
			throw new Error(
				`k is ${k}, but only ${sizes.filter((n) => n > 0).length} of the rows are distinct; give a smaller k.`,
			);
		sizes[nearest[far]]--;
		sizes[c] = 1;
		nearest[far] = c;
		distance[far] = 0;
	}
}

/** Squared, from one row to one centre: without the rounding of the quick way. */
function distanceBetween(
	x: Matrix,
	row: number,
	centres: Float32Array,
	c: number,
): number {
	const difference = Float64Array.from(
		centres.subarray(c * x.columns, (c + 1) * x.columns),
	);
	addRow(x, row, -1, difference, 0);
	return difference.reduce((sum, v) => sum + v * v, 0);
}

/** Distance of each row to the centre of its own cluster. */
export async function distancesToOwn(
	x: Matrix,
	assignment: Uint32Array,
	centres: Float32Array,
): Promise<Float64Array> {
	const distances = new Float64Array(assignment.length);
	const turn = turns();
	for (const [i, c] of assignment.entries()) {
		if (i % 64 === 0) await turn();
		distances[i] = Math.sqrt(distanceBetween(x, i, centres, c));
	}
	return distances;
}
