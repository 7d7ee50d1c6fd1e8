import { forEachEntry, type Matrix } from "../activations";
import { topIndices } from "../top";
import type { LatentClustering } from "./result";

/** Members that stand for a cluster. */
const LISTED = 5;

/**
 * How close the members of each cluster are to its mean direction, and which are closest. The rows have the length 1;
 * where those of a cluster cancel out there is no mean direction, and the cosine is 0.
 */
export function membership(
	x: Matrix,
	assignment: Uint32Array,
	latents: Uint32Array,
	k: number,
): Pick<LatentClustering, "tightness" | "members"> {
	const cosine = cosinesWithMean(x, assignment, k);
	const clusters = Array.from({ length: k }, (_, cluster) => {
		let sum = 0;
		let n = 0;
		const own = cosine.map((value, i) => {
			if (assignment[i] !== cluster) return Number.NaN;
			sum += value;
			n++;
			return value;
		});
		const members = topIndices(own, LISTED).map((i) => ({
			cluster,
			latent: latents[i],
			cosine: cosine[i],
		}));
		return { tightness: sum / n, members };
	});
	return {
		tightness: clusters.map(({ tightness }) => tightness),
		members: clusters.flatMap(({ members }) => members),
	};
}

/** Of each row with the mean direction of its cluster. */
function cosinesWithMean(
	x: Matrix,
	assignment: Uint32Array,
	k: number,
): Float64Array {
	const d = x.columns;
	const sums = new Float64Array(k * d);
	forEachEntry(x, (row, column, value) => {
		sums[assignment[row] * d + column] += value;
	});
	const squares = new Float64Array(k);
	for (let c = 0; c < k; c++)
		for (let at = c * d; at < (c + 1) * d; at++) squares[c] += sums[at] ** 2;
	const dots = new Float64Array(x.rows);
	forEachEntry(x, (row, column, value) => {
		dots[row] += value * sums[assignment[row] * d + column];
	});
	return dots.map((dot, row) => {
		const square = squares[assignment[row]];
		return square > 1e-12 ? dot / Math.sqrt(square) : 0;
	});
}
