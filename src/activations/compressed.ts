import { type Allocation, allocate } from "../kernels";
import { type SparseMatrix, transpose } from "./matrix";

type Part =
	| "indptr" // uint32 [rows + 1]
	| "indices" // uint32: columns
	| "values"
	| "column_indptr" // uint32 [columns + 1]
	| "column_rows" // uint32: the same entries by column, rows ascending
	| "column_values";

/** Whole numbers in the memory of an allocation. */
export type Uint32Arrays<Name extends string> = Record<Name, Uint32Array>;

/**
 * Copies compressed rows into a memory for the kernels, by row and by column, with arrays beside them.
 *
 * @param extra how many numbers each array beside them holds
 * @param threads how many threads may work on them; the caller releases the crew
 */
export function layCompressed<Extra extends string>(
	x: SparseMatrix,
	extra: Record<Extra, number>,
	threads = 1,
): Allocation<Part | Extra> & { whole: Uint32Arrays<Part | Extra> } {
	const n = x.indptr[x.rows];
	const sizes: Record<Part, number> = {
		indptr: x.rows + 1,
		indices: n,
		values: n,
		column_indptr: x.columns + 1,
		column_rows: n,
		column_values: n,
	};
	const laid = allocate<Part | Extra>(
		{ ...sizes, ...extra },
		threads > 1 ? threads : undefined,
	);
	const whole = {} as Uint32Arrays<Part | Extra>;
	for (const name of Object.keys(laid.array) as (Part | Extra)[]) {
		const { buffer, byteOffset, length } = laid.array[name];
		whole[name] = new Uint32Array(buffer, byteOffset, length);
	}
	whole.indptr.set(x.indptr);
	whole.indices.set(x.indices.subarray(0, n));
	laid.array.values.set(x.values.subarray(0, n));
	const byColumn = transpose(x);
	whole.column_indptr.set(byColumn.indptr);
	whole.column_rows.set(byColumn.indices.subarray(0, n));
	laid.array.column_values.set(byColumn.values.subarray(0, n));
	return { ...laid, whole };
}

/** The next multiple of 4: what the kernels take as the width of a thin matrix. */
export function widthFor(k: number): number {
	return 4 * Math.ceil(k / 4);
}
