import { random } from "../random";
import { randomRows } from "./engine/start";
import { makeSae } from "./sae";
import type { Sae, SaeConfig } from "./types";

/** The rest of a config is optional, so that another SAE's `cfg` may be spread in. */
export interface RandomSaeOptions
	extends Partial<
		Pick<
			SaeConfig,
			| "hook_name"
			| "model_name"
			| "prepend_bos"
			| "apply_b_dec_to_input"
			| "normalize_activations"
			| "reshape_activations"
			| "center_writing_weights"
		>
	> {
	/** Width of the activations. */
	d_in: number;
	/** Number of latents. */
	d_sae: number;
	/** How many latents are kept a row. */
	k: number;
	/** What is taken off each row before it is encoded, [d_in]: another SAE's, or the mean row. Default: zeros. */
	b_dec?: Float32Array;
	/** Same seed, same weights. Default: 0. */
	seed?: number;
}

/**
 * A TopK SAE that was never trained: decoder rows are random directions of length 1 (evenly from the sphere), W_enc is
 * W_decᵀ, b_enc is zero. That is how training starts, but for the rows' length, on which its latents depend by one factor
 * only. What a probe reads of its latents, it reads without anything having been learned.
 *
 * Throws on a size that is no whole number above 0, a k above d_sae, and a b_dec of another width.
 */
export function randomSae(options: RandomSaeOptions): Sae {
	const { d_in, d_sae, k, seed = 0, b_dec = new Float32Array(d_in) } = options;
	for (const [name, n] of Object.entries({ d_in, d_sae, k }))
		if (!Number.isSafeInteger(n) || n < 1)
			throw new Error(
				`${name} is ${n}, where a whole number of at least 1 was expected.`,
			);
	if (k > d_sae)
		throw new Error(
			`k is ${k} and d_sae is ${d_sae}: a row cannot have more active latents than there are; give a k of at most ${d_sae}.`,
		);
	if (b_dec.length !== d_in)
		throw new Error(
			`b_dec has ${b_dec.length} numbers and d_in is ${d_in}; give one number for each dimension.`,
		);
	const W_dec = randomRows(d_sae, d_in, 1, random(seed));
	return makeSae(
		{
			architecture: "topk",
			d_in,
			d_sae,
			k,
			dtype: "float32",
			apply_b_dec_to_input: options.apply_b_dec_to_input ?? true,
			normalize_activations: options.normalize_activations ?? "none",
			reshape_activations: options.reshape_activations ?? "none",
			center_writing_weights: options.center_writing_weights ?? false,
			hook_name: options.hook_name ?? "",
			model_name: options.model_name ?? "",
			prepend_bos: options.prepend_bos ?? true,
			seed,
		},
		{
			W_enc: transposed(W_dec, d_sae, d_in),
			W_dec,
			b_dec,
			b_enc: new Float32Array(d_sae),
		},
	);
}

function transposed(
	x: Float32Array,
	rows: number,
	columns: number,
): Float32Array {
	const out = new Float32Array(x.length);
	for (let i = 0; i < rows; i++)
		for (let j = 0; j < columns; j++) out[j * rows + i] = x[i * columns + j];
	return out;
}
