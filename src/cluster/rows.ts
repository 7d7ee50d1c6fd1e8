import { columnMoments, type Matrix } from "../activations";

export interface ScaledRows {
	/** Rows of length 1, or 0 where nothing was stored. */
	x: Matrix;
	/** Taken off each column before scaling; zeros for sparse rows. */
	offset: Float64Array; // [columns]
	/** Each column is multiplied by this. */
	factor: Float64Array; // [columns]
}

/**
 * What k-means sees: every column divided by its standard deviation, so that no loud column decides alone, then every
 * row divided by its length, so that clusters are directions (which things are said) and not loudness or length.
 * Dense columns are centred too; sparse ones are not, since most of their entries are zero and stay so.
 */
export function scaleRows(x: Matrix): ScaledRows {
	const { mean, deviation } = columnMoments(x);
	const factor = deviation.map((s) => (s > 0 ? 1 / s : 0));
	const offset = x.kind === "dense" ? mean : new Float64Array(x.columns);
	if (x.kind === "dense") {
		const data = new Float32Array(x.data.length);
		for (let from = 0; from < data.length; from += x.columns) {
			for (let j = 0; j < x.columns; j++)
				data[from + j] = (x.data[from + j] - offset[j]) * factor[j];
			shorten(data.subarray(from, from + x.columns));
		}
		return { x: { ...x, data }, offset, factor };
	}
	const values = x.values.map((value, p) => value * factor[x.indices[p]]);
	for (let i = 0; i < x.rows; i++)
		shorten(values.subarray(x.indptr[i], x.indptr[i + 1]));
	return { x: { ...x, values }, offset, factor };
}

/** To length 1, in place. */
function shorten(row: Float32Array): void {
	let squares = 0;
	for (const value of row) squares += value * value;
	if (!Number.isFinite(squares))
		throw new Error(
			"Clustering was given numbers that are not finite (NaN or infinite); look for them where the activations or latents were made.",
		);
	if (squares === 0) return;
	const scale = 1 / Math.sqrt(squares);
	for (let j = 0; j < row.length; j++) row[j] *= scale;
}
