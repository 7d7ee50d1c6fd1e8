import { lanes, scale } from "./vector";

/**
 * One Adam step, in place (Kingma & Ba 2015, Algorithm 1 in its "efficient" form), of the numbers from..to:
 *   m <- beta1 m + (1 - beta1) clip g
 *   v <- beta2 v + (1 - beta2) (clip g)^2
 *   w <- w - alpha m / (sqrt(v) + eps)
 * with alpha = lr sqrt(1 - beta2^t) / (1 - beta1^t) and eps scaled by sqrt(1 - beta2^t), both by the caller.
 * Works on groups of four: `from` is a multiple of four and `to` is rounded up to one, so the arrays must be padded.
 */
export function adam(
	from: i32, to: i32, w: usize, g: usize, m: usize, v: usize,
	clip: f32, beta1: f32, beta2: f32, alpha: f32, eps: f32,
): void {
	const begin = <usize>from * 4;
	const n = (to - from + 3) & ~3;
	move(w + begin, g + begin, m + begin, v + begin, n, 0, clip, beta1, beta2, alpha, eps);
}

/**
 * The same for the rows from..to of a matrix [.., d] whose rows are kept at length 1: the gradient loses its part along
 * the row (along[i] = g[i] . w[i]), Adam moves the row, and it gets its length back. A row of zeros stays.
 */
export function adamUnitRows(
	from: i32, to: i32, d: i32, w: usize, g: usize, m: usize, v: usize, along: usize,
	clip: f32, beta1: f32, beta2: f32, alpha: f32, eps: f32,
): void {
	const row = <usize>d * 4;
	for (let i = from; i < to; i++) {
		const at = <usize>i * row;
		const part = load<f32>(along + (<usize>i << 2));
		const square = move(w + at, g + at, m + at, v + at, d, part, clip, beta1, beta2, alpha, eps);
		if (square > 0) scale(w + at, 1 / sqrt<f32>(square), d);
	}
}

/** Adam on n numbers with the gradient clip (g - part w). Returns the sum of the new w^2. */
// @ts-ignore: decorator
@inline
function move(
	w: usize, g: usize, m: usize, v: usize, n: i32,
	part: f32, clip: f32, beta1: f32, beta2: f32, alpha: f32, eps: f32,
): f32 {
	const b1 = f32x4.splat(beta1), c1 = f32x4.splat(1 - beta1);
	const b2 = f32x4.splat(beta2), c2 = f32x4.splat(1 - beta2);
	const a = f32x4.splat(alpha), e = f32x4.splat(eps);
	const p = f32x4.splat(part), c = f32x4.splat(clip);
	let squares = f32x4.splat(0);
	const end = w + <usize>n * 4;
	const end4 = w + <usize>(n & ~3) * 4;
	while (w < end4) {
		const old = v128.load(w);
		const grad = f32x4.mul(c, f32x4.sub(v128.load(g), f32x4.mul(p, old)));
		const mean = f32x4.add(f32x4.mul(v128.load(m), b1), f32x4.mul(grad, c1));
		const square = f32x4.add(f32x4.mul(v128.load(v), b2), f32x4.mul(f32x4.mul(grad, grad), c2));
		v128.store(m, mean);
		v128.store(v, square);
		const now = f32x4.sub(old, f32x4.div(f32x4.mul(mean, a), f32x4.add(f32x4.sqrt(square), e)));
		v128.store(w, now);
		squares = f32x4.add(squares, f32x4.mul(now, now));
		w += 16; g += 16; m += 16; v += 16;
	}
	let sum = lanes(squares);
	while (w < end) {
		const old = load<f32>(w);
		const grad = clip * (load<f32>(g) - part * old);
		const mean = load<f32>(m) * beta1 + grad * (1 - beta1);
		const square = load<f32>(v) * beta2 + grad * grad * (1 - beta2);
		store<f32>(m, mean);
		store<f32>(v, square);
		const now = old - mean * alpha / (sqrt<f32>(square) + eps);
		store<f32>(w, now);
		sum += now * now;
		w += 4; g += 4; m += 4; v += 4;
	}
	return sum;
}
