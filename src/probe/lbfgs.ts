import { setImmediate } from "node:timers/promises";

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

const MEMORY = 10;

type Numbers = Float32Array | Float64Array;

/**
 * Minimises a smooth function by limited-memory BFGS (Nocedal & Wright, Numerical Optimization, 2nd ed.,
 * algorithms 7.4 and 7.5), from `start`, until no element of the gradient exceeds `tolerance`.
 * The step is found by bisection on the weak Wolfe conditions, so the curvature is always positive.
 */
export async function minimise(
	objective: Objective,
	start: Float64Array,
	options: { tolerance: number; maxIterations: number; signal?: AbortSignal },
): Promise<Minimum> {
	const n = start.length;
	let x: Float64Array = start.slice();
	let gradient: Float64Array = new Float64Array(n);
	let value = await objective(x, gradient);
	const history: Pair[] = [];
	let iterations = 0;
	while (largest(gradient) > options.tolerance) {
		if (iterations === options.maxIterations)
			return { x, value, iterations, converged: false };
		await setImmediate();
		options.signal?.throwIfAborted();
		const direction = descend(gradient, history);
		const step = history.length ? 1 : 1 / Math.max(1, norm(gradient));
		const found = await search(objective, x, value, gradient, direction, step);
		if (!found) {
			// No step lowers the value any more: the numbers' precision is used up.
			const converged = largest(gradient) <= 10 * options.tolerance;
			return { x, value, iterations, converged };
		}
		remember(history, x, gradient, found);
		({ x, value, gradient } = found);
		iterations++;
	}
	return { x, value, iterations, converged: true };
}

/**
 * A step and the change of the gradient along it. In 32 bits: they only choose the direction, and reading them is most of
 * the work where there are many numbers.
 */
interface Pair {
	s: Float32Array;
	y: Float32Array;
	/** 1 / sᵀy */
	rho: number;
}

/** −H g, with the inverse Hessian H that the last steps tell of. Each pass adds one vector and measures along the next. */
function descend(gradient: Float64Array, history: Pair[]): Float64Array {
	const d = new Float64Array(gradient.length);
	for (let j = 0; j < d.length; j++) d[j] = -gradient[j];
	const last = history.at(-1);
	if (!last) return d;
	const alpha = new Float64Array(history.length);
	let along = dot(last.s, d);
	for (let i = history.length - 1; i >= 0; i--) {
		const { y, rho } = history[i];
		alpha[i] = rho * along;
		along = addAndMeasure(d, -alpha[i], y, history[i - 1]?.s ?? last.y);
	}
	const scale = 1 / (last.rho * dot(last.y, last.y));
	for (let j = 0; j < d.length; j++) d[j] *= scale;
	along = dot(history[0].y, d);
	for (let i = 0; i < history.length; i++) {
		const { s, y, rho } = history[i];
		const by = alpha[i] - rho * along;
		along = addAndMeasure(d, by, s, history[i + 1]?.y ?? y);
	}
	return d;
}

/** to += factor · from; returns to · next. */
function addAndMeasure(
	to: Float64Array,
	factor: number,
	from: Float32Array,
	next: Float32Array,
): number {
	let s0 = 0;
	let s1 = 0;
	let j = 0;
	for (; j + 2 <= to.length; j += 2) {
		const a = to[j] + factor * from[j];
		const b = to[j + 1] + factor * from[j + 1];
		to[j] = a;
		to[j + 1] = b;
		s0 += a * next[j];
		s1 += b * next[j + 1];
	}
	if (j < to.length) {
		to[j] += factor * from[j];
		s0 += to[j] * next[j];
	}
	return s0 + s1;
}

interface Point {
	x: Float64Array;
	value: number;
	gradient: Float64Array;
}

/** A step that lowers the value enough and flattens the slope enough. */
async function search(
	objective: Objective,
	x: Float64Array,
	value: number,
	gradient: Float64Array,
	direction: Float64Array,
	step: number,
): Promise<Point | undefined> {
	const slope = dot(gradient, direction);
	if (!(slope < 0)) return undefined;
	let low = 0;
	let high = Number.POSITIVE_INFINITY;
	const at = new Float64Array(x.length);
	const g = new Float64Array(x.length);
	for (let tries = 0; tries < 30; tries++) {
		for (let j = 0; j < x.length; j++) at[j] = x[j] + step * direction[j];
		const reached = await objective(at, g);
		const after = dot(g, direction);
		// Where the value moves less than the rounding of 32-bit products, the slopes tell instead (Hager & Zhang 2005).
		const lower =
			reached <= value + 1e-4 * step * slope ||
			(reached <= value + 1e-7 * Math.abs(value) && after <= -0.9998 * slope);
		if (!lower) high = step;
		else if (after < 0.9 * slope) low = step;
		else return { x: at, value: reached, gradient: g };
		step = high === Number.POSITIVE_INFINITY ? 2 * low : (low + high) / 2;
	}
	return undefined;
}

function remember(
	history: Pair[],
	x: Float64Array,
	gradient: Float64Array,
	found: Point,
): void {
	const s = minus(found.x, x);
	const y = minus(found.gradient, gradient);
	const sy = dot(s, y);
	if (!(sy > 0)) return;
	history.push({ s, y, rho: 1 / sy });
	if (history.length > MEMORY) history.shift();
}

/** Four sums side by side, since one would wait for itself at every step. */
function dot(a: Numbers, b: Numbers): number {
	let s0 = 0;
	let s1 = 0;
	let s2 = 0;
	let s3 = 0;
	let j = 0;
	for (; j + 4 <= a.length; j += 4) {
		s0 += a[j] * b[j];
		s1 += a[j + 1] * b[j + 1];
		s2 += a[j + 2] * b[j + 2];
		s3 += a[j + 3] * b[j + 3];
	}
	for (; j < a.length; j++) s0 += a[j] * b[j];
	return s0 + s1 + (s2 + s3);
}

function minus(a: Float64Array, b: Float64Array): Float32Array {
	const difference = new Float32Array(a.length);
	for (let j = 0; j < a.length; j++) difference[j] = a[j] - b[j];
	return difference;
}

function norm(a: Float64Array): number {
	return Math.sqrt(dot(a, a));
}

function largest(a: Float64Array): number {
	let most = 0;
	for (let j = 0; j < a.length; j++) most = Math.max(most, Math.abs(a[j]));
	return most;
}
