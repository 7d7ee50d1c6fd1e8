import type { Matrix, Products } from "../activations";
import { turns } from "../interrupt";
import type { Random } from "../random";

/** Rows with what k-means asks of them again and again. */
export interface Data {
	x: Matrix;
	lengths: Float64Array; // [rows], squared
	products: Products;
}

/** k-means++: rows drawn in proportion to their squared distance from the centres so far. */
export async function plusPlus(
	data: Data,
	k: number,
	draw: Random,
): Promise<Uint32Array> {
	const { x, lengths } = data;
	const chosen = new Uint32Array(k);
	chosen[0] = draw.int(x.rows);
	let closest = (await distancesTo(data, chosen.subarray(0, 1)))[0];
	const pause = turns();
	const trials = 2 + Math.floor(Math.log(k));
	for (let c = 1; c < k; c++) {
		await pause();
		const candidates = Uint32Array.from({ length: trials }, () =>
			drawInProportion(closest, draw),
		);
		const distances = await distancesTo(data, candidates);
		let least = Number.POSITIVE_INFINITY;
		let next = closest;
		distances.forEach((to, t) => {
			let sum = 0;
			for (let i = 0; i < to.length; i++) {
				to[i] = Math.min(to[i], closest[i]);
				sum += to[i];
			}
			if (sum < least) {
				least = sum;
				next = to;
				chosen[c] = candidates[t];
			}
		});
		closest = next;
	}
	return chosen;

	async function distancesTo(
		{ products }: Data,
		rows: Uint32Array,
	): Promise<Float64Array[]> {
		const centres = centresAt(x, rows);
		const t = rows.length;
		const scores = await products.times(turn(centres, t, x.columns), t);
		return Array.from(rows, (row, c) =>
			lengths.map((length, i) =>
				Math.max(0, length + lengths[row] - 2 * scores[i * t + c]),
			),
		);
	}
}

function drawInProportion(weights: Float64Array, draw: Random): number {
	let total = 0;
	for (const w of weights) total += w;
	let left = draw.uniform() * total;
	for (let i = 0; i < weights.length; i++) {
		left -= weights[i];
		if (left < 0) return i;
	}
	return draw.int(weights.length); // every row lies on a centre
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

/** [k, columns] as [columns, k]. */
export function turn(
	a: Float32Array,
	k: number,
	columns: number,
): Float32Array {
	const out = new Float32Array(a.length);
	for (let c = 0; c < k; c++)
		for (let j = 0; j < columns; j++) out[j * k + c] = a[c * columns + j];
	return out;
}
