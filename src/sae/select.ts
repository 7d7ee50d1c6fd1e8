import { type Allocation, allocate } from "../kernels";
import { addChosen, type SparseBuilder } from "./sparse-rows";

/** Room for two chunks of pre-activations, of which one is computed while the latents of the other are chosen. */
export interface Selector {
	/** Where the next chunk's pre-activations [n, d_sae] go. */
	next(n: number): Float32Array;
	/** Adds the k largest above zero of each row of the oldest chunk that was asked for and not chosen from. */
	choose(to: SparseBuilder): void;
	/** Gives the room back. */
	release(): void;
}

type Room = Allocation<"first" | "second" | "values" | "indices" | "scratch">;

/** Rooms that nobody uses, by their sizes: every SAE of these sizes takes one, so that few memories are made. */
const idle = new Map<string, Room[]>();

/** Chooses by a kernel, for chunks of at most `rows` rows. */
export function openSelector(rows: number, d_sae: number, k: number): Selector {
	const sizes = `${rows} ${d_sae} ${k}`;
	const room = idle.get(sizes)?.pop() ?? makeRoom(rows, d_sae, k);
	const { array, at, kernels, memory } = room;
	const waiting: Float32Array[] = [];
	let side: "first" | "second" = "first";
	return {
		next(n) {
			side = side === "first" ? "second" : "first";
			const chunk = array[side].subarray(0, n * d_sae);
			waiting.push(chunk);
			return chunk;
		},
		choose(to) {
			const { length, byteOffset: x } = waiting.shift() ?? array.first;
			const n = length / d_sae;
			const { values, indices, scratch } = at;
			kernels.selectRows(n, d_sae, k, x, values, indices, scratch);
			const which = new Int32Array(memory.buffer, indices, n * k);
			addChosen(to, array.values.subarray(0, n * k), which, n);
		},
		release() {
			const others = idle.get(sizes) ?? [];
			idle.set(sizes, others);
			others.push(room);
		},
	};
}

function makeRoom(rows: number, d_sae: number, k: number): Room {
	return allocate({
		first: rows * d_sae,
		second: rows * d_sae,
		values: rows * k,
		indices: rows * k,
		scratch: 8 * k + 32 + 2 * d_sae, // at least what `selectRows` needs
	});
}
