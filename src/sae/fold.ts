import type { SaeConfig, SaeWeights } from "./types";

/** Rows of W_dec whose lengths differ by less than this share count as equally long. */
const EQUAL = 1e-4;

/** The length of each row of W_dec [d_sae]; 1 for a row of zeros, which has no direction. */
export function decoderNorms(
	{ d_in, d_sae }: SaeConfig,
	{ W_dec }: SaeWeights,
): Float32Array {
	const norms = new Float32Array(d_sae);
	for (let latent = 0, at = 0; latent < d_sae; latent++) {
		let square = 0;
		for (const end = at + d_in; at < end; at++) square += W_dec[at] ** 2;
		norms[latent] = square > 0 ? Math.sqrt(square) : 1;
	}
	return norms;
}

/**
 * Weights with decoder rows of length 1 for the same reconstruction: a latent is multiplied by the length n that its row
 * had. W_dec / n, and W_enc, b_enc, threshold, b_gate, b_mag · n; r_mag stays.
 */
export function foldDecoderNorms(
	cfg: SaeConfig,
	weights: SaeWeights,
): SaeWeights {
	const norms = decoderNorms(cfg, weights);
	if (cfg.architecture === "topk") refuseUnequal(norms);
	const folded = scaleLatents(cfg, weights, norms);
	const { threshold } = weights;
	if (threshold) folded.threshold = threshold.map((v, i) => v * norms[i]);
	return folded;
}

/** Weights whose pre-activations are multiplied by `factor` [d_sae], and whose decoder rows are divided by it. Thresholds stay. */
export function scaleLatents(
	{ d_in, d_sae }: SaeConfig,
	weights: SaeWeights,
	factor: Float32Array,
): SaeWeights {
	const [W_enc, W_dec] = [weights.W_enc.slice(), weights.W_dec.slice()];
	for (let i = 0, at = 0; i < d_in; i++)
		for (let latent = 0; latent < d_sae; latent++)
			W_enc[at++] *= factor[latent];
	for (let latent = 0, at = 0; latent < d_sae; latent++)
		for (let i = 0; i < d_in; i++) W_dec[at++] /= factor[latent];
	const scaled: SaeWeights = { ...weights, W_enc, W_dec };
	for (const bias of ["b_enc", "b_gate", "b_mag"] as const)
		if (weights[bias])
			scaled[bias] = weights[bias].map((v, i) => v * factor[i]);
	return scaled;
}

function refuseUnequal(norms: Float32Array): void {
	let [least, most] = [Number.POSITIVE_INFINITY, 0];
	for (const norm of norms) {
		least = Math.min(least, norm);
		most = Math.max(most, norm);
	}
	if (most <= least * (1 + EQUAL)) return;
	throw new Error(
		`The decoder's rows are ${least.toPrecision(3)} to ${most.toPrecision(3)} long: to fold their lengths into a topk SAE would change which latents are the k largest. Train with decoder rows of equal length (decoder_init_norm is kept at 1), or leave it as it is.`,
	);
}
