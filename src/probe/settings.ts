import type { Activations, Pool } from "../activations";
import type { ProbeSettings } from "./result";
import type { Parts } from "./task";

/** What every probe of sentences says of how it came about. */
export function settingsOf(
	{ hook_name, sentences }: Activations,
	{ train, validation, test }: Parts,
	how: {
		pool: Pool;
		before?: string | undefined;
		solver?: ProbeSettings["solver"];
		seed: number;
	},
): Omit<ProbeSettings, "notes" | "seconds"> {
	const { pool, before, solver = "lbfgs", seed } = how;
	return {
		hook_name,
		unit: "sentence",
		pool,
		...(before !== undefined && { before }),
		solver,
		seed,
		split: sentences.split ? "given" : "made",
		n_train: train.length,
		n_validation: validation.length,
		n_test: test.length,
	};
}

/** At most five names, and how many more there are. */
export function named(names: string[], what = ""): string {
	const more = names.length - 5;
	const shown = names.slice(0, 5).join(", ");
	return more > 0 ? `${shown} and ${more} more${what && ` ${what}`}` : shown;
}
