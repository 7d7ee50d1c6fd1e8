import type { Sentences } from "../dataset";
import { random } from "../random";
import { nearNames } from "../suggest";

/** What a probe has to learn: the class of every sentence, and which sentences are for what. */
export interface Task {
	/** Sorted. */
	classes: string[];
	/** Class of each sentence; meaningless where the label is empty. */
	truth: Uint32Array; // [n_sentences]
	/** Sentence numbers. Only sentences with a label are in any of them. */
	train: Uint32Array;
	validation: Uint32Array;
	test: Uint32Array;
}

/**
 * Reads the classes of one label. Sentences whose label is empty take no part. Without a split column, a seeded
 * tenth of every class is for validation and a tenth for the test; with one that has no validation sentences, a
 * seeded tenth of the training sentences of every class is taken.
 */
export function makeTask(
	sentences: Sentences,
	label: string,
	seed: number,
): Task {
	const values = labelColumn(sentences, label);
	const labelled = [...values.keys()].filter((i) => values[i] !== "");
	const classes = [...new Set(labelled.map((i) => values[i]))].sort();
	if (classes.length < 2)
		throw new Error(
			`The label "${label}" has ${classes.length === 1 ? `one class only ("${classes[0]}")` : "no values"} in these ${values.length} sentences; a probe needs two or more.`,
		);
	if (classes.length > labelled.length / 2)
		throw new Error(
			`The label "${label}" has ${classes.length} different values in ${labelled.length} sentences, as a column of identifiers has; give one whose values repeat.`,
		);
	const code = new Map(classes.map((name, c) => [name, c]));
	const truth = Uint32Array.from(values, (value) => code.get(value) ?? 0);
	const parts = splitOf(sentences, labelled, truth, label, seed);
	if (new Set(parts.train.map((i) => truth[i])).size < 2)
		throw new Error(
			`The training sentences have one class only of the label "${label}"; a probe needs two or more to learn from.`,
		);
	return { classes, truth, ...parts };
}

/** The same split, with the labels shuffled among all sentences that take part: what can be learned by heart only. */
export function shuffledTask(task: Task, seed: number): Task {
	const members = [...task.train, ...task.validation, ...task.test];
	const labels = random(seed).shuffle(
		Uint32Array.from(members, (i) => task.truth[i]),
	);
	const truth = task.truth.slice();
	for (const [at, i] of members.entries()) truth[i] = labels[at];
	return { ...task, truth };
}

/** The values of a label. Throws where there is no such label, listing near names. */
export function labelColumn(sentences: Sentences, label: string): string[] {
	if (sentences.text.length === 0)
		throw new Error("There are no sentences to probe; load some first.");
	if (Object.hasOwn(sentences.labels, label)) return sentences.labels[label];
	const near = nearNames(label, Object.keys(sentences.labels));
	throw new Error(
		`The sentences have no label "${label}"; ${near.length ? `near it are ${near.join(", ")}` : "they have no labels at all"}.`,
	);
}

export type Parts = Pick<Task, "train" | "validation" | "test">;

/**
 * The sentences for training, validation and test among those that take part, stratified by their classes: as the
 * sentences' own column says, else a seeded 80/10/10. Throws where one of the three has none.
 */
export function splitOf(
	sentences: Sentences,
	labelled: number[],
	truth: Uint32Array,
	label: string,
	seed: number,
): Parts {
	const parts = split(sentences, labelled, truth, seed);
	for (const part of ["train", "validation", "test"] as const)
		if (parts[part].length === 0)
			throw new Error(
				`No sentence with a "${label}" is in the ${part} split; give sentences of every split, or leave the split column out and one is made.`,
			);
	return parts;
}

function split(
	sentences: Sentences,
	labelled: number[],
	truth: Uint32Array,
	seed: number,
): Parts {
	const given = sentences.split;
	if (!given) {
		if (labelled.length < 10)
			throw new Error(
				`Only ${labelled.length} sentences have the label; a probe needs at least 10 to split into training, validation and test.`,
			);
		const tenths = deal(labelled, truth, seed);
		return {
			train: tenths((t) => t < 8),
			validation: tenths((t) => t === 8),
			test: tenths((t) => t === 9),
		};
	}
	const of = (name: string) => labelled.filter((i) => given[i] === name);
	const test = Uint32Array.from(of("test"));
	const validation = of("validation");
	if (validation.length > 0)
		return {
			train: Uint32Array.from(of("train")),
			validation: Uint32Array.from(validation),
			test,
		};
	const tenths = deal(of("train"), truth, seed);
	return {
		train: tenths((t) => t < 9),
		validation: tenths((t) => t === 9),
		test,
	};
}

/** Deals sentences into ten even parts, class by class, so that each part has the same share of every class. */
function deal(
	members: number[],
	truth: Uint32Array,
	seed: number,
): (keep: (tenth: number) => boolean) => Uint32Array {
	const shuffled = random(seed).shuffle(Uint32Array.from(members));
	const tenth = new Map(
		[...shuffled]
			.sort((a, b) => truth[a] - truth[b]) // stable: the order inside a class stays shuffled
			.map((i, at) => [i, at % 10]),
	);
	return (keep) =>
		Uint32Array.from(members.filter((i) => keep(tenth.get(i) as number)));
}
