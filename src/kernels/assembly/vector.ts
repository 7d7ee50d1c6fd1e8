// Two accumulators hide the latency of an addition; the tail makes every length right.

/** The sum of the four lanes. */
// @ts-ignore: decorator
@inline
export function lanes(s: v128): f32 {
	return f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1) + f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3);
}

/** Sum of a[i] b[i]. */
export function dot(a: usize, b: usize, n: i32): f32 {
	const end = a + <usize>n * 4;
	const end8 = a + <usize>(n & ~7) * 4;
	let s = f32x4.splat(0), t = f32x4.splat(0);
	while (a < end8) {
		s = f32x4.add(s, f32x4.mul(v128.load(a), v128.load(b)));
		t = f32x4.add(t, f32x4.mul(v128.load(a, 16), v128.load(b, 16)));
		a += 32; b += 32;
	}
	let sum = lanes(f32x4.add(s, t));
	while (a < end) {
		sum += load<f32>(a) * load<f32>(b);
		a += 4; b += 4;
	}
	return sum;
}

/** y += a x. */
export function axpy(y: usize, x: usize, a: f32, n: i32): void {
	const end = y + <usize>n * 4;
	const end8 = y + <usize>(n & ~7) * 4;
	const s = f32x4.splat(a);
	while (y < end8) {
		v128.store(y, f32x4.add(v128.load(y), f32x4.mul(s, v128.load(x))));
		v128.store(y, f32x4.add(v128.load(y, 16), f32x4.mul(s, v128.load(x, 16))), 16);
		y += 32; x += 32;
	}
	while (y < end) {
		store<f32>(y, load<f32>(y) + a * load<f32>(x));
		y += 4; x += 4;
	}
}

/** x *= a. */
export function scale(x: usize, a: f32, n: i32): void {
	const end = x + <usize>n * 4;
	const end4 = x + <usize>(n & ~3) * 4;
	const s = f32x4.splat(a);
	while (x < end4) {
		v128.store(x, f32x4.mul(v128.load(x), s));
		x += 16;
	}
	while (x < end) {
		store<f32>(x, load<f32>(x) * a);
		x += 4;
	}
}

/** Sum of x[i]^2, in double precision between blocks of 4096. */
export function sumSquares(x: usize, n: i32): f64 {
	let sum: f64 = 0;
	while (n > 0) {
		const m = min(n, 4096);
		sum += <f64>dot(x, x, m);
		x += <usize>m * 4;
		n -= m;
	}
	return sum;
}

/** out[j] += a * sum over rows of x[row, j].  x: [rows, n] */
export function columnSums(out: usize, x: usize, a: f32, rows: i32, n: i32): void {
	for (let r = 0; r < rows; r++) {
		axpy(out, x, a, n);
		x += <usize>n * 4;
	}
}
