import type { DenseMatrix, Matrix } from "../activations";
import { squaredDistances } from "./distances";
import { type Dots, dotsOf } from "./dots";
import {
	inverseSizes,
	type Means,
	type Metric,
	type Run,
	weighted,
} from "./means";
import { addRow, centresAt } from "./start";

/** Centres that a product has side by side: up to so many cost little more than one. */
const WIDE = 48;
/** Share of the squared lengths below which an inertia is taken from the differences, without cancellation. */
const CLOSE = 1e-6;

interface DenseRun extends Run {
	at: Float32Array; // [k, columns]
	half: Float64Array; // [k], |c|² / 2
}

/** `dense` are the rows x dense: products take those, sums the rows as they are given, of which sparse ones are shorter. */
export async function denseMeans(
	x: Matrix,
	dense: DenseMatrix,
	k: number,
	metric: Metric,
	counts: Float64Array,
): Promise<Means> {
	const { rows, columns } = dense;
	const dots = await dotsOf(dense);
	const begins = (i: number) =>
		x.kind === "dense" ? i * columns : x.indptr[i];
	const stored = x.kind === "dense" ? x.data : x.values;
	const lengths = Float64Array.from({ length: rows }, (_, i) =>
		squaredLength(stored, begins(i), begins(i + 1) - begins(i)),
	);
	return {
		lengths,
		distancesTo: (of) => distancesTo(x, lengths, counts, dots, of),
		abreast: Math.max(1, Math.floor(WIDE / k)),
		begin: (centres) => begin(x, lengths, counts, centres, k, metric),
		async nearest(runs) {
			const all = new Float32Array(runs.length * k * columns);
			runs.forEach((run, r) => {
				all.set((run as DenseRun).at, r * k * columns);
			});
			const width = runs.length * k;
			const products = await dots(all, width); // [rows, width]
			runs.forEach((run, r) => {
				nearestOf(run as DenseRun, lengths, products, r * k, width);
			});
		},
		release: async () => undefined,
	};
}

async function distancesTo(
	x: Matrix,
	lengths: Float64Array,
	counts: Float64Array,
	dots: Dots,
	of: ArrayLike<number>,
): Promise<Float64Array[]> {
	const n = of.length;
	const products = await dots(centresAt(x, of), n); // [rows, n]
	return Array.from(of, (row, c) => {
		const to = new Float64Array(x.rows);
		for (let i = 0; i < to.length; i++)
			to[i] =
				counts[i] *
				Math.max(0, lengths[i] + lengths[row] - 2 * products[i * n + c]);
		return to;
	});
}

/** From the products with its centres, which begin at `from` in rows of `width`. */
function nearestOf(
	{ half, nearest, distance }: DenseRun,
	lengths: Float64Array,
	products: Float32Array,
	from: number,
	width: number,
): void {
	for (let i = 0, at = from; i < nearest.length; i++, at += width) {
		let most = Number.NEGATIVE_INFINITY;
		let own = 0;
		for (let c = 0; c < half.length; c++) {
			const score = products[at + c] - half[c];
			if (score > most) {
				most = score;
				own = c;
			}
		}
		nearest[i] = own;
		distance[i] = Math.max(0, lengths[i] - 2 * most);
	}
}

/** Only rows that change sides are added up, in 64 bits: late rounds cost little. */
function begin(
	x: Matrix,
	lengths: Float64Array,
	counts: Float64Array,
	start: Float32Array,
	k: number,
	metric: Metric,
): DenseRun {
	const { rows, columns: d } = x;
	const at = start.slice();
	const half = new Float64Array(k);
	const sums = new Float64Array(k * d);
	const summed = new Uint32Array(rows).fill(k); // in which cluster's sum each row is; k: in none
	const measure = () => {
		for (let c = 0; c < k; c++) half[c] = squaredLength(at, c * d, d) / 2;
	};
	measure();
	return {
		at,
		half,
		nearest: new Uint32Array(rows),
		distance: new Float64Array(rows),
		move(assignment) {
			for (let i = 0; i < rows; i++) {
				if (summed[i] === assignment[i]) continue;
				if (summed[i] < k) addRow(x, i, -counts[i], sums, summed[i] * d);
				addRow(x, i, counts[i], sums, assignment[i] * d);
				summed[i] = assignment[i];
			}
			const inverse = inverseSizes(assignment, k, counts);
			for (let c = 0; c < k; c++) {
				let scale = inverse[c];
				if (metric === "spherical") {
					const square = squaredLength(sums, c * d, d);
					scale = square > 0 ? 1 / Math.sqrt(square) : 0;
				}
				for (let j = c * d; j < (c + 1) * d; j++) at[j] = scale * sums[j];
			}
			measure();
		},
		inertia() {
			const all = weighted(lengths, counts);
			let inertia = all; // Σ |x|² + n |c|² − 2 c·Σx
			for (let i = 0; i < rows; i++) inertia += 2 * counts[i] * half[summed[i]];
			for (let j = 0; j < sums.length; j++) inertia -= 2 * at[j] * sums[j];
			if (inertia > CLOSE * all) return inertia;
			return weighted(squaredDistances(x, lengths, summed, at), counts);
		},
		centres: () => at.slice(),
	};
}

/** Of the n numbers at `from`. */
function squaredLength(
	a: Float32Array | Float64Array,
	from: number,
	n: number,
): number {
	let squares = 0;
	for (let j = 0; j < n; j++) squares += a[from + j] * a[from + j];
	return squares;
}
