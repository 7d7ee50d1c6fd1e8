import type { Normalization, SparseRows } from "./types";

/** What undoes the scaling of a row: x · scale + shift. One number a row. */
export type RowScaling = NonNullable<SparseRows["scaling"]>;

/** The row by row normalisations; the other two are none, or one number for all rows. */
export function scalesRows(mode: Normalization): boolean {
	return mode === "constant_norm_rescale" || mode === "layer_norm";
}

/**
 * Normalises rows in place, as SAELens does, and gives what undoes it: row = x · scale + shift. Undefined where the mode
 * scales no row by itself ("none", "expected_average_only_in"); then nothing is touched.
 *
 *   constant_norm_rescale   scale = ‖row‖ / √d_in, shift = 0
 *   layer_norm              shift = mean of the row, scale = its standard deviation (of n − 1); it is divided by scale + 1e-5
 *                           and undone without the 1e-5
 *
 * A row of zeros has no direction to keep: constant_norm_rescale leaves it as it is, with the scale 1.
 *
 * @param x [rows, d_in]
 */
export function normalizeRows(
	x: Float32Array,
	d_in: number,
	mode: Normalization,
): RowScaling | undefined {
	if (!scalesRows(mode)) return undefined;
	const measure: Measure =
		mode === "layer_norm" ? meanAndDeviation : rootMeanSquare;
	const n = x.length / d_in;
	const [shift, scale] = [new Float32Array(n), new Float32Array(n)];
	for (let row = 0; row < n; row++) {
		const from = row * d_in;
		const [s, size, divisor = size] = measure(x, from, d_in);
		[shift[row], scale[row]] = [s, size];
		for (let i = from; i < from + d_in; i++) x[i] = (x[i] - s) / divisor;
	}
	return { shift, scale };
}

/** Undoes `normalizeRows`, in place. */
export function restoreRows(
	x: Float32Array,
	d_in: number,
	{ shift, scale }: RowScaling,
): void {
	for (let row = 0, at = 0; at < x.length; row++)
		for (const end = at + d_in; at < end; at++)
			x[at] = x[at] * scale[row] + shift[row];
}

/** Of the row from x[from] on; what it is divided by is the scale where nothing else is said. */
type Measure = (
	x: Float32Array,
	from: number,
	d_in: number,
) => [shift: number, scale: number, divisor?: number];

function rootMeanSquare(
	x: Float32Array,
	from: number,
	d_in: number,
): [shift: number, scale: number] {
	let square = 0;
	for (let i = from; i < from + d_in; i++) square += x[i] * x[i];
	return [0, square > 0 ? Math.sqrt(square / d_in) : 1];
}

function meanAndDeviation(
	x: Float32Array,
	from: number,
	d_in: number,
): [shift: number, scale: number, divisor: number] {
	let sum = 0;
	for (let i = from; i < from + d_in; i++) sum += x[i];
	const mean = sum / d_in;
	let square = 0;
	for (let i = from; i < from + d_in; i++) square += (x[i] - mean) ** 2;
	const deviation = Math.sqrt(square / Math.max(1, d_in - 1));
	return [mean, deviation, deviation + 1e-5];
}
