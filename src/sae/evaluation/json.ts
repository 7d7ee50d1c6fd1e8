import type { SaeEvaluation } from "./evaluate";
import type { PredictionMetrics } from "./predictions";

/**
 * An evaluation as SAELens 6 writes it: the groups of `metrics`, and `feature_metrics` with a number for each latent.
 * What is not a number there becomes −1, as SAELens has it; its two scores are the plain quotients, also where there is
 * no score (`whyNoScore`).
 */
export function evaluationJson(evaluation: SaeEvaluation) {
	// What is no score to us is the quotient all the same to those who read these files.
	const e = { ...evaluation, ...quotientsOf(evaluation) };
	const number = (value: number) => (Number.isFinite(value) ? value : -1);
	const group = <K extends keyof SaeEvaluation>(...keys: K[]) =>
		Object.fromEntries(
			keys.map((key) => [key, number(e[key] as number)]),
		) as Record<K, number>;
	const list = (values: Float32Array) => Array.from(values, number);
	return {
		metrics: {
			model_behavior_preservation: group(
				"kl_div_score",
				"kl_div_with_ablation",
				"kl_div_with_sae",
			),
			model_performance_preservation: group(
				"ce_loss_score",
				"ce_loss_with_ablation",
				"ce_loss_with_sae",
				"ce_loss_without_sae",
			),
			reconstruction_quality: group(
				"explained_variance",
				"explained_variance_legacy",
				"mse",
				"cossim",
			),
			shrinkage: group(
				"l2_norm_in",
				"l2_norm_out",
				"l2_ratio",
				"relative_reconstruction_bias",
			),
			sparsity: group("l0", "l1"),
			token_stats: {
				total_tokens_eval_reconstruction: e.n_tokens,
				total_tokens_eval_sparsity_variance: e.n_tokens,
			},
		},
		feature_metrics: {
			feature_density: list(e.feature_density),
			consistent_activation_heuristic: list(e.consistent_activation_heuristic),
			encoder_norm: list(e.encoder_norm),
			encoder_decoder_cosine_sim: list(e.encoder_decoder_cosine_sim),
			...(e.encoder_bias && { encoder_bias: list(e.encoder_bias) }),
		},
	};
}

function quotientsOf(e: PredictionMetrics) {
	const { ce_loss_with_ablation: zeros, kl_div_with_ablation } = e;
	return {
		ce_loss_score:
			(zeros - e.ce_loss_with_sae) / (zeros - e.ce_loss_without_sae),
		kl_div_score:
			(kl_div_with_ablation - e.kl_div_with_sae) / kl_div_with_ablation,
	};
}
