import assert from "node:assert/strict";
import { test } from "node:test";
import type { Comparison } from "../../../src/model";
import {
	evaluationJson,
	lossScore,
	type SaeEvaluation,
	whyNoScore,
} from "../../../src/sae";
import { predictionMetrics } from "../../../src/sae/evaluation/predictions";

/** Of one text of two tokens, one of which is predicted: its losses, and the divergences of both. */
function measured(
	[without, sae, ablation]: number[],
	[kl_sae, kl_ablation]: number[],
) {
	const metrics = predictionMetrics();
	const loss = (value: number) => ({
		data: Float32Array.of(value),
		dims: [1, 1],
	});
	const kl = (value: number) => ({
		data: Float32Array.of(value, value),
		dims: [1, 2],
	});
	metrics.add(
		{
			loss: loss(without),
			changed: [
				{ loss: loss(sae), kl: kl(kl_sae) },
				{ loss: loss(ablation), kl: kl(kl_ablation) },
			],
		} as unknown as Comparison,
		[0, 1],
		[0],
	);
	return metrics.result();
}

test("the loss score is the share of what zeros cost that is avoided", () => {
	const m = measured([1, 2, 5], [0.5, 2]);
	assert.equal(m.ce_loss_score, 3 / 4);
	assert.equal(m.kl_div_score, 3 / 4);
	assert.equal(whyNoScore(m, "ce_loss_score"), undefined);
	assert.equal(measured([1, 6, 5], [3, 2]).ce_loss_score, -1 / 4); // worse than zeros is a score
	assert.equal(measured([1, 6, 5], [3, 2]).kl_div_score, -1 / 2);
	assert.equal(measured([2, 1.5, 4], [1, 2]).ce_loss_score, 5 / 4); // better than the model itself is one too
});

test("where zeros predict better than the model, or change nothing, there is no score, and a reason", () => {
	const better = measured([15.5, 16.3, 13.1], [1, 2]);
	assert.equal(better.ce_loss_score, Number.NaN);
	assert.match(
		whyNoScore(better, "ce_loss_score") ?? "",
		/^no score: the model predicts better with zeros/,
	);
	const nothing = measured([1, 1.5, 1 + 1e-6], [0.3, 0]);
	assert.equal(nothing.ce_loss_score, Number.NaN);
	assert.equal(nothing.kl_div_score, Number.NaN);
	for (const name of ["ce_loss_score", "kl_div_score"] as const)
		assert.match(whyNoScore(nothing, name) ?? "", /zeros .* change nothing/);
	const none = predictionMetrics().result();
	assert.equal(lossScore(none), Number.NaN);
	assert.match(whyNoScore(none, "kl_div_score") ?? "", /no token/);
});

test("the files for peers keep the plain quotient where it is a number", () => {
	const e = (m: ReturnType<typeof measured>) =>
		evaluationJson({
			...m,
			feature_density: new Float32Array(1),
			consistent_activation_heuristic: new Float32Array(1),
			encoder_norm: new Float32Array(1),
			encoder_decoder_cosine_sim: new Float32Array(1),
		} as unknown as SaeEvaluation).metrics;
	const { model_performance_preservation: of } = e(
		measured([15.5, 16.25, 13.25], [1, 2]),
	);
	assert.equal(of.ce_loss_score, 3 / 2.25);
	const zero = e(measured([1, 1.5, 1], [0.3, 0]));
	assert.equal(zero.model_performance_preservation.ce_loss_score, -1);
	assert.equal(zero.model_behavior_preservation.kl_div_score, -1);
});
