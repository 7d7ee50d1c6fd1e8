import { FEW_UNITS } from "../dataset";
import type { ClassLatents, FactorLatents } from "../features";
import { percent, several } from "../say";
import { type Chart, chart, clip, clipAll, ink } from "./theme";

/** Classes shown at most. */
const most = 40;

/**
 * How well single latents tell the true classes of sentences: for each class the F1 of its best latent, of the latents
 * that it is split over together, where they are several, and of firing always, which a latent has to beat. At the right
 * the share of the class that more specific latents absorb.
 */
export function factorLatents(result: FactorLatents): Chart {
	const shown = result.classes.slice(0, most);
	const left_out = result.classes.length - shown.length;
	const names = namesOf(shown);
	const values = shown.map((c, i) => ({
		name: names[i],
		f1: c.f1,
		always: c.f1_always,
		together: c.split.latents.length > 1 ? c.split.f1 : null,
		latents: c.split.latents.join(", "),
		precision: c.precision,
		recall: c.recall,
		absorbed: c.absorption?.absorbed ?? null,
		note: c.absorption && `${percent(c.absorption.absorbed)} absorbed`,
	}));
	return chart({
		title: {
			text: titleOf(result),
			subtitle: [
				`${several(result.d_sae, "latent")} of ${result.hook_name}, chosen on ${several(result.n_chosen_on, "sentence")}, measured on ${several(result.n_held_out, "other")}`,
				`in brackets: over how many latents a class is split, where more than one${left_out ? `; ${several(left_out, "class", "classes")} left out` : ""}`,
			],
		},
		data: { values },
		width: 440,
		height: { step: 19 },
		encoding: {
			y: {
				field: "name",
				type: "nominal",
				sort: names,
				title: "true class",
				axis: { ticks: false, labelColor: ink.text },
			},
		},
		layer: [
			{
				mark: { type: "bar", height: { band: 0.72 }, opacity: 1 },
				encoding: {
					x: {
						field: "f1",
						type: "quantitative",
						title: "F1 on held-out sentences",
						scale: { domain: [0, 1] },
						axis: { tickCount: 6 },
					},
					color: series("the best latent"),
					tooltip: [
						{ field: "name", title: "class" },
						{ field: "f1", title: "F1 of the best latent", format: ".3f" },
						{ field: "precision", format: ".3f" },
						{ field: "recall", format: ".3f" },
						{ field: "together", title: "F1 together", format: ".3f" },
						{ field: "always", title: "F1 of firing always", format: ".3f" },
						{ field: "latents" },
						{ field: "absorbed", format: ".1%" },
					],
				},
			},
			{
				mark: tick,
				encoding: {
					x: { field: "together", type: "quantitative" },
					color: series("its latents together"),
				},
			},
			{
				mark: tick,
				encoding: {
					x: { field: "always", type: "quantitative" },
					color: series("firing always"),
				},
			},
			{
				transform: [{ filter: "datum.absorbed >= 0.005" }],
				mark: { type: "text", align: "left", dx: 8, color: ink.faint },
				encoding: {
					x: { datum: 1 },
					text: { field: "note" },
				},
			},
		],
	});
}

/** What firing always reaches as well is not told by a latent. */
function titleOf({ classes, n_held_out, split }: FactorLatents): string {
	if (!classes.length) return "No class has sentences in both parts";
	const high = classes.filter(({ f1 }) => f1 >= 0.9);
	const good = high.filter(({ f1, f1_always }) => f1 > f1_always).length;
	const one = good === 1 || classes.length === 1;
	const always = good < high.length ? " that firing always has not" : "";
	const found = `${good} of ${several(classes.length, "true class", "true classes")} ${one ? "has" : "have"} a latent of ${one ? "its" : "their"} own with an F1 of 0.9 or more${always}`;
	const n = Math.min(n_held_out, split?.units?.test ?? n_held_out); // older records say less
	return n < FEW_UNITS
		? `${several(n_held_out, "sentence")} ${n_held_out === 1 ? "says" : "say"} little: ${found}`
		: found;
}

/** Its length in pixels: JupyterLab's Vega-Lite draws none where it is a share of the band. */
const tick = { type: "tick", thickness: 3, size: 14, opacity: 1 };

const legend = {
	"the best latent": ink.main,
	"its latents together": ink.accent,
	"firing always": ink.text,
};

/** A colour that the legend explains. */
function series(name: keyof typeof legend): object {
	return {
		datum: name,
		type: "nominal",
		scale: { domain: Object.keys(legend), range: Object.values(legend) },
		legend: { title: null, orient: "bottom", symbolType: "square" },
	};
}

function namesOf(classes: ClassLatents[]): string[] {
	const names = clipAll(
		classes.map(({ label, class: name }) => `${clip(label, 16)}: ${name}`),
		34,
	);
	return classes.map(({ split: { latents } }, i) =>
		latents.length > 1 ? `${names[i]} (${latents.length})` : names[i],
	);
}
