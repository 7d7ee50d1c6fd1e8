import {
	type Matrix,
	products,
	type SparseMatrix,
	transpose,
} from "../activations";
import { turns } from "../interrupt";

/** Dense rows that are multiplied at a time. */
const BLOCK = 256;

/**
 * Of each row its cosines with all of them, [rows], one row after the other; the rows have the length 1. The array is
 * written over for the next row. Sparse rows stay sparse. Throws the signal's reason between two rows.
 */
export async function* cosines(
	x: Matrix,
	signal?: AbortSignal,
): AsyncGenerator<Float32Array> {
	const turn = turns(signal);
	const own = new Float32Array(x.rows);
	if (x.kind === "sparse") {
		const add = sparseDots(x);
		for (let row = 0; row < x.rows; row++) {
			await turn();
			own.fill(0);
			add(row, own);
			yield own;
		}
		return;
	}
	const data = await products(x);
	const d = x.columns;
	for (let from = 0; from < x.rows; from += BLOCK) {
		await turn();
		const width = Math.min(BLOCK, x.rows - from);
		const block = new Float32Array(d * width); // the rows from `from` on, turned round
		for (let c = 0; c < width; c++)
			for (let j = 0; j < d; j++)
				block[j * width + c] = x.data[(from + c) * d + j];
		const dots = await data.times(block, width); // [rows, width]
		for (let c = 0; c < width; c++) {
			for (let i = 0; i < x.rows; i++) own[i] = dots[i * width + c];
			yield own;
		}
	}
}

/**
 * Adds the products of a row with all rows. It visits those only that share a column with it, by lists of each column's
 * entries.
 */
function sparseDots(x: SparseMatrix): (row: number, to: Float32Array) => void {
	const { indptr, indices, values } = transpose(x);
	const start = Int32Array.from(indptr); // JavaScript counts faster with whole numbers
	const rows = Int32Array.from(indices);
	return (row, to) => {
		for (let p = x.indptr[row]; p < x.indptr[row + 1]; p++) {
			const value = x.values[p];
			const end = start[x.indices[p] + 1];
			for (let at = start[x.indices[p]]; at < end; at++)
				to[rows[at]] += value * values[at];
		}
	};
}
