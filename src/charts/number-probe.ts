import type { RegressionResult, RegressionScore } from "../probe";
import { fixed, percent, readable } from "../say";
import { checkKind } from "./check";
import { fewOf, settingsOf } from "./probe";
import { scatter } from "./scatter";
import { type Chart, clip } from "./theme";

/**
 * How well a number is read: the prediction for each test row against the truth, with the line on which they are equal. Of
 * the probe on latents where there is one, else of the one on activations.
 */
export function numberProbe(result: RegressionResult): Chart {
	checkKind("numberProbe", result, "number-probe", "probeNumber");
	const all = result.predictions.filter(
		({ truth, predicted }) =>
			Number.isFinite(truth) && Number.isFinite(predicted),
	);
	if (!all.length)
		throw new Error(
			"charts.numberProbe was given a result without predictions: probeNumber needs test rows.",
		);
	const score = result.latents ?? result.activations;
	const label = clip(result.label, 24);
	const truths = all.map(({ truth }) => truth);
	const low = truths.reduce((a, b) => Math.min(a, b));
	const high = truths.reduce((a, b) => Math.max(a, b));
	const of = result.latents ? "SAE latents" : "Activations";
	const spec = scatter(
		all.map(({ truth, predicted }) => ({ x: truth, y: predicted })),
		{
			x: `true ${label}`,
			y: `predicted ${label}`,
			title: titleOf(of, label, score, result),
			lines: [
				{
					name: "equal",
					points: [
						[low, low],
						[high, high],
					],
				},
			],
		},
	);
	const { subtitle: cut, ...title } = spec.title as {
		text: string;
		subtitle?: string;
	};
	const words = fixed(result.bag_of_words.r2, 2);
	return {
		...spec,
		title: {
			...title,
			subtitle: [
				`on test ${result.unit}s: R² ${fixed(score.r2, 2)} (bag of words ${words}), mean absolute error ${readable(score.mae)}`,
				[settingsOf([result]), cut].filter(Boolean).join("; "),
			],
		},
	} as Chart;
}

function titleOf(
	of: string,
	label: string,
	score: RegressionScore,
	result: RegressionResult,
): string {
	const { r2 } = score;
	const [low, high] = score.interval;
	const range = `R² ${fixed(r2, 2)}, ${fixed(low, 2)} to ${fixed(high, 2)}`;
	if (!Number.isFinite(r2))
		return `What ${of} say of “${label}” is not known: its test numbers do not vary`;
	const few = fewOf(result);
	if (few) return `${few} of how “${label}” is read (${range})`;
	if (!(low > 0))
		return `${of} do not say more of “${label}” than its mean does for sure (${range})`;
	return `${of} explain ${percent(r2)} of the variance of “${label}” (${percent(low)} to ${percent(high)})`;
}
