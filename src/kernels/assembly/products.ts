// Products of compressed rows with thin matrices. The entries of row r are those from indptr[r] up to indptr[r + 1]
// (uint32): a column (`indices`, uint32) and its value. W: [columns, width], with a width that is a multiple of 4, so that
// the numbers one entry needs lie side by side.

/** out = X W for the rows from..to.  out: [rows, width] */
export function timesRows(
	from: i32, to: i32, indptr: usize, indices: usize, values: usize, W: usize, width: i32, out: usize,
): void {
	const stride = <usize>width * 4;
	for (let r = from; r < to; r++) {
		const first = <usize>load<u32>(indptr + (<usize>r << 2)) << 2;
		const last = <usize>load<u32>(indptr + (<usize>r << 2), 4) << 2;
		const row = out + <usize>r * stride;
		let c: usize = 0;
		for (; c + 64 <= stride; c += 64) four(first, last, indices, values, W + c, stride, row + c);
		for (; c < stride; c += 16) one(first, last, indices, values, W + c, stride, row + c);
	}
}

/** 16 numbers of a row of X W: their sums stay in registers while the row's entries pass by. */
// @ts-ignore: decorator
@inline
function four(first: usize, last: usize, indices: usize, values: usize, W: usize, stride: usize, out: usize): void {
	let s = f32x4.splat(0), t = f32x4.splat(0), u = f32x4.splat(0), v = f32x4.splat(0);
	for (let e = first; e < last; e += 4) {
		const x = v128.load32_splat(values + e);
		const w = W + <usize>load<u32>(indices + e) * stride;
		s = f32x4.add(s, f32x4.mul(x, v128.load(w)));
		t = f32x4.add(t, f32x4.mul(x, v128.load(w, 16)));
		u = f32x4.add(u, f32x4.mul(x, v128.load(w, 32)));
		v = f32x4.add(v, f32x4.mul(x, v128.load(w, 48)));
	}
	v128.store(out, s);
	v128.store(out, t, 16);
	v128.store(out, u, 32);
	v128.store(out, v, 48);
}

/** 4 numbers, in two sums, since one would wait for itself at every entry. */
// @ts-ignore: decorator
@inline
function one(first: usize, last: usize, indices: usize, values: usize, W: usize, stride: usize, out: usize): void {
	let s = f32x4.splat(0), t = f32x4.splat(0);
	let e = first;
	for (; e + 8 <= last; e += 8) {
		const a = W + <usize>load<u32>(indices + e) * stride;
		const b = W + <usize>load<u32>(indices + e, 4) * stride;
		s = f32x4.add(s, f32x4.mul(v128.load32_splat(values + e), v128.load(a)));
		t = f32x4.add(t, f32x4.mul(v128.load32_splat(values + e, 4), v128.load(b)));
	}
	if (e < last)
		s = f32x4.add(s, f32x4.mul(v128.load32_splat(values + e), v128.load(W + <usize>load<u32>(indices + e) * stride)));
	v128.store(out, f32x4.add(s, t));
}

/**
 * For the rows from..to, which centre is nearest: of the columns of W the one with the largest x . w - half[c].
 * `half` [width] is |w|^2 / 2, infinite where there is no centre. nearest: uint32 [rows]; score: that largest number.
 * `room` [.., width], one row for each `step` rows.
 */
export function nearestRows(
	from: i32, to: i32, step: i32, indptr: usize, indices: usize, values: usize, W: usize, width: i32,
	half: usize, nearest: usize, score: usize, room: usize,
): void {
	const stride = <usize>width * 4;
	const own = room + <usize>(from / step) * stride;
	for (let r = from; r < to; r++) {
		const first = <usize>load<u32>(indptr + (<usize>r << 2)) << 2;
		const last = <usize>load<u32>(indptr + (<usize>r << 2), 4) << 2;
		let c: usize = 0;
		for (; c + 64 <= stride; c += 64) four(first, last, indices, values, W + c, stride, own + c);
		for (; c < stride; c += 16) one(first, last, indices, values, W + c, stride, own + c);
		let most: f32 = -Infinity;
		let at: usize = 0;
		for (c = 0; c < stride; c += 4) {
			const s = load<f32>(own + c) - load<f32>(half + c);
			if (s > most) {
				most = s;
				at = c;
			}
		}
		store<u32>(nearest + (<usize>r << 2), <u32>(at >> 2));
		store<f32>(score + (<usize>r << 2), most);
	}
}

/**
 * The means of groups of rows, for the columns from..to: W[j, g] = inverse[g] * sum of the values of column j over the
 * rows of group g. Of column j the entries are those from indptr[j] up to indptr[j + 1], a row (`indices`) and its value.
 * group: uint32 [rows]; inverse: float64 [width]. Sums are in 64 bits, in `room` (float64 [.., width]); `squares`
 * [.., width] takes the sum of W[j, g]^2: both have one row for each `step` columns.
 */
export function groupMeans(
	from: i32, to: i32, step: i32, indptr: usize, indices: usize, values: usize,
	group: usize, inverse: usize, W: usize, width: i32, room: usize, squares: usize,
): void {
	const stride = <usize>width * 4;
	const square = squares + <usize>(from / step) * stride;
	const sums = room + <usize>(from / step) * 2 * stride;
	memory.fill(square, 0, stride);
	memory.fill(sums, 0, 2 * stride);
	for (let j = from; j < to; j++) {
		const first = <usize>load<u32>(indptr + (<usize>j << 2)) << 2;
		const last = <usize>load<u32>(indptr + (<usize>j << 2), 4) << 2;
		const w = W + <usize>j * stride;
		if (first == last) {
			memory.fill(w, 0, stride);
			continue;
		}
		for (let e = first; e < last; e += 4) {
			const at = sums + (<usize>load<u32>(group + (<usize>load<u32>(indices + e) << 2)) << 3);
			store<f64>(at, load<f64>(at) + <f64>load<f32>(values + e));
		}
		for (let c: usize = 0; c < stride; c += 16) {
			const s = sums + 2 * c, by = inverse + 2 * c;
			const mean = v128.shuffle<i64>(
				f32x4.demote_f64x2_zero(f64x2.mul(v128.load(s), v128.load(by))),
				f32x4.demote_f64x2_zero(f64x2.mul(v128.load(s, 16), v128.load(by, 16))), 0, 2);
			v128.store(w + c, mean);
			v128.store(square + c, f32x4.add(v128.load(square + c), f32x4.mul(mean, mean)));
			v128.store(s, i64x2.splat(0));
			v128.store(s, i64x2.splat(0), 16);
		}
	}
}
