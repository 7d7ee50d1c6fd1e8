import { addRows, dotRows } from "./combine";
import { axpy, dot, scale } from "./vector";

// A training step on sparse latents in three parts, which never make anything dense (see src/sae/engine/sparse.ts).
// The entries of row r are those from indptr[r] up to indptr[r + 1]: a latent (`indices`, uint32) and its value.

/**
 * For the rows from..to: decodes their entries and sends the errors back to them.
 *
 *   E[l] = sum of values W_dec[indices] over entries whose index is below widths[l], + sign * start
 *   squares[l] = |E[l]|^2;   S[l] = E[l] + E[l + 1] + ...;   back = c * S[level of the entry] . W_dec[index]
 *
 * S takes the place of E in `error` [levels, rows, d]; squares: [levels, rows]. With more than one level the entries of
 * a row must ascend. `sums` [.., d], one row for each `step` rows, takes the sum of S[0] over them.
 */
export function decodeRows(
	from: i32, to: i32, step: i32, rows: i32, d: i32, levels: i32, widths: usize, c: f32,
	indptr: usize, indices: usize, values: usize, back: usize, W_dec: usize,
	start: usize, sign: f32, error: usize, squares: usize, sums: usize,
): void {
	const row = <usize>d * 4;
	const level = <usize>rows * row; // from one level's error to the next
	const sum = sums + <usize>(from / step) * row;
	memory.fill(sum, 0, row);
	for (let r = from; r < to; r++) {
		const first = load<i32>(indptr + (<usize>r << 2));
		const last = load<i32>(indptr + (<usize>r << 2), 4);
		const E = error + <usize>r * row;
		let done = first;
		for (let l = 0; l < levels; l++) {
			const here = E + <usize>l * level;
			if (l > 0) memory.copy(here, here - level, row);
			else {
				memory.copy(here, start + <usize>r * row, row);
				if (sign != 1) scale(here, sign, d);
			}
			const end = l == levels - 1 ? last : below(widths, l, indices, done, last);
			const j = <usize>done << 2;
			addRows(here, d, end - done, indices + j, values + j, W_dec);
			store<f32>(squares + (<usize>(l * rows + r) << 2), dot(here, here, d));
			done = end;
		}
		for (let l = levels - 2; l >= 0; l--)
			axpy(E + <usize>l * level, E + <usize>(l + 1) * level, 1, d);
		done = first;
		for (let l = 0; l < levels; l++) {
			const end = l == levels - 1 ? last : below(widths, l, indices, done, last);
			const j = <usize>done << 2;
			dotRows(back + j, E + <usize>l * level, c, d, end - done, indices + j, W_dec);
			done = end;
		}
		axpy(sum, E, 1, d);
	}
}

/** The first of the entries from..to whose index is not below widths[l]. */
function below(widths: usize, l: i32, indices: usize, from: i32, to: i32): i32 {
	const width = load<u32>(widths + (<usize>l << 2));
	while (from < to && load<u32>(indices + (<usize>from << 2)) < width) from++;
	return from;
}

/** fired[i] (uint8) = 1 where latent i has an entry other than 0. Returns the sum of all values. */
export function markEntries(rows: i32, indptr: usize, indices: usize, values: usize, fired: usize): f64 {
	const last = load<i32>(indptr + (<usize>rows << 2));
	let sum: f64 = 0;
	for (let j = load<i32>(indptr); j < last; j++) {
		const value = load<f32>(values + (<usize>j << 2));
		if (value == 0) continue;
		store<u8>(fired + load<u32>(indices + (<usize>j << 2)), 1);
		sum += value;
	}
	return sum;
}

/**
 * ends[i + 1] += how many entries latent i has; returns how many that are in all. Entries whose value is 0 take no part,
 * here and in what follows.
 */
export function countEntries(rows: i32, indptr: usize, indices: usize, values: usize, ends: usize): i32 {
	const last = load<i32>(indptr + (<usize>rows << 2));
	let count = 0;
	for (let j = load<i32>(indptr); j < last; j++) {
		const e = <usize>j << 2;
		if (load<f32>(values + e) == 0) continue;
		const at = ends + (<usize>load<u32>(indices + e) << 2);
		store<i32>(at, load<i32>(at, 4) + 1, 4);
		count++;
	}
	return count;
}

/** Turns the counts in ends[1..] into where each latent's entries begin; `placeEntries` moves that to where they end. */
export function startColumns(ends: usize, d_sae: i32): void {
	let sum = 0;
	for (let i = 0; i < d_sae; i++) {
		ends += 4;
		const n = load<i32>(ends);
		store<i32>(ends, sum);
		sum += n;
	}
}

/**
 * Sorts the entries by latent: of the e-th, error_row[e] and x_row[e] say which row of `error` and of x belongs to it,
 * by[e] = c * value. Adds up what needs no rows: along[i] += value * back, g_b_enc[i] += back.
 * `base` is the row of `error` with which these entries' levels begin.
 */
export function placeEntries(
	rows: i32, levels: i32, widths: usize, c: f32, base: i32,
	indptr: usize, indices: usize, values: usize, back: usize,
	ends: usize, error_row: usize, x_row: usize, by: usize, backs: usize, along: usize, g_b_enc: usize,
): void {
	for (let r = 0; r < rows; r++) {
		const last = load<i32>(indptr + (<usize>r << 2), 4);
		let l = 0;
		for (let j = load<i32>(indptr + (<usize>r << 2)); j < last; j++) {
			const index = load<u32>(indices + (<usize>j << 2));
			while (l < levels - 1 && index >= load<u32>(widths + (<usize>l << 2))) l++;
			const value = load<f32>(values + (<usize>j << 2));
			if (value == 0) continue;
			const b = load<f32>(back + (<usize>j << 2));
			const i = <usize>index << 2;
			const e = <usize>load<i32>(ends + i, 4) << 2;
			store<i32>(ends + i, <i32>(e >> 2) + 1, 4);
			store<i32>(error_row + e, base + l * rows + r);
			store<i32>(x_row + e, r);
			store<f32>(by + e, c * value);
			store<f32>(backs + e, b);
			store<f32>(along + i, load<f32>(along + i) + value * b);
			store<f32>(g_b_enc + i, load<f32>(g_b_enc + i) + b);
		}
	}
}

/**
 * The gradients of the latents from..to, each row written once:
 *   g_W_dec[i] = sum of by * error[error_row];  g_W_enc[i] = sum of backs * x[x_row]
 * over latent i's entries, those from ends[i] up to ends[i + 1]. squares[i] = the squared length of all three gradients,
 * without the part of g_W_dec along W_dec[i], which has the length 1 (`along` is g_W_dec[i] . W_dec[i]).
 * `sums` [.., d], one row for each `step` latents, takes the sum of g_b_enc[i] W_enc[i] over them.
 */
export function gatherLatents(
	from: i32, to: i32, step: i32, d: i32,
	ends: usize, error_row: usize, x_row: usize, by: usize, backs: usize,
	error: usize, x: usize, W_enc: usize, along: usize,
	g_W_dec: usize, g_W_enc: usize, g_b_enc: usize, squares: usize, sums: usize,
): void {
	const row = <usize>d * 4;
	const sum = sums + <usize>(from / step) * row;
	memory.fill(sum, 0, row);
	for (let i = from; i < to; i++) {
		const first = load<i32>(ends + (<usize>i << 2));
		const n = load<i32>(ends + (<usize>i << 2), 4) - first;
		const e = <usize>first << 2;
		const dec = g_W_dec + <usize>i * row;
		const enc = g_W_enc + <usize>i * row;
		memory.fill(dec, 0, row);
		memory.fill(enc, 0, row);
		let square: f32 = 0;
		if (n > 0) {
			addRows(dec, d, n, error_row + e, by + e, error);
			addRows(enc, d, n, x_row + e, backs + e, x);
			const a = load<f32>(along + (<usize>i << 2));
			const b = load<f32>(g_b_enc + (<usize>i << 2));
			square = max<f32>(dot(dec, dec, d) - a * a, 0) + dot(enc, enc, d) + b * b;
			axpy(sum, W_enc + <usize>i * row, b, d);
		}
		store<f32>(squares + (<usize>i << 2), square);
	}
}
