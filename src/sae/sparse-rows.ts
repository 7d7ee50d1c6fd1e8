import type { RowScaling } from "./normalize";
import type { SparseRows } from "./types";

/** Compressed rows that grow. */
export interface SparseBuilder {
	/** Adds a latent to the row at hand; they come in ascending order. */
	add(index: number, value: number): void;
	endRow(): void;
	/** Notes how the next rows were scaled. Either all rows come with it or none. */
	scale(scaling: RowScaling): void;
	build(): SparseRows;
}

export function sparseBuilder(): SparseBuilder {
	const ends: number[] = [0];
	const scalings: RowScaling[] = [];
	let indices = new Uint32Array(1024);
	let values = new Float32Array(1024);
	let n = 0;
	return {
		add(index, value) {
			if (n === indices.length) {
				const [i, v] = [indices, values];
				indices = new Uint32Array(2 * n);
				values = new Float32Array(2 * n);
				indices.set(i);
				values.set(v);
			}
			indices[n] = index;
			values[n++] = value;
		},
		endRow: () => {
			ends.push(n);
		},
		scale: (scaling) => {
			scalings.push(scaling);
		},
		build: () => ({
			indptr: Float64Array.from(ends),
			indices: indices.slice(0, n),
			values: values.slice(0, n),
			...(scalings.length && {
				scaling: {
					shift: joined(scalings.map(({ shift }) => shift)),
					scale: joined(scalings.map(({ scale }) => scale)),
				},
			}),
		}),
	};
}

/** Adds rows of k chosen latents, in any order, some of which may not be above zero. Sorts them in place. */
export function addChosen(
	to: SparseBuilder,
	values: Float32Array,
	indices: Int32Array,
	n: number,
): void {
	const k = values.length / n;
	for (let from = 0; from < values.length; from += k) {
		sortByIndex(indices, values, from, from + k);
		for (let j = from; j < from + k; j++)
			if (values[j] > 0) to.add(indices[j], values[j]);
		to.endRow();
	}
}

/** Longer rows than this are sorted by the engine's own sort. */
const SHORT = 64;
let keys = new Float64Array(0);

/** Sorts one row by its indices, in place. */
function sortByIndex(
	indices: Int32Array,
	values: Float32Array,
	from: number,
	to: number,
): void {
	if (to - from > SHORT) {
		sortLong(indices, values, from, to);
		return;
	}
	for (let i = from + 1; i < to; i++) {
		const [index, value] = [indices[i], values[i]];
		let j = i;
		for (; j > from && indices[j - 1] > index; j--) {
			indices[j] = indices[j - 1];
			values[j] = values[j - 1];
		}
		indices[j] = index;
		values[j] = value;
	}
}

/** One key for each entry: its index, and below that its place in the row. */
function sortLong(
	indices: Int32Array,
	values: Float32Array,
	from: number,
	to: number,
): void {
	const n = to - from;
	if (keys.length !== n) keys = new Float64Array(n);
	for (let j = 0; j < n; j++) keys[j] = indices[from + j] * n + j;
	keys.sort();
	const before = values.slice(from, to);
	for (let j = 0; j < n; j++) {
		const index = Math.floor(keys[j] / n);
		indices[from + j] = index;
		values[from + j] = before[keys[j] - index * n];
	}
}

/** Adds dense rows [n, d_sae] of which few values are not zero. None is below it. */
export function addDense(to: SparseBuilder, f: Float32Array, n: number): void {
	const d_sae = f.length / n;
	// Zeros are looked for as bits, eight at a time.
	const bits = new Int32Array(f.buffer, f.byteOffset, f.length);
	for (let row = 0; row < n; row++) {
		const [start, end] = [row * d_sae, (row + 1) * d_sae];
		let at = start;
		for (; at + 8 <= end; at += 8) {
			const some =
				bits[at] |
				bits[at + 1] |
				bits[at + 2] |
				bits[at + 3] |
				bits[at + 4] |
				bits[at + 5] |
				bits[at + 6] |
				bits[at + 7];
			if (some !== 0)
				for (let i = at; i < at + 8; i++) if (f[i] > 0) to.add(i - start, f[i]);
		}
		for (; at < end; at++) if (f[at] > 0) to.add(at - start, f[at]);
		to.endRow();
	}
}

function joined(parts: Float32Array[]): Float32Array {
	const all = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
	let at = 0;
	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	return all;
}
