import type { Comparison } from "../../model";

/** What an SAE in the model's stream does to its predictions; all in nats but the scores. */
export interface PredictionMetrics {
	/** Mean cross-entropy per predicted token: the model as it is. */
	ce_loss_without_sae: number;
	/** The same with the activations at the hook replaced by their reconstruction. */
	ce_loss_with_sae: number;
	/** The same with the activations at the hook replaced by zeros. */
	ce_loss_with_ablation: number;
	/** (ablation − with SAE) / (ablation − without SAE): 1 when nothing is lost, 0 when it is no better than zeros. */
	ce_loss_score: number;
	/** Mean over tokens of KL(p ‖ q) of what comes next, p as the model is, q with reconstructions. */
	kl_div_with_sae: number;
	/** The same with zeros. */
	kl_div_with_ablation: number;
	/** (ablation − with SAE) / ablation: 1 when nothing is changed, 0 when it is no better than zeros. */
	kl_div_score: number;
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
		return {
			ce_loss_without_sae: loss.without / loss.n,
			ce_loss_with_sae: loss.sae / loss.n,
			ce_loss_with_ablation: loss.ablation / loss.n,
			ce_loss_score:
				(loss.ablation - loss.sae) / (loss.ablation - loss.without),
			kl_div_with_sae: kl.sae / kl.n,
			kl_div_with_ablation: kl.ablation / kl.n,
			kl_div_score: (kl.ablation - kl.sae) / kl.ablation,
		};
	}
	return { add, result };
}
