import type { Activations, Pool } from "../activations";
import type { ProbeSettings } from "./result";
import type { Parts } from "./task";

/** What every probe says of how it came about. */
export function settingsOf(
	{ hook_name }: Activations,
	{ train, validation, test, split, groups }: Parts & { groups?: Uint32Array },
	how: {
		/** Default: "sentence". */
		unit?: ProbeSettings["unit"];
		pool?: Pool | undefined;
		before?: string | undefined;
		solver?: ProbeSettings["solver"];
		seed: number;
	},
): Omit<ProbeSettings, "notes" | "seconds"> {
	const { unit = "sentence", pool, before, solver = "lbfgs", seed } = how;
	const sentencesOfTest = groups && new Set(test.map((i) => groups[i])).size;
	return {
		hook_name,
		unit,
		...(pool && { pool }),
		...(before !== undefined && { before }),
		solver,
		seed,
		split,
		n_train: train.length,
		n_validation: validation.length,
		n_test: test.length,
		...(groups && { n_test_sentences: sentencesOfTest }),
	};
}

/** At most five names, and how many more there are. */
export function named(names: string[], what = ""): string {
	const more = names.length - 5;
	const shown = names.slice(0, 5).join(", ");
	return more > 0 ? `${shown} and ${more} more${what && ` ${what}`}` : shown;
}
