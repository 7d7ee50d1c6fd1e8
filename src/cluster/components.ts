import { columnMoments, type Matrix, products } from "../activations";
import { turns } from "../interrupt";
import { random } from "../random";

const EXTRA = 6;
const ROUNDS = 12;

/**
 * The rows along the first two principal components of `spread` (default: of the rows themselves), less its mean, by
 * subspace iteration from a seeded start (Halko, Martinsson & Tropp 2011). Each component's sign is such that its
 * largest weight is positive. Sparse rows stay sparse: the mean is taken off after the product.
 */
export async function principalComponents(
	x: Matrix,
	seed: number,
	spread: Matrix = x,
): Promise<[number, number][]> {
	const d = x.columns;
	const k = Math.min(2 + EXTRA, d);
	const { mean } = columnMoments(spread);
	const data = await products(spread);
	const draw = random(seed);
	let basis = Float64Array.from({ length: d * k }, () => draw.normal()); // [d, k]
	let scores: Float64Array = new Float64Array(spread.rows * k);
	const turn = turns();
	for (let round = 0; ; round++) {
		await turn();
		orthonormalise(basis, d, k);
		scores = await centredTimes(data, basis);
		if (round === ROUNDS) break;
		const slopes = await data.transposedTimes(Float32Array.from(scores), k);
		const sums = columnSums(scores, k);
		basis = Float64Array.from(
			slopes,
			(v, at) => v - mean[Math.floor(at / k)] * sums[at % k],
		);
	}
	const own =
		spread === x ? scores : await centredTimes(await products(x), basis);
	const [first, second] = rotate(scores, own, basis, d, k);
	return Array.from({ length: x.rows }, (_, i) => [first[i], second[i]]);

	async function centredTimes(
		rows: Awaited<ReturnType<typeof products>>,
		w: Float64Array,
	): Promise<Float64Array> {
		const product = await rows.times(Float32Array.from(w), k);
		const offset = new Float64Array(k);
		for (let at = 0; at < w.length; at++)
			offset[at % k] += mean[Math.floor(at / k)] * w[at];
		return Float64Array.from(product, (v, at) => v - offset[at % k]);
	}
}

function columnSums(a: Float64Array, k: number): Float64Array {
	const sums = new Float64Array(k);
	for (let at = 0; at < a.length; at++) sums[at % k] += a[at];
	return sums;
}

/** Gram-Schmidt, twice for the rounding; a column that vanishes becomes zero. */
function orthonormalise(a: Float64Array, rows: number, k: number): void {
	for (let pass = 0; pass < 2; pass++) {
		for (let c = 0; c < k; c++) {
			const before = Math.sqrt(dot(a, c, c));
			for (let e = 0; e < c; e++) {
				const along = dot(a, e, c);
				for (let i = 0; i < rows; i++) a[i * k + c] -= along * a[i * k + e];
			}
			const size = Math.sqrt(dot(a, c, c));
			const scale = size > 1e-12 * before ? 1 / size : 0;
			for (let i = 0; i < rows; i++) a[i * k + c] *= scale;
		}
	}

	function dot(m: Float64Array, c: number, e: number): number {
		let sum = 0;
		for (let i = 0; i < rows; i++) sum += m[i * k + c] * m[i * k + e];
		return sum;
	}
}

/** `own` turned to the two directions in which `scores` is widest: the eigenvectors of scoresᵀ scores. */
function rotate(
	scores: Float64Array,
	own: Float64Array,
	basis: Float64Array,
	d: number,
	k: number,
): [Float64Array, Float64Array] {
	const rows = scores.length / k;
	const gram = new Float64Array(k * k);
	for (let i = 0; i < rows; i++)
		for (let a = 0; a < k; a++)
			for (let b = 0; b < k; b++)
				gram[a * k + b] += scores[i * k + a] * scores[i * k + b];
	return [0, 1].map((nth) => {
		const v = leading(gram, k, nth);
		const along = (m: Float64Array, row: number) => {
			let sum = 0;
			for (let a = 0; a < k; a++) sum += m[row * k + a] * v[a];
			return sum;
		};
		let peak = 0;
		for (let j = 0; j < d; j++) {
			const w = along(basis, j);
			if (Math.abs(w) > Math.abs(peak)) peak = w;
		}
		const sign = peak < 0 ? -1 : 1;
		return Float64Array.from(
			{ length: own.length / k },
			(_, i) => sign * along(own, i),
		);
	}) as [Float64Array, Float64Array];
}

/** The eigenvector of the nth largest eigenvalue of a small symmetric matrix, by cyclic Jacobi rotations. */
function leading(matrix: Float64Array, k: number, nth: number): Float64Array {
	const a = matrix.slice();
	const v = new Float64Array(k * k);
	for (let i = 0; i < k; i++) v[i * k + i] = 1;
	for (let sweep = 0; sweep < 30; sweep++)
		for (let p = 0; p < k; p++)
			for (let q = p + 1; q < k; q++) {
				if (a[p * k + q] === 0) continue;
				const theta =
					0.5 * Math.atan2(2 * a[p * k + q], a[q * k + q] - a[p * k + p]);
				const c = Math.cos(theta);
				const s = Math.sin(theta);
				for (let i = 0; i < k; i++) turnPair(a, i * k + p, i * k + q, c, s);
				for (let i = 0; i < k; i++) turnPair(a, p * k + i, q * k + i, c, s);
				for (let i = 0; i < k; i++) turnPair(v, i * k + p, i * k + q, c, s);
			}
	const order = Array.from({ length: k }, (_, i) => i).sort(
		(i, j) => a[j * k + j] - a[i * k + i],
	);
	if (nth >= k) return new Float64Array(k); // one column has no second component
	const column = order[nth];
	return Float64Array.from({ length: k }, (_, i) => v[i * k + column]);
}

function turnPair(
	m: Float64Array,
	p: number,
	q: number,
	c: number,
	s: number,
): void {
	const x = m[p];
	const y = m[q];
	m[p] = c * x - s * y;
	m[q] = s * x + c * y;
}
