import type { Comparison } from "../../model";

/** What an SAE in the model's stream does to its predictions; all in nats but the scores. */
export interface PredictionMetrics {
	/** Mean cross-entropy per predicted token: the model as it is. */
	ce_loss_without_sae: number;
	/** The same with the activations at the hook replaced by their reconstruction. */
	ce_loss_with_sae: number;
	/** The same with the activations at the hook replaced by zeros. */
	ce_loss_with_ablation: number;
	/**
	 * (ablation − with SAE) / (ablation − without SAE): 1 when nothing is lost, 0 when it is no better than zeros. NaN where
	 * zeros predict as well as the model itself, or better: see `lossScore`.
	 */
	ce_loss_score: number;
	/** Mean over tokens of KL(p ‖ q) of what comes next, p as the model is, q with reconstructions. */
	kl_div_with_sae: number;
	/** The same with zeros. */
	kl_div_with_ablation: number;
	/** (ablation − with SAE) / ablation: 1 when nothing is changed, 0 when it is no better than zeros; NaN where zeros change nothing. */
	kl_div_score: number;
}

/** What zeros cost, in nats per token, below which nothing is a share of it: rounding alone would move the share by a point. */
const LEAST = 1e-4;

/**
 * The share of what zeros cost that is avoided. NaN where zeros cost nothing, or where the model predicts better with them:
 * then there is nothing to be a share of, and the quotient would call any damage a gain.
 */
export function lossScore(
	e: Pick<
		PredictionMetrics,
		"ce_loss_without_sae" | "ce_loss_with_sae" | "ce_loss_with_ablation"
	>,
): number {
	const cost = e.ce_loss_with_ablation - e.ce_loss_without_sae;
	return share(e.ce_loss_with_ablation - e.ce_loss_with_sae, cost);
}

function share(part: number, cost: number): number {
	return cost > LEAST ? part / cost : Number.NaN;
}

/** Why there is no `ce_loss_score`, or no `kl_div_score`; undefined where there is one. */
export function whyNoScore(
	e: PredictionMetrics,
	name: "ce_loss_score" | "kl_div_score",
): string | undefined {
	const cost =
		name === "kl_div_score"
			? e.kl_div_with_ablation
			: e.ce_loss_with_ablation - e.ce_loss_without_sae;
	if (Number.isNaN(cost)) return "no score: no token was predicted";
	if (cost > LEAST) return undefined;
	return cost < -LEAST
		? "no score: the model predicts better with zeros than as it is"
		: "no score: zeros in this place change nothing";
}

/** Gathers them over batches. */
export function predictionMetrics() {
	const loss = { n: 0, without: 0, sae: 0, ablation: 0 };
	const kl = { n: 0, sae: 0, ablation: 0 };

	/**
	 * Counts a batch: the model compared with the SAE in place, then with zeros.
	 * counted: positions in [batch, seq]; predicting: those with a next token, in [batch, seq − 1]
	 */
	function add(
		{ loss: without, changed: [sae, ablation] }: Comparison,
		counted: number[],
		predicting: number[],
	): void {
		for (const at of predicting) {
			loss.n++;
			loss.without += without.data[at];
			loss.sae += sae.loss.data[at];
			loss.ablation += ablation.loss.data[at];
		}
		for (const at of counted) {
			kl.n++;
			kl.sae += sae.kl.data[at];
			kl.ablation += ablation.kl.data[at];
		}
	}

	function result(): PredictionMetrics {
		const losses = {
			ce_loss_without_sae: loss.without / loss.n,
			ce_loss_with_sae: loss.sae / loss.n,
			ce_loss_with_ablation: loss.ablation / loss.n,
		};
		const [with_sae, with_ablation] = [kl.sae / kl.n, kl.ablation / kl.n];
		return {
			...losses,
			ce_loss_score: lossScore(losses),
			kl_div_with_sae: with_sae,
			kl_div_with_ablation: with_ablation,
			kl_div_score: share(with_ablation - with_sae, with_ablation),
		};
	}
	return { add, result };
}
