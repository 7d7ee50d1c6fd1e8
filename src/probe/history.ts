import { allocate } from "../kernels";

/** Steps that are remembered. */
const MEMORY = 10;

/** A place, and the gradient there. */
export interface Point {
	x: Float64Array;
	gradient: Float64Array;
}

/** What the last steps tell of the curvature. */
export interface History {
	/** −H g, with the inverse Hessian H that they tell of; −g before there are any. The array is used again. */
	descend(gradient: Float64Array): Float32Array;
	/** Takes up the step from the one to the other, unless the gradient did not grow along it. */
	remember(from: Point, to: Point): void;
	/** How many are remembered. */
	size(): number;
}

/**
 * The two loops of limited-memory BFGS (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 7.4), in the memory
 * of the kernels and in 32 bits: it only chooses the direction, and reading the last steps is most of the work where
 * there are many numbers.
 */
export function makeHistory(n: number): History {
	const width = 16 * Math.ceil(n / 16);
	const { array, at, kernels } = allocate({
		s: MEMORY * width, // steps
		y: MEMORY * width, // the change of the gradient along them
		d: width,
	});
	const direction = array.d.subarray(0, n);
	const step = (slot: number) => at.s + 4 * width * slot;
	const change = (slot: number) => at.y + 4 * width * slot;
	const rho = new Float64Array(MEMORY); // 1 / sᵀy
	let scale = 1; // sᵀy / yᵀy of the last
	const slots: number[] = []; // the last first
	return {
		size: () => slots.length,
		descend(gradient) {
			for (let j = 0; j < n; j++) direction[j] = -gradient[j];
			const alpha = new Float64Array(MEMORY);
			for (const i of slots) {
				alpha[i] = rho[i] * kernels.dot(step(i), at.d, n);
				kernels.axpy(at.d, change(i), -alpha[i], n);
			}
			if (slots.length) kernels.scale(at.d, scale, n);
			for (const i of [...slots].reverse()) {
				const beta = rho[i] * kernels.dot(change(i), at.d, n);
				kernels.axpy(at.d, step(i), alpha[i] - beta, n);
			}
			return direction;
		},
		remember(from, to) {
			const oldest = slots.length === MEMORY ? slots.pop() : undefined;
			const slot = oldest ?? rho.findIndex((_, i) => !slots.includes(i));
			const [s, y] = [array.s, array.y];
			const first = slot * width;
			let sy = 0;
			let yy = 0;
			for (let j = 0; j < n; j++) {
				const moved = to.x[j] - from.x[j];
				const grown = to.gradient[j] - from.gradient[j];
				s[first + j] = moved;
				y[first + j] = grown;
				sy += moved * grown;
				yy += grown * grown;
			}
			if (!(sy > 0)) return;
			slots.unshift(slot);
			rho[slot] = 1 / sy;
			scale = sy / yy;
		},
	};
}
