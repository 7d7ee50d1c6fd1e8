/**
 * The k largest numbers above 0 of each row of x [rows, n] into values and indices (uint32) [rows, k], in any order; where
 * fewer are above 0, the rest of `values` is 0. NaN is never among them.
 * room: [groupsFor(k) + 2 n + 4]
 *
 * Of some groups of a row only the largest members are looked at first: the k-th largest of those is at most the k-th
 * largest of the row, and little below it. So what is not below it is few numbers, and halving the range that they lie
 * in soon finds a limit that k of them reach. Where equal numbers leave none, quickselect takes k.
 */
export function selectRows(rows: i32, n: i32, k: i32, x: usize, values: usize, indices: usize, room: usize): void {
	const groups = groupsFor(k);
	const found = room + <usize>groups * 4;
	const where = found + <usize>(n + 4) * 4;
	for (let r = 0; r < rows; r++) {
		const least = n >= 4 * groups ? lowerBound(x, n, k, room, groups) : 0;
		const m = gather(x, n, least, found, where);
		if (m > k && !filter(found, where, m, k, least)) quickselect(found, where, m, k);
		const kept = <usize>min(m, k) * 4;
		memory.copy(values, found, kept);
		memory.copy(indices, where, kept);
		memory.fill(values + kept, 0, <usize>k * 4 - kept);
		memory.fill(indices + kept, 0, <usize>k * 4 - kept);
		x += <usize>n * 4; values += <usize>k * 4; indices += <usize>k * 4;
	}
}

/** A power of two that is at least 4 k and 32. */
export function groupsFor(k: i32): i32 {
	let groups = 32;
	while (groups < 4 * k) groups *= 2;
	return groups;
}

/** A number, at least 0, that at least k numbers of the row reach, or 0. The i-th group has the numbers i, i + groups, ... */
function lowerBound(x: usize, n: i32, k: i32, largest: usize, groups: i32): f32 {
	const bytes = <usize>groups * 4;
	memory.copy(largest, x, bytes);
	let at: usize = bytes;
	const end = <usize>n * 4;
	for (; at + bytes <= end; at += bytes)
		for (let j: usize = 0; j < bytes; j += 16)
			v128.store(largest + j, f32x4.pmax(v128.load(largest + j), v128.load(x + at + j)));
	for (let j: usize = 0; at < end; at += 4, j += 4)
		store<f32>(largest + j, max<f32>(load<f32>(largest + j), load<f32>(x + at)));
	let low: f32 = 0, high: f32 = 0;
	for (let j: usize = 0; j < bytes; j += 4) {
		const value = load<f32>(largest + j);
		if (value > high) high = value;
	}
	if (countFrom(largest, groups, f32.MIN_VALUE) < k) return 0;
	for (let i = 0; i < 12; i++) {
		const middle = low + (high - low) * 0.5;
		const count = countFrom(largest, groups, middle);
		if (count < k) high = middle;
		else {
			low = middle;
			if (count <= k + (k >> 2)) break;
		}
	}
	return low;
}

/** How many of n numbers, a multiple of four, are not below `least`. */
function countFrom(x: usize, n: i32, least: f32): i32 {
	const limit = f32x4.splat(least);
	let count = i32x4.splat(0);
	const end = x + <usize>n * 4;
	for (; x < end; x += 16) count = i32x4.sub(count, f32x4.ge(v128.load(x), limit));
	return i32x4.extract_lane(count, 0) + i32x4.extract_lane(count, 1) + i32x4.extract_lane(count, 2) + i32x4.extract_lane(count, 3);
}

/** The numbers of a row that are above 0 and not below `least`, and where they stand; returns how many. */
function gather(x: usize, n: i32, least: f32, found: usize, where: usize): i32 {
	const limit = f32x4.splat(max<f32>(least, f32.MIN_VALUE));
	let m: usize = 0;
	let i = 0;
	for (; i + 4 <= n; i += 4) {
		let mask = i32x4.bitmask(f32x4.ge(v128.load(x + (<usize>i << 2)), limit));
		while (mask) {
			const lane = i + ctz(mask);
			store<f32>(found + m, load<f32>(x + (<usize>lane << 2)));
			store<i32>(where + m, lane);
			m += 4;
			mask &= mask - 1;
		}
	}
	for (; i < n; i++) {
		const value = load<f32>(x + (<usize>i << 2));
		if (value >= f32x4.extract_lane(limit, 0)) {
			store<f32>(found + m, value);
			store<i32>(where + m, i);
			m += 4;
		}
	}
	return <i32>(m >> 2);
}

/** Brings the k largest of m numbers, none below `low`, to the front, and what belongs to them; false where it cannot. */
function filter(x: usize, with_: usize, m: i32, k: i32, low: f32): bool {
	let high: f32 = low;
	for (let j: usize = 0; j < <usize>m * 4; j += 4) high = max<f32>(high, load<f32>(x + j));
	v128.store(x + <usize>m * 4, f32x4.splat(0)); // what is counted below, up to a multiple of four
	const whole = (m + 3) & ~3;
	for (let i = 0; i < 24; i++) {
		const middle = low + (high - low) * 0.5;
		const count = countFrom(x, whole, middle);
		if (count == k && middle > 0) return keepFrom(x, with_, m, middle);
		if (count < k) high = middle;
		else low = middle;
	}
	return false;
}

/** Without a branch: which numbers stay cannot be foreseen. */
function keepFrom(x: usize, with_: usize, m: i32, least: f32): bool {
	let kept: usize = 0;
	for (let j: usize = 0; j < <usize>m * 4; j += 4) {
		const value = load<f32>(x + j);
		store<f32>(x + kept, value);
		store<i32>(with_ + kept, load<i32>(with_ + j));
		kept += <usize>i32(value >= least) << 2;
	}
	return true;
}

/** Brings the k largest of m numbers to the front, and what belongs to them (Hoare 1961). */
function quickselect(x: usize, with_: usize, m: i32, k: i32): void {
	let low = 0, high = m - 1;
	while (low < high) {
		const pivot = load<f32>(x + (<usize>((low + high) >> 1) << 2));
		let i = low, j = high;
		while (i <= j) {
			while (load<f32>(x + (<usize>i << 2)) > pivot) i++;
			while (load<f32>(x + (<usize>j << 2)) < pivot) j--;
			if (i > j) break;
			swap(x + (<usize>i << 2), x + (<usize>j << 2));
			swap(with_ + (<usize>i << 2), with_ + (<usize>j << 2));
			i++; j--;
		}
		if (k - 1 <= j) high = j;
		else if (k - 1 >= i) low = i;
		else return;
	}
}

// @ts-ignore: decorator
@inline
function swap(a: usize, b: usize): void {
	const old = load<i32>(a);
	store<i32>(a, load<i32>(b));
	store<i32>(b, old);
}
