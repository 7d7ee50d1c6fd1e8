import { lossScore, type SaeEvaluation, whyNoScore } from "../sae";
import { dash, fixed, percent, several } from "../say";
import { type Chart, chart, ink } from "./theme";

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
	return chart({
		title: {
			text: titleOf(evaluation),
			subtitle: [
				`cross-entropy of the next token over ${several(evaluation.n_tokens, "token")}`,
				scoreOf(evaluation),
			],
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
					domainMax:
						1.1 * values.reduce((a, { loss }) => Math.max(a, loss || 0), 0) ||
						1,
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

function titleOf(e: SaeEvaluation): string {
	const own = e.ce_loss_without_sae;
	const added = e.ce_loss_with_sae - own;
	if (!Number.isFinite(added))
		return "What the reconstruction costs the model is not known";
	const [does, where] = added < 0 ? ["takes", "off"] : ["adds", "to"];
	if (added === 0)
		return `The reconstruction changes nothing of the model's own ${fixed(own, 3)} nats per token`;
	const nats = Math.abs(added);
	const much = nats < 0.0005 ? "less than 0.001" : nats.toFixed(3);
	return `The reconstruction ${does} ${much} nats per token ${where} the model's own ${fixed(own, 3)}`;
}

/** From the losses that are drawn: a share of what zeros cost where they cost something. */
function scoreOf(e: SaeEvaluation): string {
	const why = whyNoScore(e, "ce_loss_score");
	if (why) return `ce_loss_score ${dash} (${why})`;
	const score = lossScore(e);
	if (score < 0)
		return `the reconstruction costs more than zeros (ce_loss_score ${fixed(score, 3)})`;
	if (score > 1)
		return `the model predicts better with the reconstruction than as it is (ce_loss_score ${fixed(score, 3)})`;
	return `of what zeros cost, ${percent(score)} is avoided (ce_loss_score)`;
}
