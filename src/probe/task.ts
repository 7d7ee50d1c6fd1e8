import { numberOf, type Sentences } from "../dataset";
import { random } from "../random";
import { nearNames } from "../suggest";

/** What a probe has to learn: the class of every row (a sentence, or a token), and which rows are for what. */
export interface Task {
	/** Sorted. */
	classes: string[];
	/** Class of each row; meaningless where the label is empty. */
	truth: Uint32Array; // [rows]
	/** Row numbers. Only rows with a label are in any of them. */
	train: Uint32Array;
	validation: Uint32Array;
	test: Uint32Array;
	/** What the rows are parts of, which are resampled together: the sentence of each token. Absent where each row is its own. */
	groups?: Uint32Array;
}

/** More are a column of names or numbers: a probe of them has a weight for each and every column. */
const MOST_CLASSES = 1000;

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
	const { classes, code } = classesOf(values, label, "sentences");
	const truth = Uint32Array.from(values, code);
	const parts = splitOf(sentences, labelled, truth, label, seed);
	if (new Set(parts.train.map((i) => truth[i])).size < 2)
		throw new Error(
			`The training sentences have one class only of the label "${label}"; a probe needs two or more to learn from.`,
		);
	return { classes, truth, ...parts };
}

/** The different values that are not empty, sorted, and the number of each. Throws where they are no classes. */
export function classesOf(
	values: string[],
	label: string,
	unit: "sentences" | "tokens",
): { classes: string[]; code(value: string): number } {
	const different = new Set(values);
	different.delete("");
	const classes = [...different];
	const size = (v: string) => numberOf(v) as number;
	const numbers = classes.every((v) => numberOf(v) !== undefined);
	classes.sort(
		numbers ? (a, b) => size(a) - size(b) || (a < b ? -1 : 1) : undefined,
	);
	const n = classes.length;
	if (n < 2)
		throw new Error(
			`The label "${label}" has ${n === 1 ? `one class only ("${classes[0]}")` : "no values"} in these ${values.length} ${unit}; a probe needs two or more.`,
		);
	const labelled = values.reduce((sum, v) => sum + (v === "" ? 0 : 1), 0);
	if (n > labelled / 2 || n > MOST_CLASSES)
		throw new Error(
			`The label "${label}" has ${n} different values in ${labelled} ${unit}, ${numbers ? "all of them numbers, as a measure or a column of identifiers has; to read a number there is probeNumber, else" : "as a column of identifiers has;"} give one of at most ${MOST_CLASSES} values that repeat.`,
		);
	const place = new Map(classes.map((name, c) => [name, c]));
	return { classes, code: (value) => place.get(value) ?? 0 };
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

/** What the test rows are parts of; undefined where each is its own. */
export function testGroups({ groups, test }: Task): Uint32Array | undefined {
	return groups && test.map((i) => groups[i]);
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
