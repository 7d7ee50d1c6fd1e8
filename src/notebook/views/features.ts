import { splitWords } from "../../dataset";
import type { FactorLatents, NeuronReport } from "../../features";
import { count, fixed, several } from "../../say";
import type { Html } from "../html";
import { table } from "../table";

/** The neurons most tied to each class. */
export function neuronsView(report: NeuronReport): Html {
	const all = [...report.factors, ...(report.clusters ?? [])];
	return table(
		[
			"label",
			"class",
			"neuron",
			"AUC (held-out)",
			"mean inside",
			"mean outside",
		],
		all.flatMap(({ label, class: name, neurons }) =>
			neurons
				.slice(0, 2)
				.map((n) => [
					label,
					name,
					`${n.neuron}`,
					n.auc,
					n.mean_inside,
					n.mean_outside,
				]),
		),
		{
			caption: `Neurons of ${report.hook_name} (${report.model_name}) tied to each class, chosen on ${several(report.n_chosen_on, "sentence")} and measured on ${several(report.n_held_out, "other")}, and ${several(report.groups.length, "group")} that act${report.groups.length === 1 ? "s" : ""} together; ${whereOf(report)}`,
		},
	);
}

/** How the sentences were split, and what a reader should know. */
function whereOf({
	split,
	notes = [],
}: Partial<Pick<NeuronReport, "split" | "notes">>) {
	return [
		split ? splitWords(split) : "",
		...notes.map((note) => note.replace(/\.$/, "")),
	].join(". ");
}

/** The factors, then the latents of each class. */
export function factorLatentsView(result: FactorLatents): Html {
	const { factors, classes, hook_name, model_name } = result;
	const ofClass = classes.map((c) => [
		c.label,
		c.class,
		`${c.latent}`,
		c.f1,
		`${c.f1_interval[0].toFixed(3)} to ${c.f1_interval[1].toFixed(3)}`,
		c.precision,
		c.recall,
		c.f1_always,
		`${c.split.latents.length}`,
		c.split.f1,
		c.absorption?.absorbed,
	]);
	const ofFactor = factors.map((f) => [
		f.label,
		`(mean of ${f.n_classes}${f.absorbed === undefined ? "" : `; absorbed: of ${f.n_absorbed}`})`,
		"",
		f.f1,
		undefined,
		undefined,
		undefined,
		f.f1_always,
		fixed(f.latents, 1),
		f.f1_split,
		f.absorbed,
	]);
	return table(
		[
			"factor",
			"class",
			"best latent",
			"F1",
			"95 % interval",
			"precision",
			"recall",
			"F1 of firing always",
			"split over",
			"F1 together",
			"absorbed",
		],
		[...ofFactor, ...ofClass],
		{
			caption: `Latents of ${hook_name} (${model_name}) against the true factors of sentences: chosen on ${count(result.n_chosen_on)}, measured on ${several(result.n_held_out, "other")}; ${whereOf(result)}`,
		},
	);
}
