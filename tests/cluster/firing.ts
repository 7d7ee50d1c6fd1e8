import { type Latents, randomSae, type Sae } from "../../src/sae";
import { fakeActivations, fakeLatents } from "../fake-activations";

/** An autoencoder with these rows of W_dec. */
export function saeOf(W_dec: number[][]): Sae {
	const [d_sae, d_in] = [W_dec.length, W_dec[0].length];
	const sae = randomSae({
		d_in,
		d_sae,
		k: 1,
		hook_name: "blocks.1.hook_mlp_out",
	});
	return { ...sae, W_dec: Float32Array.from(W_dec.flat()) };
}

/** Words that fire a latent each; the last never comes. */
const words = ["a", "b", "c", "d", "never"];
const text = ["a b", "b a a", "a b x", "c d", "d c", "c d d", "x c", "x"];
const vector = (w: string) =>
	words.map((own, i) => (own === w ? 1 + 9 * (i % 2) : 0));
export const acts = fakeActivations(text, vector);
export const latents: Latents = {
	...fakeLatents(acts),
	sae: saeOf(words.map((_, i) => words.map((_, j) => Number(i === j)))),
};
