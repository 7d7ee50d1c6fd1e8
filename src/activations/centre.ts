import { knownHook } from "../model";

/**
 * Whether a hook is in the residual stream or what is written to it, where TransformerLens's `center_writing_weights`
 * shows. The weights that write (W_E, W_pos, W_O, W_out and their biases) lose their mean over d_model there, and with
 * them every sum of what they write.
 */
export function writesToStream(hook: string): boolean {
	return /^(hook_(pos_)?embed|blocks\.\d+\.hook_(resid_(pre|mid|post)|attn_out|mlp_out))$/.test(
		knownHook(hook) ?? hook,
	);
}

/** Subtracts the mean of a vector from it, in place. */
export function centre(x: Float32Array): void {
	let sum = 0;
	for (let i = 0; i < x.length; i++) sum += x[i];
	const mean = sum / x.length;
	for (let i = 0; i < x.length; i++) x[i] -= mean;
}
