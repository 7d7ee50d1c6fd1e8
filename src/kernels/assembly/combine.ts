import { axpy, dot, lanes } from "./vector";

/**
 * out += sum over j < count of by[j] * row which[j] of `rows`, four rows at a time: `out` is read and written once for
 * the four, and the processor fetches four streams at once.  which: uint32 [count]; by: [count]; rows: [any, n]
 */
export function addRows(out: usize, n: i32, count: i32, which: usize, by: usize, rows: usize): void {
	const row = <usize>n * 4;
	let j = 0;
	for (; j + 4 <= count; j += 4) {
		add4(
			out, n,
			rows + <usize>load<u32>(which) * row, load<f32>(by),
			rows + <usize>load<u32>(which, 4) * row, load<f32>(by, 4),
			rows + <usize>load<u32>(which, 8) * row, load<f32>(by, 8),
			rows + <usize>load<u32>(which, 12) * row, load<f32>(by, 12),
		);
		which += 16; by += 16;
	}
	for (; j < count; j++) {
		axpy(out, rows + <usize>load<u32>(which) * row, load<f32>(by), n);
		which += 4; by += 4;
	}
}

/** out += a p + b q + c r + d s. */
// @ts-ignore: decorator
@inline
function add4(out: usize, n: i32, p: usize, a: f32, q: usize, b: f32, r: usize, c: f32, s: usize, d: f32): void {
	const end = out + <usize>n * 4;
	const end4 = out + <usize>(n & ~3) * 4;
	const A = f32x4.splat(a), B = f32x4.splat(b), C = f32x4.splat(c), D = f32x4.splat(d);
	while (out < end4) {
		const left = f32x4.add(f32x4.mul(A, v128.load(p)), f32x4.mul(B, v128.load(q)));
		const right = f32x4.add(f32x4.mul(C, v128.load(r)), f32x4.mul(D, v128.load(s)));
		v128.store(out, f32x4.add(v128.load(out), f32x4.add(left, right)));
		out += 16; p += 16; q += 16; r += 16; s += 16;
	}
	while (out < end) {
		const left = a * load<f32>(p) + b * load<f32>(q);
		const right = c * load<f32>(r) + d * load<f32>(s);
		store<f32>(out, load<f32>(out) + (left + right));
		out += 4; p += 4; q += 4; r += 4; s += 4;
	}
}

/** out[j] = a * (x . row which[j] of `rows`), four rows at a time.  out: [count] */
export function dotRows(out: usize, x: usize, a: f32, n: i32, count: i32, which: usize, rows: usize): void {
	const row = <usize>n * 4;
	let j = 0;
	for (; j + 4 <= count; j += 4) {
		dot4(
			out, x, a, n,
			rows + <usize>load<u32>(which) * row,
			rows + <usize>load<u32>(which, 4) * row,
			rows + <usize>load<u32>(which, 8) * row,
			rows + <usize>load<u32>(which, 12) * row,
		);
		which += 16; out += 16;
	}
	for (; j < count; j++) {
		store<f32>(out, a * dot(x, rows + <usize>load<u32>(which) * row, n));
		which += 4; out += 4;
	}
}

// @ts-ignore: decorator
@inline
function dot4(out: usize, x: usize, a: f32, n: i32, p: usize, q: usize, r: usize, s: usize): void {
	const end = x + <usize>n * 4;
	const end4 = x + <usize>(n & ~3) * 4;
	let P = f32x4.splat(0), Q = f32x4.splat(0), R = f32x4.splat(0), S = f32x4.splat(0);
	while (x < end4) {
		const X = v128.load(x);
		P = f32x4.add(P, f32x4.mul(X, v128.load(p)));
		Q = f32x4.add(Q, f32x4.mul(X, v128.load(q)));
		R = f32x4.add(R, f32x4.mul(X, v128.load(r)));
		S = f32x4.add(S, f32x4.mul(X, v128.load(s)));
		x += 16; p += 16; q += 16; r += 16; s += 16;
	}
	let sp = lanes(P), sq = lanes(Q), sr = lanes(R), ss = lanes(S);
	while (x < end) {
		const v = load<f32>(x);
		sp += v * load<f32>(p); sq += v * load<f32>(q); sr += v * load<f32>(r); ss += v * load<f32>(s);
		x += 4; p += 4; q += 4; r += 4; s += 4;
	}
	store<f32>(out, a * sp); store<f32>(out, a * sq, 4); store<f32>(out, a * sr, 8); store<f32>(out, a * ss, 12);
}
