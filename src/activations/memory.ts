import { freeMemory } from "../memory";
import { random } from "../random";
import { chosenBatches, shuffleSettings } from "./options";
import { rowsOf } from "./rows";
import type { Activations, BatchOptions, ShuffleOptions } from "./types";

/** The share of the free memory that activations may take: the model and what comes after need some as well. */
const SHARE = 0.5;

/** In bytes. */
export function memoryForActivations(): number {
	return SHARE * freeMemory();
}

/** Activations over an array of their values. */
export function inMemory(
	data: Float32Array,
	known: Omit<Activations, "kind" | "n_tokens" | "batches" | "shuffled">,
): Activations {
	const acts = { ...known, n_tokens: data.length / known.d_in, data };
	return {
		kind: "activations",
		...acts,
		batches: (options) => batches(acts, options),
		shuffled: (options) => shuffled(acts, options),
	};
}

type Values = Pick<
	Activations,
	"rows" | "sentences" | "d_in" | "n_tokens" | "hook_name"
> & { data: Float32Array };

async function* batches(
	acts: Values,
	options: BatchOptions = {},
): AsyncGenerator<Float32Array> {
	const { size, split, parts } = chosenBatches(options);
	const { d_in, n_tokens, data } = acts;
	if (!split || !(parts ?? acts.sentences.split)) {
		for (let from = 0; from < n_tokens; from += size)
			yield data.subarray(from * d_in, (from + size) * d_in);
		return;
	}
	const numbers = rowsOf(acts, split, parts);
	for (let from = 0; from < numbers.length; from += size)
		yield gather(data, d_in, numbers.subarray(from, from + size));
}

async function* shuffled(
	acts: Values,
	options: ShuffleOptions,
): AsyncGenerator<Float32Array> {
	const { size, seed, split, parts, epochs } = shuffleSettings(acts, options);
	const source = random(seed);
	const order = rowsOf(acts, split, parts);
	if (order.length === 0) return;
	const numbers = new Uint32Array(size);
	let n = 0;
	for (let epoch = 0; epoch < epochs; epoch++) {
		source.shuffle(order);
		for (const row of order) {
			numbers[n++] = row;
			if (n < size) continue;
			yield gather(acts.data, acts.d_in, numbers);
			n = 0;
		}
	}
	if (n > 0) yield gather(acts.data, acts.d_in, numbers.subarray(0, n));
}

function gather(
	data: Float32Array,
	d_in: number,
	numbers: Uint32Array,
): Float32Array {
	const batch = new Float32Array(numbers.length * d_in);
	for (const [i, row] of numbers.entries())
		batch.set(data.subarray(row * d_in, (row + 1) * d_in), i * d_in);
	return batch;
}
