import { Tensor } from "onnxruntime-node";
import { cutBatch, keepAbove, keepOf, nthLargest } from "./batch-cut";
import { type EncoderInputs, encoderGraph } from "./encoder";
import type { Entries } from "./sparse";
import type { Selection } from "./sparse-trainee";
import { createSession, floatTensor } from "./store";
import type { TraineeShape } from "./trainee";

/** Up to so many pre-activations a batch it is faster to copy them all out of ONNX Runtime than to let it select. */
const few = 1 << 22;

/**
 * The n largest pre-activations above zero of a whole batch, exactly; of equal ones the first, by row and then by latent.
 * @param followed gets the smallest value chosen, where there is one
 */
export function openBatchTopk(
	inputs: EncoderInputs,
	shape: TraineeShape,
	n: number,
	followed: (smallest: number) => void,
): Promise<Selection> {
	const open = shape.batch * shape.d_sae <= few ? selectHere : selectThere;
	return open(inputs, shape, n, followed);
}

/** Looks through all of them, at first for those that are not far below the last batch's cut. */
export async function selectHere(
	{ feeds }: EncoderInputs,
	shape: TraineeShape,
	n: number,
	followed: (smallest: number) => void,
): Promise<Selection> {
	const { batch, d_sae } = shape;
	const { g, pre } = encoderGraph(shape);
	g.op("Identity", [pre], {}, "pre");
	const session = await createSession(g.build(["pre"]));
	const all = new Float32Array(batch * d_sae);
	const fetches = { pre: floatTensor(all, [batch, d_sae]) };
	let last = 0;
	return {
		async choose(rows) {
			await session.run(feeds, fetches);
			let found = valuesFrom(all, d_sae, 0.8 * last);
			if (found.values.length < n && last > 0)
				found = valuesFrom(all, d_sae, 0);
			const cut = nthLargest(found.values, n);
			if (Number.isNaN(cut.cut)) return spoil(rows);
			last = cut.cut;
			const smallest = keepOf(cut, found, rows);
			if (smallest < Infinity) followed(smallest);
		},
		release: () => session.release(),
	};
}

/** Every value above zero that is not below `least` (or is no number), as compressed rows.  all: [rows, width] */
function valuesFrom(all: Float32Array, width: number, least: number): Entries {
	const rows = all.length / width;
	const limit = Math.max(least, 1e-45); // the least number above 0
	const indptr = new Int32Array(rows + 1);
	let count = 0;
	for (let i = 0; i < all.length; i++) if (!(all[i] < limit)) count++;
	const indices = new Uint32Array(count);
	const values = new Float32Array(count);
	let n = 0;
	for (let row = 0; row < rows; row++) {
		const from = row * width;
		for (let i = 0; i < width; i++) {
			const value = all[from + i];
			if (value < limit) continue;
			indices[n] = i;
			values[n++] = value;
		}
		indptr[row + 1] = n;
	}
	return { indptr, indices, values };
}

/**
 * Without a copy of them all: ONNX Runtime gives the largest of each row, as many as were enough so far, and is asked
 * again for twice as many where a row may hold more that belong. How many it is asked for changes nothing in what is
 * chosen.
 */
export async function selectThere(
	{ feeds }: EncoderInputs,
	shape: TraineeShape,
	n: number,
	followed: (smallest: number) => void,
): Promise<Selection> {
	const { d_sae, batch } = shape;
	const { g, pre } = encoderGraph(shape);
	g.input("width", "int64", [1]);
	g.ops("TopK", [pre, "width"], { sorted: 0 }, ["values", "which"]);
	g.op("Cast", ["which"], { to: 6 }, "indices");
	const session = await createSession(g.build(["values", "indices"]));
	const least = Math.min(d_sae, Math.max(8, Math.ceil((2 * n) / batch)));
	let width = least;

	async function candidates() {
		const count = BigInt64Array.of(BigInt(width));
		const asked = new Tensor("int64", count, [1]);
		const found = await session.run({ ...feeds, width: asked });
		return {
			values: found.values.data as Float32Array,
			latents: found.indices.data as Int32Array,
		};
	}

	return {
		async choose(rows) {
			for (;;) {
				const { values, latents } = await candidates();
				const cut = cutBatch(values, width, n, width === d_sae);
				if (!cut.exact) {
					width = Math.min(d_sae, 2 * width);
					continue;
				}
				if (Number.isNaN(cut.cut)) return spoil(rows);
				const smallest = keepAbove(cut, values, latents, width, rows);
				if (smallest < Infinity) followed(smallest);
				// The next batch needs about as many: with some to spare it is seldom asked twice.
				const most = Math.ceil(1.25 * longest(rows));
				width = Math.min(d_sae, Math.max(least, most));
				return;
			}
		},
		release: () => session.release(),
	};
}

function longest({ indptr }: Entries): number {
	let most = 0;
	for (let r = 1; r < indptr.length; r++)
		most = Math.max(most, indptr[r] - indptr[r - 1]);
	return most;
}

/** One entry that is no number, so that the loss is none either: nothing can be chosen among such values. */
function spoil({ indptr, indices, values }: Entries): void {
	indptr.fill(1);
	indptr[0] = 0;
	indices[0] = 0;
	values[0] = Number.NaN;
}
