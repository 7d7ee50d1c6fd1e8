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
