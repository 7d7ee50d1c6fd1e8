import type { NeuronReport } from "../../features";
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
			caption: `Neurons of ${report.hook_name} (${report.model_name}) most tied to each class, and ${report.groups.length} ${report.groups.length === 1 ? "group" : "groups"} that act together`,
		},
	);
}
