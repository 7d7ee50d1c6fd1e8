import type { Matrix } from "../activations";
import { turns } from "../interrupt";
import { prepare, type Scaling } from "./logistic";

/** A linear prediction of a number, in the units of the rows it was fitted on. */
export interface RidgeFit {
	weights: Float32Array; // [columns]
	bias: number;
	converged: boolean;
}

/** Of the first residual: the rounding of 32-bit products lies a little below. */
const TOLERANCE = 1e-6;
const MAX_STEPS = 500;

/**
 * Ridge regression: minimises ½ · mean (y − x·w − b)² + l2/2 · Σ w², the intercept free of penalty (Hoerl & Kennard 1970), by
 * conjugate gradients on its normal equations. Columns are scaled and centred by arithmetic on the weights, so sparse rows
 * stay sparse. Returns a function that fits with one penalty, so that several share the preparation.
 */
export async function ridgeFitter(
	x: Matrix,
	y: Float64Array,
	scaling: Scaling,
): Promise<(l2: number, signal?: AbortSignal) => Promise<RidgeFit>> {
	const { data, mean, factor, d, n } = await prepare(x, y, 2, scaling);
	const middle = y.reduce((sum, v) => sum + v, 0) / n;
	const gradient = async (residual: Float32Array) => {
		const sum = residual.reduce((total, v) => total + v, 0);
		const slopes = await data.transposedTimes(residual, 1);
		return Float64Array.from(
			slopes,
			(v, j) => (factor[j] * (v - mean[j] * sum)) / n,
		);
	};
	/** X w of the scaled, centred rows. */
	const project = async (w: Float64Array) => {
		const own = Float32Array.from(w, (v, j) => v * factor[j]);
		const offset = own.reduce((sum, v, j) => sum + v * mean[j], 0);
		return (await data.times(own, 1)).map((v) => v - offset);
	};
	const right = await gradient(Float32Array.from(y, (v) => v - middle));
	if (!right.every(Number.isFinite))
		throw new Error(
			"The products of a linear fit are not finite, though all its rows are: their numbers are too large for 32 bits; divide them by a constant.",
		);
	return async (l2, signal) => {
		const w = new Float64Array(d);
		const r = right.slice();
		let p = r.slice();
		let square = dot(r, r);
		const enough = TOLERANCE ** 2 * square;
		const turn = turns(signal);
		let steps = 0;
		for (; square > enough && steps < MAX_STEPS; steps++) {
			await turn();
			const ap = (await gradient(await project(p))).map(
				(v, j) => v + l2 * p[j],
			);
			const step = square / dot(p, ap);
			for (let j = 0; j < d; j++) {
				w[j] += step * p[j];
				r[j] -= step * ap[j];
			}
			const next = dot(r, r);
			p = p.map((v, j) => r[j] + (next / square) * v);
			square = next;
		}
		const weights = Float32Array.from(w, (v, j) => v * factor[j]);
		const offset = weights.reduce((sum, v, j) => sum + v * mean[j], 0);
		return { weights, bias: middle - offset, converged: square <= enough };
	};
}

function dot(a: Float64Array, b: Float64Array): number {
	let sum = 0;
	for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
	return sum;
}
