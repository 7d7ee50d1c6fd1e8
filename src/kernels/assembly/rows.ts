import { axpy, dot, scale } from "./vector";

/** Gives every row of w the length 1; a row of zeros stays.  w: [rows, n] */
export function normalizeRows(w: usize, rows: i32, n: i32): void {
	for (let r = 0; r < rows; r++) {
		const q = dot(w, w, n);
		if (q > 0) scale(w, 1 / sqrt<f32>(q), n);
		w += <usize>n * 4;
	}
}

/** Takes from every row of g its part along the same row of w, whose rows have the length 1.  g, w: [rows, n] */
export function projectRows(g: usize, w: usize, rows: i32, n: i32): void {
	for (let r = 0; r < rows; r++) {
		axpy(g, w, -dot(g, w, n), n);
		g += <usize>n * 4;
		w += <usize>n * 4;
	}
}

/** out = x - b for the rows from..to.  out, x: [.., n]; b: [n] */
export function centreRows(from: i32, to: i32, out: usize, x: usize, b: usize, n: i32): void {
	const row = <usize>n * 4;
	for (let r = from; r < to; r++) {
		memory.copy(out + <usize>r * row, x + <usize>r * row, row);
		axpy(out + <usize>r * row, b, -1, n);
	}
}
