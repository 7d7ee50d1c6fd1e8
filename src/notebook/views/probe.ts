import type { ProbeResult, ProbeScore } from "../../probe";
import type { Html } from "../html";
import { type Cell, table } from "../table";

/** The accuracy of a probe beside those it competes with. */
export function probeView(result: ProbeResult): Html {
	const rows: [string, ProbeScore | undefined][] = [
		["SAE latents", result.latents],
		["activations", result.activations],
		["bag of words", result.bag_of_words],
		["most frequent class", result.majority],
	];
	const before = result.before ? `, text before ${result.before}` : "";
	return table(
		[
			"linear classifier on",
			"accuracy (share)",
			"95 % from",
			"to",
			"test sentences",
		],
		rows.flatMap(([name, score]): Cell[][] =>
			score ? [[name, score.accuracy, ...score.interval, score.n_test]] : [],
		),
		{
			caption: `Probe of ${result.label} (${result.classes.length} classes), ${result.hook_name}${before}`,
		},
	);
}
