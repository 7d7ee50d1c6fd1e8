import { join } from "node:path";

/** By name: the file of each suite, which exports `suite`. */
export const suites: Record<string, string> = Object.fromEntries(
	[
		"extract",
		"store",
		"train",
		"encode",
		"probe",
		"cluster",
		"gpt2-training",
		"kernel",
	].map((name) => [name, join(__dirname, `${name}.ts`)]),
);
