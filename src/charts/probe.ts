import type { ProbeResult, ProbeScore } from "../probe";
import {
	type Chart,
	type Color,
	chart,
	clip,
	clipAll,
	count,
	ink,
	palette,
	percent,
	whiskers,
} from "./theme";

const inputs: { key: keyof ProbeResult; name: string; color: Color }[] = [
	{ key: "latents", name: "SAE latents", color: ink.main },
	{ key: "activations", name: "activations", color: palette[5] },
	{ key: "bag_of_words", name: "bag of words", color: palette[1] },
	{ key: "majority", name: "most frequent class", color: ink.quiet },
];

/**
 * What a linear classifier reads: accuracy on the test split from latents, from raw activations, from a bag of words and
 * from always naming the most frequent class, with 95 % intervals. Takes one result or several, one group of bars for
 * each label.
 */
export function probe(results: ProbeResult | ProbeResult[]): Chart {
	const list = Array.isArray(results) ? results : [results];
	if (!list.length)
		throw new Error("charts.probe was given no results: give it at least one.");
	const labels = clipAll(
		list.map(({ label }) => label),
		32,
	);
	const values = list.flatMap((result, i) =>
		inputs.flatMap(({ key, name }) => {
			const score = result[key] as ProbeScore | undefined;
			return score ? [bar(labels[i], name, score)] : [];
		}),
	);
	const shown = inputs.filter(({ name }) =>
		values.some((v) => v.input === name),
	);
	const y = {
		y: {
			field: "label",
			type: "nominal",
			sort: [...new Set(values.map((v) => v.label))],
			title: null,
			axis: { labelFontSize: 12, labelColor: ink.text, ticks: false },
			scale: { paddingInner: 0.22, paddingOuter: 0.08 },
		},
		yOffset: {
			field: "input",
			type: "nominal",
			sort: shown.map(({ name }) => name),
		},
	};
	return chart({
		title: { text: titleOf(list), subtitle: subtitleOf(list) },
		data: { values },
		width: 460,
		height: { step: 17 },
		encoding: { ...y },
		layer: [
			{ mark: { type: "bar", cornerRadiusEnd: 2 }, encoding: colored(shown) },
			...whiskers,
			{
				mark: { type: "text", align: "left", dx: 6, color: ink.text },
				encoding: {
					x: { field: "high", type: "quantitative" },
					text: { field: "accuracy", type: "quantitative", format: ".1%" },
				},
			},
		],
	});
}

function bar(label: string, input: string, score: ProbeScore) {
	return {
		label,
		input,
		accuracy: score.accuracy,
		low: score.interval[0],
		high: score.interval[1],
		n: score.n_test,
	};
}

function colored(shown: typeof inputs): object {
	return {
		x: {
			field: "accuracy",
			type: "quantitative",
			title: "accuracy on the test split (whisker: 95% interval)",
			scale: { domain: [0, 1] },
			axis: { format: ".0%", tickCount: 5 },
		},
		color: {
			field: "input",
			type: "nominal",
			scale: {
				domain: shown.map(({ name }) => name),
				range: shown.map(({ color }) => color),
			},
			legend: { title: null, orient: "top", symbolType: "square", offset: 4 },
		},
		tooltip: [
			{ field: "label" },
			{ field: "input", title: "reads" },
			{ field: "accuracy", format: ".2%" },
			{ field: "low", title: "from", format: ".2%" },
			{ field: "high", title: "to", format: ".2%" },
			{ field: "n", title: "test sentences", format: "," },
		],
	};
}

/** Of the probe on latents where there is one, else of the one on activations. */
function titleOf(list: ProbeResult[]): string {
	const read = list.map((result) => ({
		label: clip(result.label, 20),
		accuracy: (result.latents ?? result.activations).accuracy,
		majority: result.majority.accuracy,
	}));
	const of = list.every(({ latents }) => latents)
		? "SAE latents"
		: "activations";
	if (read.length === 1) {
		const [{ label, accuracy, majority }] = read;
		return `${of} tell “${label}” in ${percent(accuracy)} of sentences; the most frequent class is ${percent(majority)}`;
	}
	const best = read.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
	const worst = read.reduce((a, b) => (b.accuracy < a.accuracy ? b : a));
	return `${of} tell “${best.label}” best (${percent(best.accuracy)}), “${worst.label}” worst (${percent(worst.accuracy)})`;
}

function subtitleOf(list: ProbeResult[]): string {
	const hooks = [...new Set(list.map((r) => r.hook_name))].join(", ");
	const before = [...new Set(list.map((r) => r.before))];
	const text =
		before[0] && before.length === 1 ? `, text before ${before[0]}` : "";
	return clip(
		`${hooks}${text}, ${count(list[0].activations.n_test)} test sentences`,
		110,
	);
}
