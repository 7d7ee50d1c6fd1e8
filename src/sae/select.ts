import { type Allocation, allocate } from "../kernels";
import { addChosen, type SparseBuilder } from "./sparse-rows";

/** Room for one chunk of pre-activations, and what chooses latents from it. */
export interface Selector {
	/** Where a chunk's pre-activations [n, d_sae] go. */
	room(n: number): Float32Array;
	/** Adds the k largest above zero of each row of the chunk that `room` was last asked for. */
	choose(to: SparseBuilder): void;
	/** Gives the room back. */
	release(): void;
}

type Room = Allocation<"chunk" | "values" | "indices" | "scratch">;

/** Rooms that nobody uses, by their sizes: every SAE of these sizes takes one, so that few memories are made. */
const idle = new Map<string, Room[]>();

/** Chooses by a kernel, for chunks of at most `rows` rows. */
export function openSelector(rows: number, d_sae: number, k: number): Selector {
	const sizes = `${rows} ${d_sae} ${k}`;
	const room = idle.get(sizes)?.pop() ?? makeRoom(rows, d_sae, k);
	const { array, at, kernels, memory } = room;
	let n = 0;
	return {
		room(asked) {
			n = asked;
			return array.chunk.subarray(0, n * d_sae);
		},
		choose(to) {
			const { chunk, values, indices, scratch } = at;
			kernels.selectRows(n, d_sae, k, chunk, values, indices, scratch);
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
		chunk: rows * d_sae,
		values: rows * k,
		indices: rows * k,
		scratch: 8 * k + 32 + 2 * d_sae, // at least what `selectRows` needs
	});
}
