import { EigenvalueDecomposition, SymmetricMatrix } from "ml-matrix";
import {
	columnMoments,
	type DenseMatrix,
	type Matrix,
	products,
	type SparseMatrix,
	transpose,
	unitRows,
} from "../activations";
import { type Random, random } from "../random";
import type { ScaledRows } from "./rows";

/** Makes reference data without clusters; the same seed gives the same. */
export type Reference = (seed: number) => Matrix;

/** Bytes of reference data that are kept, so as not to be made for each k. */
const KEEP = 2 ** 28;

/**
 * Data as the clustered rows would be without clusters, for the gap statistic (Tibshirani, Walther & Hastie 2001).
 *
 * Dense rows: each principal component of the scaled rows uniform over its range (their choice b). Nothing is turned
 * back from the components to the columns, since k-means does not see rotations.
 * Sparse rows: the values of each latent dealt out anew among the sentences, so that each fires as often and as strongly
 * as it did, but independently of the others. A box would fill all the zeros.
 * Both are then given the length 1, as the scaled rows are.
 */
export async function referenceFor(
	pooled: Matrix,
	scaled: ScaledRows,
): Promise<Reference> {
	const make =
		pooled.kind === "sparse"
			? permutedColumns(pooled, scaled.factor)
			: await principalBox(scaled.x as DenseMatrix);
	const kept = new Map<number, Matrix>();
	let bytes = 0;
	return (seed) => {
		const known = kept.get(seed);
		if (known) return known;
		const made = unitRows(make(random(seed)));
		bytes +=
			made.kind === "dense" ? 4 * made.data.length : 8 * made.values.length;
		if (bytes <= KEEP) kept.set(seed, made);
		return made;
	};
}

/** Each column's stored values at rows drawn without replacement. */
function permutedColumns(
	x: SparseMatrix,
	factor: Float64Array,
): (draw: Random) => SparseMatrix {
	const { indptr: begin, values: column } = transpose(x);
	for (let j = 0; j < x.columns; j++)
		for (let p = begin[j]; p < begin[j + 1]; p++) column[p] *= factor[j];
	return (draw) => {
		const rows = Uint32Array.from({ length: x.rows }, (_, i) => i);
		const of = new Uint32Array(column.length);
		const indptr = new Float64Array(x.rows + 1);
		for (let j = 0; j < x.columns; j++)
			for (let p = begin[j], drawn = 0; p < begin[j + 1]; p++, drawn++) {
				const other = drawn + draw.int(x.rows - drawn);
				const row = rows[other];
				rows[other] = rows[drawn];
				rows[drawn] = row;
				of[p] = row;
				indptr[row + 1]++;
			}
		for (let i = 0; i < x.rows; i++) indptr[i + 1] += indptr[i];
		const place = indptr.slice();
		const indices = new Uint32Array(column.length);
		const values = new Float32Array(column.length);
		for (let j = 0; j < x.columns; j++)
			for (let p = begin[j]; p < begin[j + 1]; p++) {
				const at = place[of[p]]++;
				indices[at] = j;
				values[at] = column[p];
			}
		return { ...x, indptr, indices, values };
	};
}

/** Uniform over the range of each principal component. */
async function principalBox(
	x: DenseMatrix,
): Promise<(draw: Random) => DenseMatrix> {
	const { rows, columns: d } = x;
	const { mean } = columnMoments(x);
	const data = await products(x);
	const squares = await data.transposedTimes(x.data, d); // [d, d]
	const covariance = Float64Array.from(
		squares,
		(v, at) => v / rows - mean[Math.floor(at / d)] * mean[at % d],
	);
	const square = new SymmetricMatrix(d); // rounding leaves ours a little lopsided
	for (let i = 0; i < d; i++)
		for (let j = 0; j <= i; j++) square.set(i, j, covariance[i * d + j]);
	const components = new EigenvalueDecomposition(square, {
		assumeSymmetric: true,
	}).eigenvectorMatrix;
	const turned = Float32Array.from(components.to1DArray()); // [d, d], one a column
	const scores = await data.times(turned, d); // [rows, d]
	const least = new Float64Array(d).fill(Number.POSITIVE_INFINITY);
	const most = new Float64Array(d).fill(Number.NEGATIVE_INFINITY);
	scores.forEach((value, at) => {
		least[at % d] = Math.min(least[at % d], value);
		most[at % d] = Math.max(most[at % d], value);
	});
	return (draw) => {
		const made = new Float32Array(rows * d);
		for (let at = 0; at < made.length; at++) {
			const c = at % d;
			made[at] = least[c] + draw.uniform() * (most[c] - least[c]);
		}
		return { ...x, data: made };
	};
}

/** Gap and its error s(k) √(1 + 1/B), from the inertia of the rows and of B sets of reference data. */
export function gapOf(
	inertia: number,
	references: number[],
): { gap: number; gap_error: number } {
	const logs = references.map(Math.log);
	const mean = logs.reduce((sum, v) => sum + v, 0) / logs.length;
	const variance =
		logs.reduce((sum, v) => sum + (v - mean) ** 2, 0) / logs.length;
	return {
		gap: mean - Math.log(inertia),
		gap_error: Math.sqrt(variance * (1 + 1 / logs.length)),
	};
}
