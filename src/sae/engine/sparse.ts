import { allowedThreads } from "../../threads";
import { allocateStore, type Store } from "./store";
import type { Parameter, TraineeSettings, TraineeShape } from "./trainee";

/*
 * The gradients of everything that decodes few latents a row. What is chosen comes as compressed rows, and nothing
 * becomes dense. With nested reconstructions (matryoshka) level l decodes the latents below widths[l]:
 *
 *   E[l] = Σ over entries below widths[l] of f·W_dec[i] − (x − b_dec)         [levels, batch, d_in]
 *   loss = weight · Σ over levels of the mean over rows of ‖E[l]‖²
 *
 * and with S[l] = E[l] + E[l+1] + …, c = 2·weight/batch, and l the level of latent i, the entry (row r, latent i, f) gives
 *
 *   g_W_dec[i] += c f S[l][r];   back = c S[l][r]·W_dec[i];   g_W_enc[i] += back (x − b_dec)[r];   g_b_enc[i] += back
 *
 * and g_b_dec = c Σ over rows of S[0] − W_encᵀ g_b_enc. Dead latents that are to explain what is left (`dead_rows`) are
 * entries of one more level, whose error is Σ f·W_dec[i] + E[last] and moves nothing else.
 *
 * First row by row: errors and `back`. Then the entries are sorted by latent, and latent by latent each row of the
 * gradients is written once. Threads share both; the parts are fixed, so their number changes no bit of the result.
 */

/** Latents by rows: row r's are those from indptr[r] up to indptr[r + 1]. A value of 0 takes no part. */
export interface Entries {
	indptr: Int32Array; // [batch + 1]
	indices: Uint32Array;
	values: Float32Array;
}

export interface SparseSizes {
	/** How many latents each level decodes, increasing; the last is d_sae. */
	widths: readonly number[];
	/** The most entries of a batch. */
	capacity: number;
	/** The most entries of dead latents. */
	dead_capacity: number;
}

export interface SparseStep {
	/** What was chosen; indptr counts from 0. With several levels the indices of a row ascend. */
	rows: Entries;
	/** The dead latents' entries; indptr counts from 0. */
	dead_rows: Entries;
	/** Fills `centred` with x − b_dec. */
	centre(): void;
	/**
	 * Fills all gradients from `rows`, and from `dead_rows` where `dead_weight` is above 0. Returns the mean ‖E[l]‖² of
	 * each level and of the dead latents' error, without weights.
	 */
	backward(
		weight: number,
		dead_weight: number,
	): { squares: number[]; dead: number };
	/** 1 for latents with an entry other than 0; `firing` marks them. */
	fired: Uint8Array; // [d_sae]
	/** Of what the last `backward` went back through. Means over rows; W_dec's rows have the length 1. */
	firing(): { l0: number; l1: number };
}

export type SparseStore<Extra extends string = never> = Store<
	| Extra
	| "centred"
	| "error"
	| "row_squares"
	| "sums"
	| "widths"
	| `${"" | "dead_"}indptr`
	| "indices"
	| "values"
	| "back"
	| "ends"
	| "error_row"
	| "x_row"
	| "by"
	| "backs"
	| "along"
	| "squares"
	| "fired"
>;

/** Rows that a thread decodes at a time, and how many latents' gradients it writes. */
const rowsAPart = 8;
const latentsAPart = ({ d_sae }: TraineeShape) =>
	Math.max(8, Math.ceil(d_sae / 512));

/** A shared memory for parameters and a sparse step; some arrays hold whole numbers. */
export function allocateSparse<Extra extends string = never>(
	shape: TraineeShape,
	parameters: readonly Parameter[],
	{ widths, capacity, dead_capacity }: SparseSizes,
	{ threads = allowedThreads() }: Pick<TraineeSettings, "threads">,
	extra = {} as Record<Extra, number>,
): SparseStore<Extra> {
	const { d_in, d_sae, batch } = shape;
	const entries = capacity + dead_capacity;
	const levels = widths.length + 1;
	const parts =
		Math.ceil(batch / rowsAPart) + Math.ceil(d_sae / latentsAPart(shape));
	const sizes = {
		centred: batch * d_in, // x − b_dec
		error: levels * batch * d_in, // E, then S; the dead latents' behind
		row_squares: levels * batch,
		sums: parts * d_in, // of rows of S[0], then of W_encᵀ g_b_enc
		widths: widths.length, // uint32
		indptr: batch + 1, // int32
		dead_indptr: batch + 1, // int32
		indices: entries, // uint32, by row; the dead latents' behind, here and below
		values: entries,
		back: entries,
		ends: d_sae + 1, // int32
		error_row: entries, // uint32, by latent, here and below
		x_row: entries, // uint32
		by: entries,
		backs: entries,
		along: d_sae, // g_W_dec[i]·W_dec[i]
		squares: d_sae, // of all gradients of a latent
		fired: Math.ceil(d_sae / 4), // uint8
	};
	return allocateStore(
		shape,
		parameters,
		{ ...sizes, ...extra },
		threads,
	) as SparseStore<Extra>;
}

export function openSparse(
	store: SparseStore,
	shape: TraineeShape,
	{ widths, capacity }: SparseSizes,
): SparseStep {
	const { array, at, kernels, crew, memory } = store;
	const { d_in, d_sae, batch } = shape;
	const levels = widths.length;
	const entries = array.values.length;
	new Uint32Array(memory.buffer, at.widths, levels).set(widths);
	const indices = new Uint32Array(memory.buffer, at.indices, entries);
	const rows: Entries = {
		indptr: new Int32Array(memory.buffer, at.indptr, batch + 1),
		indices: indices.subarray(0, capacity),
		values: array.values.subarray(0, capacity),
	};
	const dead_rows: Entries = {
		indptr: new Int32Array(memory.buffer, at.dead_indptr, batch + 1),
		indices: indices.subarray(capacity),
		values: array.values.subarray(capacity),
	};
	const fired = new Uint8Array(memory.buffer, at.fired, d_sae);
	const level = 4 * batch * d_in; // bytes
	let count = 0; // of entries other than 0
	/** Where the pieces of `rows` and of `dead_rows` lie. */
	const places = [
		{
			levels,
			indptr: at.indptr,
			first: 0,
			start: at.centred,
			sign: -1,
			base: 0,
		},
		{
			levels: 1,
			indptr: at.dead_indptr,
			first: 4 * capacity,
			start: at.error + (levels - 1) * level,
			sign: 1,
			base: levels * batch,
		},
	];
	type Place = (typeof places)[number];

	function decode(p: Place, c: number): number[] {
		crew.run(
			"decodeRows",
			batch,
			rowsAPart,
			rowsAPart,
			batch,
			d_in,
			p.levels,
			at.widths,
			c,
			p.indptr,
			at.indices + p.first,
			at.values + p.first,
			at.back + p.first,
			at.W_dec,
			p.start,
			p.sign,
			at.error + 4 * p.base * d_in,
			at.row_squares + 4 * p.base,
			at.sums,
		);
		const means: number[] = [];
		for (let l = 0; l < p.levels; l++) {
			const from = p.base + l * batch;
			let sum = 0;
			for (let r = from; r < from + batch; r++) sum += array.row_squares[r];
			means.push(sum / batch);
		}
		return means;
	}

	/** The gradients of all latents, and what g_b_dec gets through them. */
	function gather(scales: number[]): void {
		array.along.fill(0);
		array.g_b_enc.fill(0);
		new Int32Array(memory.buffer, at.ends, d_sae + 1).fill(0);
		const used = places.slice(0, scales.length);
		const counts = used.map(({ indptr, first }) =>
			kernels.countEntries(
				batch,
				indptr,
				at.indices + first,
				at.values + first,
				at.ends,
			),
		);
		count = counts[0];
		kernels.startColumns(at.ends, d_sae);
		for (const [i, p] of used.entries())
			kernels.placeEntries(
				batch,
				p.levels,
				at.widths,
				scales[i],
				p.base,
				p.indptr,
				at.indices + p.first,
				at.values + p.first,
				at.back + p.first,
				at.ends,
				at.error_row,
				at.x_row,
				at.by,
				at.backs,
				at.along,
				at.g_b_enc,
			);
		const step = latentsAPart(shape);
		crew.run(
			"gatherLatents",
			d_sae,
			step,
			step,
			d_in,
			at.ends,
			at.error_row,
			at.x_row,
			at.by,
			at.backs,
			at.error,
			at.centred,
			at.W_enc,
			at.along,
			at.g_W_dec,
			at.g_W_enc,
			at.g_b_enc,
			at.squares,
			at.sums,
		);
		addSums(-1, Math.ceil(d_sae / step));
	}

	/** g_b_dec += a · the sums that the parts of a kernel left, in order. */
	function addSums(a: number, parts: number): void {
		kernels.columnSums(at.g_b_dec, at.sums, a, parts, d_in);
	}

	return {
		rows,
		dead_rows,
		centre() {
			const [out, x, b] = [at.centred, at.x, at.b_dec];
			crew.run("centreRows", batch, 64, out, x, b, d_in);
		},
		backward(weight, dead_weight) {
			const c = (2 * weight) / batch;
			const squares = decode(places[0], c);
			array.g_b_dec.fill(0);
			addSums(c, Math.ceil(batch / rowsAPart));
			if (!(dead_weight > 0)) {
				gather([c]);
				return { squares, dead: 0 };
			}
			const dead_c = (2 * dead_weight) / batch;
			const [dead] = decode(places[1], dead_c);
			gather([c, dead_c]);
			return { squares, dead };
		},
		fired,
		firing() {
			fired.fill(0);
			const { indptr, indices, values } = at;
			const sum = kernels.markEntries(batch, indptr, indices, values, at.fired);
			return { l0: count / batch, l1: sum / batch };
		},
	};
}
