import { availableParallelism } from "node:os";
import type { Matrix } from "../activations";
import { denseMeans } from "./means-dense";
import { sparseMeans } from "./means-sparse";

/** Rows and k centres among them: all that Lloyd's algorithm does with numbers. */
export interface Means {
	/** Squared length of each row. */
	lengths: Float64Array; // [rows]
	/** Squared distances of all rows to each of the listed ones. */
	distancesTo(rows: ArrayLike<number>): Promise<Float64Array[]>;
	/** Puts the centres there. */
	place(centres: Float32Array /* [k, columns] */): void;
	/** Writes the nearest centre of each row (of equals the first), and its squared distance. */
	nearest(assignment: Uint32Array, distance: Float64Array): Promise<void>;
	/** Moves each centre to the mean of its rows; spherical ones are given the length 1 then. */
	move(assignment: Uint32Array): void;
	centres(): Float32Array; // [k, columns], a copy
	release(): Promise<void>;
}

/** "spherical": centres have the length 1, and so must the rows. */
export type Metric = "euclidean" | "spherical";

/** Whoever makes it releases it. */
export function means(x: Matrix, k: number, metric: Metric): Promise<Means> {
	return x.kind === "dense"
		? denseMeans(x, k, metric)
		: Promise.resolve(sparseMeans(x, k, metric, threadsFor(x.indices, k)));
}

/** Below so many products a round a second thread costs more than it gives. */
const WORTH = 1e7;

function threadsFor({ length }: ArrayLike<number>, k: number): number {
	return length * k < WORTH ? 1 : availableParallelism();
}

/** 1 over how many rows each cluster has; 0 where it has none. */
export function inverseSizes(assignment: Uint32Array, k: number): Float64Array {
	const sizes = new Float64Array(k);
	for (const c of assignment) sizes[c]++;
	return sizes.map((n) => (n > 0 ? 1 / n : 0));
}
