import type { Matrix } from "../activations";
import { allowedThreads } from "../threads";
import { denseWhereFilled } from "./filled";
import { denseMeans } from "./means-dense";
import { sparseMeans } from "./means-sparse";

/** Rows, and k centres among them for each run of Lloyd's algorithm: all that it does with numbers. */
export interface Means {
	/** Squared length of each row. */
	lengths: Float64Array; // [rows]
	/** Squared distances of all rows to each of the listed ones, times how often each row counts. */
	distancesTo(rows: ArrayLike<number>): Promise<Float64Array[]>;
	/** How many runs are quicker side by side than one after another. */
	abreast: number;
	/** A new run from these centres. */
	begin(centres: Float32Array /* [k, columns] */): Run;
	/** Writes each run's `nearest` and `distance`. */
	nearest(runs: Run[]): Promise<void>;
	release(): Promise<void>;
}

/** Where the centres of one run are. */
export interface Run {
	/** The nearest centre of each row (of equals the first). */
	nearest: Uint32Array; // [rows]
	/** Squared distance to it. */
	distance: Float64Array; // [rows]
	/** Moves each centre to the mean of its rows; spherical ones are given the length 1 then. */
	move(assignment: Uint32Array): void;
	/**
	 * Sum of squared distances of the rows, each as often as it counts, to the centres of the clusters that they were
	 * moved to last; in 64 bits.
	 */
	inertia(): number;
	centres(): Float32Array; // [k, columns], a copy
}

/** "spherical": centres have the length 1, and so must the rows. */
export type Metric = "euclidean" | "spherical";

/** Each row counts `counts` times. Whoever makes it releases it. */
export function means(
	x: Matrix,
	k: number,
	metric: Metric,
	counts: Float64Array = new Float64Array(x.rows).fill(1),
): Promise<Means> {
	const filled = denseWhereFilled(x);
	return filled.kind === "dense"
		? denseMeans(x, filled, k, metric, counts)
		: Promise.resolve(
				sparseMeans(filled, k, metric, counts, threadsFor(filled.indices, k)),
			);
}

/** Below so many products a round a second thread costs more than it gives. */
const WORTH = 1e7;

function threadsFor({ length }: ArrayLike<number>, k: number): number {
	return length * k < WORTH ? 1 : allowedThreads();
}

/** 1 over how many rows each cluster has, as often as they count; 0 where it has none. */
export function inverseSizes(
	assignment: Uint32Array,
	k: number,
	counts: Float64Array,
): Float64Array {
	const sizes = new Float64Array(k);
	for (let i = 0; i < assignment.length; i++) sizes[assignment[i]] += counts[i];
	return sizes.map((n) => (n > 0 ? 1 / n : 0));
}

/** The sum of numbers, each as often as it counts. */
export function weighted(values: Float64Array, counts: Float64Array): number {
	let sum = 0;
	for (let i = 0; i < values.length; i++) sum += counts[i] * values[i];
	return sum;
}
