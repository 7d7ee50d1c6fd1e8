/**
 * One Adam step, in place (Kingma & Ba 2015, Algorithm 1 in its "efficient" form):
 *   m <- beta1 m + (1 - beta1) g
 *   v <- beta2 v + (1 - beta2) g^2
 *   w <- w - alpha m / (sqrt(v) + eps)
 * with alpha = lr sqrt(1 - beta2^t) / (1 - beta1^t) and eps scaled by sqrt(1 - beta2^t), both by the caller.
 * Works on groups of four: n is rounded up, so the arrays must be padded to a multiple of four.
 */
export function adam(
	w: usize, g: usize, m: usize, v: usize, n: i32,
	beta1: f32, beta2: f32, alpha: f32, eps: f32,
): void {
	const b1 = f32x4.splat(beta1), c1 = f32x4.splat(1 - beta1);
	const b2 = f32x4.splat(beta2), c2 = f32x4.splat(1 - beta2);
	const a = f32x4.splat(alpha), e = f32x4.splat(eps);
	const end = w + ((<usize>n + 3) & ~3) * 4;
	while (w < end) {
		const grad = v128.load(g);
		const mean = f32x4.add(f32x4.mul(v128.load(m), b1), f32x4.mul(grad, c1));
		const square = f32x4.add(f32x4.mul(v128.load(v), b2), f32x4.mul(f32x4.mul(grad, grad), c2));
		v128.store(m, mean);
		v128.store(v, square);
		const move = f32x4.div(f32x4.mul(mean, a), f32x4.add(f32x4.sqrt(square), e));
		v128.store(w, f32x4.sub(v128.load(w), move));
		w += 16; g += 16; m += 16; v += 16;
	}
}
