import type { RegressionResult, RegressionScore } from "../probe";
import { checkKind } from "./check";
import { settingsOf } from "./probe";
import { scatter } from "./scatter";
import { type Chart, clip, fixed, readable } from "./theme";

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
			title: titleOf(of, label, score),
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
				`R² ${fixed(score.r2, 2)} (bag of words ${words}), mean absolute error ${readable(score.mae)}`,
				[settingsOf([result]), cut].filter(Boolean).join("; "),
			],
		},
	} as Chart;
}

function titleOf(of: string, label: string, score: RegressionScore): string {
	const { r2, interval } = score;
	if (!(r2 > 0))
		return `${of} say no more of “${label}” than its mean does (R² ${fixed(r2, 2)})`;
	const [from, to] = interval.map((end) => readable(100 * end));
	return `${of} explain ${readable(100 * r2)}% of the variance of “${label}” (${from} to ${to}%)`;
}
