import type { Matrix } from "../activations";
import { turns } from "../interrupt";
import { type Random, random } from "../random";
import type { Means } from "./means";

/**
 * k-means++ (Arthur & Vassilvitskii 2007): rows drawn in proportion to their squared distance from those so far, each
 * the best of 2 + ln k draws. Makes `count` such starts [count][k] side by side, each the same as if they were made one by
 * one. `counts`: how often each row counts.
 */
export async function plusPlus(
	{ distancesTo, lengths }: Means,
	k: number,
	draw: Random,
	count = 1,
	counts?: Float64Array,
): Promise<Uint32Array[]> {
	const trials = 2 + Math.floor(Math.log(k));
	const pause = turns();
	const starts = Array.from({ length: count }, () => {
		const own = random(draw.state());
		for (let n = 1 + (k - 1) * trials; n > 0; n--) draw.uniform();
		const chosen = new Uint32Array(k);
		chosen[0] = counts
			? drawInProportion(counts, own, 1)[0]
			: own.int(lengths.length);
		return { chosen, draw: own };
	});
	const closest = await distancesTo(starts.map(({ chosen }) => chosen[0]));
	for (let c = 1; c < k; c++) {
		await pause();
		const candidates = starts.map(({ draw }, s) =>
			drawInProportion(closest[s], draw, trials),
		);
		const to = await distancesTo(candidates.flatMap((rows) => [...rows]));
		for (const [s, { chosen }] of starts.entries()) {
			const own = to.slice(s * trials, (s + 1) * trials);
			const best = leastLeft(closest[s], own);
			chosen[c] = candidates[s][best];
			closest[s] = own[best];
		}
	}
	return starts.map(({ chosen }) => chosen);
}

/** Which candidate leaves the least; each one's distances become the least of its own and those so far. */
function leastLeft(closest: Float64Array, candidates: Float64Array[]): number {
	let least = Number.POSITIVE_INFINITY;
	let best = 0;
	for (const [t, to] of candidates.entries()) {
		let sum = 0;
		for (let i = 0; i < to.length; i++) {
			if (closest[i] < to[i]) to[i] = closest[i];
			sum += to[i];
		}
		if (sum < least) {
			least = sum;
			best = t;
		}
	}
	return best;
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
	// Locals: the loops are the hottest of k-means.
	if (x.kind === "dense") {
		const { data, columns } = x;
		const from = row * columns;
		for (let j = 0; j < columns; j++) to[at + j] += factor * data[from + j];
	} else {
		const { indices, values } = x;
		const end = x.indptr[row + 1];
		for (let p = x.indptr[row]; p < end; p++)
			to[at + indices[p]] += factor * values[p];
	}
}
