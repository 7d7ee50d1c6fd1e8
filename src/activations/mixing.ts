import { random } from "../random";

/** What `mix` needs to know; see ShuffleOptions. */
export interface MixSettings {
	size: number;
	buffer_tokens: number;
	epochs: number;
	seed: number;
}

/**
 * Batches [size, d_in] of rows that come in pieces, mixed by a buffer as in SAELens: fill it, serve half of it in
 * random order, fill it up again; at the end of an epoch, serve what is left.
 * `pieces(epoch)` gives the rows of an epoch, in an order that already varies.
 */
export async function* mix(
	pieces: (epoch: number) => AsyncIterable<Float32Array>,
	d_in: number,
	{ size, buffer_tokens, epochs, seed }: MixSettings,
): AsyncGenerator<Float32Array> {
	const source = random(seed);
	const buffer = new Float32Array(buffer_tokens * d_in);
	let held = 0;
	let batch = new Float32Array(size * d_in);
	let filled = 0;
	/** Serves rows until `keep` are left. */
	function* serve(keep: number): Generator<Float32Array> {
		while (held > keep) {
			const at = source.int(held) * d_in;
			const last = --held * d_in;
			batch.set(buffer.subarray(at, at + d_in), filled * d_in);
			buffer.copyWithin(at, last, last + d_in);
			if (++filled < size) continue;
			yield batch;
			batch = new Float32Array(size * d_in);
			filled = 0;
		}
	}
	for (let epoch = 0, before = -1; epoch < epochs && before !== 0; epoch++) {
		before = 0;
		for await (const piece of pieces(epoch)) {
			before += piece.length;
			for (let from = 0; from < piece.length; ) {
				const to = Math.min(piece.length, from + (buffer_tokens - held) * d_in);
				buffer.set(piece.subarray(from, to), held * d_in);
				held += (to - from) / d_in;
				from = to;
				if (held === buffer_tokens) yield* serve(Math.floor(buffer_tokens / 2));
			}
		}
		yield* serve(0);
	}
	if (filled > 0) yield batch.subarray(0, filled * d_in);
}
