import type { Sentences } from "../dataset";

/**
 * Numbers of the sentences that something is chosen on, and of those that it is measured on: the train and the test
 * split, or every other one where there are no splits. Throws where one of them is empty.
 *
 * `what`: what is chosen, for the error.
 */
export function halves(
	{ text: { length: n }, split }: Pick<Sentences, "text" | "split">,
	what: string,
): { train: Uint32Array; test: Uint32Array } {
	if (n < 4)
		throw new Error(
			`${n} sentences were given: ${what} are chosen on some and measured on others, so at least 4 are needed.`,
		);
	const every = Uint32Array.from({ length: n }, (_, i) => i);
	const train = every.filter((i) =>
		split ? split[i] === "train" : i % 2 === 0,
	);
	const test = every.filter((i) => (split ? split[i] === "test" : i % 2 === 1));
	if (!train.length || !test.length)
		throw new Error(
			`The sentences have ${train.length} in the train split and ${test.length} in the test split: ${what} are chosen on the one and measured on the other, so give both.`,
		);
	return { train, test };
}
