import { setImmediate } from "node:timers/promises";
import { makeHistory, type Point } from "./history";

export interface Minimum {
	x: Float64Array;
	value: number;
	iterations: number;
	/** False where `maxIterations` ran out first. */
	converged: boolean;
}

/** The value at x; the gradient is written into `gradient`. */
export type Objective = (
	x: Float64Array,
	gradient: Float64Array,
) => Promise<number>;

/**
 * Minimises a smooth function by limited-memory BFGS (Nocedal & Wright, Numerical Optimization, 2nd ed.,
 * algorithm 7.5), from `start`, until no element of the gradient exceeds `tolerance`.
 * The step is found by bisection on the weak Wolfe conditions, so the curvature is always positive.
 */
export async function minimise(
	objective: Objective,
	start: Float64Array,
	options: { tolerance: number; maxIterations: number; signal?: AbortSignal },
): Promise<Minimum> {
	const { tolerance, maxIterations, signal } = options;
	const n = start.length;
	const history = makeHistory(n);
	let here: Point = { x: start.slice(), gradient: new Float64Array(n) };
	let next: Point = { x: new Float64Array(n), gradient: new Float64Array(n) };
	let value = await objective(here.x, here.gradient);
	let iterations = 0;
	const ended = (converged: boolean) => ({
		...{ x: here.x, value, iterations, converged },
	});
	while (largest(here.gradient) > tolerance) {
		if (iterations === maxIterations) return ended(false);
		await setImmediate();
		signal?.throwIfAborted();
		const direction = history.descend(here.gradient);
		const step = history.size() ? 1 : 1 / Math.max(1, norm(here.gradient));
		const reached = await search(objective, here, value, direction, step, next);
		// No step lowers the value any more: the numbers' precision is used up.
		if (reached === undefined)
			return ended(largest(here.gradient) <= 10 * tolerance);
		history.remember(here, next);
		[here, next] = [next, here];
		value = reached;
		iterations++;
	}
	return ended(true);
}

/** Goes to where the value is low enough and the slope flat enough; the value there, undefined where there is no such place. */
async function search(
	objective: Objective,
	{ x, gradient }: Point,
	value: number,
	direction: Float32Array,
	first: number,
	to: Point,
): Promise<number | undefined> {
	const slope = along(gradient, direction);
	if (!(slope < 0)) return undefined;
	let low = 0;
	let high = Number.POSITIVE_INFINITY;
	let step = first;
	for (let tries = 0; tries < 30; tries++) {
		const at = to.x;
		for (let j = 0; j < x.length; j++) at[j] = x[j] + step * direction[j];
		const reached = await objective(at, to.gradient);
		const after = along(to.gradient, direction);
		// Where the value moves less than the rounding of 32-bit products, the slopes tell instead (Hager & Zhang 2005).
		const lower =
			reached <= value + 1e-4 * step * slope ||
			(reached <= value + 1e-7 * Math.abs(value) && after <= -0.9998 * slope);
		if (!lower) high = step;
		else if (after < 0.9 * slope) low = step;
		else return reached;
		step = high === Number.POSITIVE_INFINITY ? 2 * low : (low + high) / 2;
	}
	return undefined;
}

/** Two sums side by side, since one would wait for itself at every step. */
function along(gradient: Float64Array, direction: Float32Array): number {
	let s0 = 0;
	let s1 = 0;
	let j = 0;
	for (; j + 2 <= gradient.length; j += 2) {
		s0 += gradient[j] * direction[j];
		s1 += gradient[j + 1] * direction[j + 1];
	}
	if (j < gradient.length) s0 += gradient[j] * direction[j];
	return s0 + s1;
}

function norm(a: Float64Array): number {
	let squares = 0;
	for (let j = 0; j < a.length; j++) squares += a[j] * a[j];
	return Math.sqrt(squares);
}

function largest(a: Float64Array): number {
	let most = 0;
	for (let j = 0; j < a.length; j++) most = Math.max(most, Math.abs(a[j]));
	return most;
}
