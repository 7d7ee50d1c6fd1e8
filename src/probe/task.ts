import {
	type DataSplit,
	FEWEST_UNITS,
	hasLabel,
	type Sentences,
	type SplitRecord,
	splitAmong,
	splitNotes,
	unlabelledNotes,
} from "../dataset";
import { random } from "../random";
import { seenNotes } from "../sae";
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
	/** The unit of each row, which resamples draw whole: see `unitsOf`. */
	units: Uint32Array;
	/** Rows that are copies of one another share a number. */
	copies: Uint32Array;
	/** How the sentences that take part were split. */
	split: SplitRecord;
	/** Sentences that take no part, since they have no label. */
	n_unlabelled?: number;
}

/** More are a column of names or numbers: a probe of them has a weight for each and every column. */
const MOST_CLASSES = 1000;

/** Reads the classes of one label. Sentences whose label is empty take no part. */
export function makeTask(
	sentences: Sentences,
	label: string,
	split: DataSplit,
): Task {
	const column = labelColumn(sentences, label);
	const values = column.map((value) => (hasLabel(value) ? value : ""));
	const labelled = [...values.keys()].filter((i) => values[i] !== "");
	const { classes, code } = classesOf(values, label, "sentences");
	const truth = Uint32Array.from(values, code);
	const parts = partsOf(split, labelled, label);
	if (new Set(parts.train.map((i) => truth[i])).size < 2)
		throw new Error(
			`The training sentences have one class only of the label "${label}"; a probe needs two or more to learn from.`,
		);
	const n_unlabelled = values.length - labelled.length;
	return { classes, truth, n_unlabelled, ...parts };
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
	const numbers = classes.every((v) => v.trim() !== "" && Number.isFinite(+v));
	classes.sort(numbers ? (a, b) => +a - +b || (a < b ? -1 : 1) : undefined);
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
	return { ...task, truth: shuffledValues(task, task.truth, seed) };
}

/**
 * The values of the rows that take part, dealt anew. Copies get the same one, and so does a whole unit whose values are
 * all the same: else what is learned by heart of the one could not be told of the other.
 */
export function shuffledValues<T extends Uint32Array | Float64Array>(
	{ train, validation, test, units, copies }: Omit<Parts, "split">,
	values: T,
	seed: number,
): T {
	const members = [...train, ...validation, ...test];
	const first = new Map<number, number>();
	const mixed = new Set<number>();
	for (const i of members) {
		const known = first.get(units[i]) ?? values[i];
		first.set(units[i], known);
		if (known !== values[i]) mixed.add(units[i]);
	}
	const block = (i: number) =>
		mixed.has(units[i]) ? -1 - copies[i] : units[i];
	const place = new Map<number, number>();
	const own: number[] = []; // of each block the value of its first row
	for (const i of members)
		if (!place.has(block(i))) place.set(block(i), own.push(values[i]) - 1);
	const dealt = random(seed).shuffle(Float64Array.from(own));
	const shuffled = values.slice() as T;
	for (const i of members) shuffled[i] = dealt[place.get(block(i)) as number];
	return shuffled;
}

/** The units of the test rows. */
export function testUnits({
	units,
	test,
}: Pick<Task, "units" | "test">): Uint32Array {
	return test.map((i) => units[i]);
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

export type Parts = Omit<Task, "classes" | "truth">;

/** What a reader should know of the rows of a task, a sentence each. */
export function taskNotes(
	label: string,
	{ split, test, n_unlabelled = 0 }: Parts,
	seen?: Uint8Array,
): string[] {
	const { train, validation, test: held } = split.sentences;
	const all = train + validation + held + n_unlabelled;
	return [
		...unlabelledNotes(label, n_unlabelled, all),
		...splitNotes(split),
		...seenNotes(seen, test),
	];
}

/** The sentences for training, validation and test among those that take part. Throws where one of the three has none. */
export function partsOf(
	split: DataSplit,
	labelled: number[],
	label: string,
): Parts {
	const { units, copies } = split;
	const { record, ...parts } = splitAmong(split, labelled);
	const n = new Set(labelled.map((i) => units[i])).size;
	if (!record.given && n < FEWEST_UNITS)
		throw new Error(
			`Only ${n} different texts${record.by === "text" ? "" : " or groups"} have the label "${label}" (${labelled.length} sentences); a probe needs at least ${FEWEST_UNITS} to split into training, validation and test.`,
		);
	for (const part of ["train", "validation", "test"] as const)
		if (parts[part].length === 0)
			throw new Error(
				record.made
					? `No sentence with a "${label}" came into the ${part} part of the split by seed ${record.seed}; give more sentences, or a split column.`
					: `No sentence with a "${label}" is in the ${part} split; give sentences of every split, or leave the split column out and one is made.`,
			);
	return { ...parts, units, copies, split: record };
}
