import type { SaeEvaluation } from "../sae";
import { type Chart, chart, count, ink, percent } from "./theme";

/**
 * What the autoencoder costs the model: cross-entropy of the next token on untouched activations, on reconstructed ones,
 * and with the activations set to zero. What counts is by how many nats the second bar is longer than the first; the third
 * says how far one could fall, and is so far off that a share of it says little.
 */
export function lossByCondition(evaluation: SaeEvaluation): Chart {
	const values = [
		{ condition: "untouched", loss: evaluation.ce_loss_without_sae },
		{
			condition: "reconstructed by the SAE",
			loss: evaluation.ce_loss_with_sae,
		},
		{ condition: "set to zero", loss: evaluation.ce_loss_with_ablation },
	];
	const added = evaluation.ce_loss_with_sae - evaluation.ce_loss_without_sae;
	return chart({
		title: {
			text: `The reconstruction ${added < 0 ? "takes" : "adds"} ${Math.abs(added).toFixed(3)} nats per token ${added < 0 ? "off" : "to"} the model's own ${evaluation.ce_loss_without_sae.toFixed(3)}`,
			subtitle: `cross-entropy of the next token over ${count(evaluation.n_tokens)} tokens; of what zeros cost, ${percent(evaluation.ce_loss_score)} is avoided (ce_loss_score)`,
		},
		data: { values },
		width: 420,
		height: { step: 36 },
		encoding: {
			y: {
				field: "condition",
				type: "nominal",
				sort: null,
				title: "activations",
				axis: { labelFontSize: 12, labelColor: ink.text, ticks: false },
			},
			x: {
				field: "loss",
				type: "quantitative",
				title: "cross-entropy (nats per token)",
				axis: { tickCount: 6 },
				scale: {
					domainMax: 1.1 * Math.max(...values.map((v) => v.loss)),
					nice: false,
				},
			},
		},
		layer: [
			{
				mark: { type: "bar", cornerRadiusEnd: 2 },
				encoding: {
					color: {
						field: "condition",
						type: "nominal",
						scale: {
							domain: values.map((v) => v.condition),
							range: [ink.quiet, ink.main, ink.accent],
						},
						legend: null,
					},
					tooltip: [
						{ field: "condition" },
						{ field: "loss", title: "nats per token", format: ".4f" },
					],
				},
			},
			{
				mark: { type: "text", align: "left", dx: 6, color: ink.text },
				encoding: {
					text: { field: "loss", type: "quantitative", format: ".3f" },
				},
			},
		],
	});
}
