/**
 * Unit eigenvectors of a symmetric matrix [d, d], one a row of the result, in no particular order: Householder reflections
 * make it tridiagonal, implicit QL rotations diagonal (Golub & Van Loan, Matrix Computations, chapter 8). About 6 d³ operations.
 */
export function eigenvectors(symmetric: Float64Array, d: number): Float64Array {
	const a = symmetric.slice();
	const reflections = tridiagonalise(a, d);
	const diagonal = Float64Array.from({ length: d }, (_, i) => a[i * d + i]);
	const beside = new Float64Array(d); // [i] stands between i and i + 1
	for (let i = 0; i + 1 < d; i++) beside[i] = a[i * d + i + 1];
	const rows = accumulate(reflections, d);
	diagonalise(diagonal, beside, rows, d);
	return rows;
}

/** In place. Returns the unit vector v of each reflection I − 2 v vᵀ; the first i + 1 numbers of the ith are zero. */
function tridiagonalise(a: Float64Array, d: number): Float64Array[] {
	const reflections: Float64Array[] = [];
	const w = new Float64Array(d);
	for (let i = 0; i + 2 < d; i++) {
		const v = a.slice(i * d, (i + 1) * d).fill(0, 0, i + 1);
		reflections.push(v);
		const size = norm(v);
		if (size === 0) continue;
		v[i + 1] += v[i + 1] < 0 ? -size : size;
		scale(v, 1 / norm(v));
		// A − 2 v wᵀ − 2 w vᵀ with w = A v − (vᵀ A v) v.
		for (let r = i; r < d; r++) w[r] = dot(a, r * d, v, i + 1, d);
		const along = dot(w, 0, v, i + 1, d);
		for (let r = i; r < d; r++) w[r] -= along * v[r];
		for (let r = i; r < d; r++) {
			const [vr, wr] = [2 * v[r], 2 * w[r]];
			for (let c = i; c < d; c++) a[r * d + c] -= vr * w[c] + wr * v[c];
		}
	}
	return reflections;
}

/** The product of the reflections, last to first, applied to the unit matrix. */
function accumulate(reflections: Float64Array[], d: number): Float64Array {
	const rows = new Float64Array(d * d);
	for (let i = 0; i < d; i++) rows[i * d + i] = 1;
	for (let i = reflections.length - 1; i >= 0; i--) {
		const v = reflections[i];
		for (let r = i + 1; r < d; r++) {
			const along = 2 * dot(rows, r * d, v, i + 1, d);
			for (let c = i + 1; c < d; c++) rows[r * d + c] -= along * v[c];
		}
	}
	return rows;
}

/** QL with implicit shifts: each rotation turns two neighbouring rows. */
function diagonalise(
	diagonal: Float64Array,
	beside: Float64Array,
	rows: Float64Array,
	d: number,
): void {
	let largest = 0;
	for (let i = 0; i < d; i++)
		largest = Math.max(largest, Math.abs(diagonal[i]) + Math.abs(beside[i]));
	for (let l = 0; l < d; ) {
		let m = l;
		while (m + 1 < d && Math.abs(beside[m]) > 1e-15 * largest) m++;
		if (m === l) {
			l++;
			continue;
		}
		const half = (diagonal[l + 1] - diagonal[l]) / (2 * beside[l]);
		const root = Math.hypot(half, 1);
		let g =
			diagonal[m] -
			diagonal[l] +
			beside[l] / (half + (half < 0 ? -root : root));
		let [sine, cosine, moved] = [1, 1, 0];
		let i = m - 1;
		for (; i >= l; i--) {
			const f = sine * beside[i];
			const b = cosine * beside[i];
			const r = Math.hypot(f, g);
			beside[i + 1] = r;
			if (r === 0) {
				diagonal[i + 1] -= moved;
				beside[m] = 0;
				break;
			}
			sine = f / r;
			cosine = g / r;
			g = diagonal[i + 1] - moved;
			const t = (diagonal[i] - g) * sine + 2 * cosine * b;
			moved = sine * t;
			diagonal[i + 1] = g + moved;
			g = cosine * t - b;
			rotate(rows, i * d, d, cosine, sine);
		}
		if (i >= l) continue;
		diagonal[l] -= moved;
		beside[l] = g;
		beside[m] = 0;
	}
}

function rotate(
	rows: Float64Array,
	at: number,
	d: number,
	cosine: number,
	sine: number,
): void {
	for (let p = at, q = at + d; p < at + d; p++, q++) {
		const [a, b] = [rows[p], rows[q]];
		rows[q] = sine * a + cosine * b;
		rows[p] = cosine * a - sine * b;
	}
}

function dot(
	a: Float64Array,
	at: number,
	v: Float64Array,
	from: number,
	to: number,
): number {
	let sum = 0;
	for (let j = from; j < to; j++) sum += a[at + j] * v[j];
	return sum;
}

function norm(v: Float64Array): number {
	return Math.sqrt(dot(v, 0, v, 0, v.length));
}

function scale(v: Float64Array, by: number): void {
	for (let j = 0; j < v.length; j++) v[j] *= by;
}
