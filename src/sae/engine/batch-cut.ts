import type { Entries } from "./sparse";

/** The n largest values above zero of a batch, and whether the candidates were enough to tell. */
export interface BatchCut {
	/** Every value above this is kept, … NaN where a candidate is not finite, which nothing can be said of. */
	cut: number;
	/** … and so many of those that equal it, … */
	equal: number;
	/** … of this many. */
	tied: number;
	/** How many values are kept in all: n, or fewer where fewer are above zero. */
	kept: number;
	/** Whether no row can hold more that belong than its candidates. */
	exact: boolean;
}

/**
 * Where to cut a batch so that its n largest values above zero stay. Each row brings only its `width` largest values, in
 * any order; a row whose smallest candidate is not below the cut may hold more that belong, so then `exact` is false
 * unless the candidates are the whole row (`whole`).
 *
 * @param candidates [rows, width]
 */
export function cutBatch(
	candidates: Float32Array,
	width: number,
	n: number,
	whole: boolean,
): BatchCut {
	const found = nthLargest(candidates, n);
	let exact = true;
	for (let from = 0; !whole && exact && from < candidates.length; ) {
		let smallest = Infinity;
		for (const end = from + width; from < end; from++)
			if (candidates[from] < smallest) smallest = candidates[from];
		exact = !(smallest > 0 && smallest >= found.cut);
	}
	return { ...found, exact };
}

/** Two counters of 65,536: the upper and the lower half of a float's bits. */
const counters = new Uint32Array(65536);

/**
 * The n-th largest value above zero, by counting: floats above zero are ordered as their bits are, so one pass over the
 * upper sixteen finds the bucket that it lies in, and a second over the lower sixteen finds it there.
 */
export function nthLargest(
	values: Float32Array,
	n: number,
): Omit<BatchCut, "exact"> {
	const { buffer, byteOffset, length } = values;
	const bits = new Int32Array(buffer, byteOffset, length);
	counters.fill(0);
	let positive = 0;
	for (let i = 0; i < length; i++) {
		if ((bits[i] & 0x7f800000) === 0x7f800000)
			return { cut: Number.NaN, equal: 0, tied: 0, kept: 0 };
		if (bits[i] <= 0) continue; // below zero, where the sign is set, or zero
		counters[bits[i] >>> 16]++;
		positive++;
	}
	if (n < 1) return { cut: Infinity, equal: 0, tied: 0, kept: 0 };
	if (positive <= n) return { cut: 0, equal: 0, tied: 0, kept: positive };
	const upper = countDown(n);
	counters.fill(0);
	for (let i = 0; i < length; i++)
		if (bits[i] > 0 && bits[i] >>> 16 === upper.bucket)
			counters[bits[i] & 0xffff]++;
	const lower = countDown(upper.left);
	const found = new Int32Array([(upper.bucket << 16) | lower.bucket]);
	const [cut] = new Float32Array(found.buffer);
	const tied = counters[lower.bucket];
	return { cut, equal: lower.left, tied, kept: n };
}

/** The bucket that holds the n-th from above, and which one in that bucket it is. */
function countDown(n: number): { bucket: number; left: number } {
	let left = n;
	for (let bucket = 65535; ; bucket--) {
		if (left <= counters[bucket]) return { bucket, left };
		left -= counters[bucket];
	}
}

/**
 * Writes what the cut leaves of compressed rows, the latents of each row ascending in both; of equal values at the cut
 * the first stay. Returns the smallest value that was kept, Infinity where none was.
 */
export function keepOf(
	{ cut, equal }: Pick<BatchCut, "cut" | "equal">,
	from: Entries,
	to: Entries,
): number {
	let [n, spare, smallest] = [0, equal, Infinity];
	to.indptr[0] = 0;
	for (let row = 1; row < from.indptr.length; row++) {
		for (let j = from.indptr[row - 1]; j < from.indptr[row]; j++) {
			const value = from.values[j];
			if (!(value > cut || (value === cut && spare-- > 0))) continue;
			if (value < smallest) smallest = value;
			to.indices[n] = from.indices[j];
			to.values[n++] = value;
		}
		to.indptr[row] = n;
	}
	return smallest;
}

/**
 * Writes what the cut leaves of candidates as compressed rows, the latents of each row ascending; of equal values at the cut the first
 * stay, by row and then by latent. Returns the smallest value that was kept, Infinity where none was.
 *
 * @param candidates [rows, width], and `latents` which latent each one is of
 */
export function keepAbove(
	{ cut, equal, tied }: BatchCut,
	candidates: Float32Array,
	latents: Int32Array,
	width: number,
	to: Entries,
): number {
	const { indptr, indices, values } = to;
	const rows = candidates.length / width;
	let [n, spare, smallest] = [0, equal, Infinity];
	indptr[0] = 0;
	for (let row = 0; row < rows; row++) {
		const first = n;
		const [from, end] = [row * width, (row + 1) * width];
		const last =
			tied > equal ? lastTied(cut, candidates, latents, from, end, spare) : -1;
		for (let i = from; i < end; i++) {
			const value = candidates[i];
			const latent = latents[i];
			if (!(value > cut || (value === cut && equal > 0))) continue;
			if (value === cut && tied > equal && latent > last) continue;
			if (value === cut) spare--;
			if (value < smallest) smallest = value;
			let j = n++;
			for (; j > first && indices[j - 1] > latent; j--) {
				indices[j] = indices[j - 1];
				values[j] = values[j - 1];
			}
			indices[j] = latent;
			values[j] = value;
		}
		indptr[row + 1] = n;
	}
	return smallest;
}

/** Up to which latent a row's values at the cut stay, if so many more may; -1 where none does. */
function lastTied(
	cut: number,
	candidates: Float32Array,
	latents: Int32Array,
	from: number,
	end: number,
	spare: number,
): number {
	const own: number[] = [];
	for (let i = from; i < end; i++)
		if (candidates[i] === cut) own.push(latents[i]);
	own.sort((a, b) => a - b);
	return own[Math.min(spare, own.length) - 1] ?? -1;
}
