import {
	checkValues,
	columnMoments,
	type Matrix,
	squaredLengths,
} from "../activations";
import type { ClusterSpace } from "./result";

export interface ScaledRows extends ClusterSpace {
	/** Rows of length 1, or 0 where nothing was stored. */
	x: Matrix;
}

/**
 * What k-means sees: every column divided by its standard deviation, so that no loud column decides alone, then every
 * row divided by its length, so that clusters are directions (which things are said) and not loudness or length.
 * Dense columns are centred too; sparse ones are not, since most of their entries are zero and stay so. A column that
 * does not vary counts for nothing.
 */
export function scaleRows(x: Matrix): ScaledRows {
	const { mean, deviation } = columnMoments(x);
	// Rounded to 32 bits, in which they are saved: a clustering that was loaded assigns as the one that was saved.
	const factor = deviation.map((s) =>
		s > 0 ? Math.fround(Math.min(1 / s, 1e38)) : 0,
	);
	const offset =
		x.kind === "dense" ? mean.map(Math.fround) : new Float64Array(x.columns);
	return { x: intoSpace(x, { offset, factor }), offset, factor };
}

/** 1 for each row that is zero: it has no direction, and lies nowhere. */
export function silentRows(x: Matrix): Uint8Array {
	return Uint8Array.from(squaredLengths(x), (square) => Number(square === 0));
}

/** Rows as a clustering's centres see them. Throws where numbers are not finite. */
export function intoSpace(x: Matrix, { offset, factor }: ClusterSpace): Matrix {
	if (x.kind === "dense") {
		const data = new Float32Array(x.data.length);
		for (let from = 0; from < data.length; from += x.columns) {
			for (let j = 0; j < x.columns; j++)
				data[from + j] = (x.data[from + j] - offset[j]) * factor[j];
			shorten(data.subarray(from, from + x.columns));
		}
		checkValues({ ...x, data });
		return { ...x, data };
	}
	const values = x.values.map((value, p) => value * factor[x.indices[p]]);
	for (let i = 0; i < x.rows; i++)
		shorten(values.subarray(x.indptr[i], x.indptr[i + 1]));
	checkValues({ ...x, values });
	return { ...x, values };
}

/** To length 1, in place. */
function shorten(row: Float32Array): void {
	let squares = 0;
	for (const value of row) squares += value * value;
	if (squares === 0) return;
	const scale = 1 / Math.sqrt(squares);
	for (let j = 0; j < row.length; j++) row[j] *= scale;
}
