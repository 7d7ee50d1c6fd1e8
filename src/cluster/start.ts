import type { Matrix } from "../activations";
import { turns } from "../interrupt";
import type { Random } from "../random";
import type { Means } from "./means";

/**
 * k-means++ (Arthur & Vassilvitskii 2007): rows drawn in proportion to their squared distance from those so far, each
 * the best of 2 + ln k draws.
 */
export async function plusPlus(
	{ distancesTo, lengths }: Means,
	k: number,
	draw: Random,
): Promise<Uint32Array> {
	const chosen = new Uint32Array(k);
	chosen[0] = draw.int(lengths.length);
	let closest = (await distancesTo(chosen.subarray(0, 1)))[0];
	const pause = turns();
	const trials = 2 + Math.floor(Math.log(k));
	for (let c = 1; c < k; c++) {
		await pause();
		const candidates = drawInProportion(closest, draw, trials);
		let least = Number.POSITIVE_INFINITY;
		let next = closest;
		for (const [t, to] of (await distancesTo(candidates)).entries()) {
			let sum = 0;
			for (let i = 0; i < to.length; i++) {
				if (closest[i] < to[i]) to[i] = closest[i];
				sum += to[i];
			}
			if (sum < least) {
				least = sum;
				next = to;
				chosen[c] = candidates[t];
			}
		}
		closest = next;
	}
	return chosen;
}

/** Positions in `weights`, the same more than once where it falls so. */
function drawInProportion(
	weights: Float64Array,
	draw: Random,
	n: number,
): Uint32Array {
	let total = 0;
	for (const w of weights) total += w;
	// Every row lies on a centre: then any will do.
	if (total === 0)
		return Uint32Array.from({ length: n }, () => draw.int(weights.length));
	const marks = Float64Array.from({ length: n }, () => draw.uniform() * total);
	marks.sort();
	const drawn = new Uint32Array(n).fill(weights.length - 1);
	let sum = 0;
	for (let i = 0, t = 0; i < weights.length && t < n; i++) {
		sum += weights[i];
		while (t < n && marks[t] < sum) drawn[t++] = i;
	}
	return drawn;
}

/** Copies of rows, dense. */
export function centresAt(x: Matrix, rows: ArrayLike<number>): Float32Array {
	const centres = new Float32Array(rows.length * x.columns); // [k, columns]
	for (let c = 0; c < rows.length; c++)
		addRow(x, rows[c], 1, centres, c * x.columns);
	return centres;
}

/** Adds a multiple of one row to the numbers at `at`. */
export function addRow(
	x: Matrix,
	row: number,
	factor: number,
	to: Float64Array | Float32Array,
	at: number,
): void {
	if (x.kind === "dense") {
		const from = row * x.columns;
		for (let j = 0; j < x.columns; j++) to[at + j] += factor * x.data[from + j];
	} else {
		for (let p = x.indptr[row]; p < x.indptr[row + 1]; p++)
			to[at + x.indices[p]] += factor * x.values[p];
	}
}
