import { type DataSplit, FEWEST_UNITS } from "../dataset";

/**
 * Numbers of the sentences that something is chosen on, and of those that it is measured on: the train and the test part.
 * Throws where one of them is empty.
 *
 * `what`: what is chosen, for the error.
 */
export function halves(
	{ parts, record }: Pick<DataSplit, "parts" | "record">,
	what: string,
): { train: Uint32Array; test: Uint32Array } {
	const of = (part: string) =>
		Uint32Array.from(parts.keys()).filter((i) => parts[i] === part);
	const [train, test] = [of("train"), of("test")];
	if (train.length && test.length) return { train, test };
	throw new Error(
		record.given && parts.length > 0
			? `The sentences have ${train.length} in the train split and ${test.length} in the test split: ${what} are chosen on the one and measured on the other, so give both.`
			: `${parts.length} sentences were given, of ${record.units.train} different texts: ${what} are chosen on some and measured on others, so at least ${FEWEST_UNITS} are needed.`,
	);
}
