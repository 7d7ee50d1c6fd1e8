import { random } from "../random";
import { type ClassColumn, dealParts, type Quotas } from "./deal";
import type { Sentences, Split } from "./types";
import { groupsOf, hasLabel, sameText, unitsOf } from "./units";

/** How a split came about, for the record of what was measured with it. Plain data. */
export interface SplitRecord {
	/** The sentences have a split column. */
	given: boolean;
	/** Parts were made here: all where there is no column, else those that the column lacks, out of its training sentences. */
	made: boolean;
	/** That the parts were made by; only where they were. */
	seed?: number;
	/** The parts that the column lacks and that were made; only where there are such. */
	lacking?: Split[];
	/** What is kept together: copies of a text; with a group, all that share it as well. */
	by: "text" | "text and group";
	/** The label column that says the group, where one was named. */
	group?: string;
	/** Sentences of each part. */
	sentences: Record<Split, number>;
	/** Units of each part: different texts, or groups. */
	units: Record<Split, number>;
	/** Test sentences that have a copy, or a member of their group, in training: only a given split has any. */
	test_in_training: number;
}

/** A split of sentences; arrays have one entry a sentence. */
export interface DataSplit {
	parts: Split[];
	/** The number of what a sentence is kept together with: of its text, or of its group. */
	units: Uint32Array;
	/** The same without groups: copies of a text share a number. */
	copies: Uint32Array;
	record: SplitRecord;
}

/** How a split is made where there is none. */
export interface SplitOptions {
	/** Default: 0. */
	seed?: number | undefined;
	/** A label column: sentences of one value stay together. Default: the sentences' own `group`. */
	group?: string | undefined;
}

/** Fewer different texts (or groups) are not split. */
export const FEWEST_UNITS = 10;

const PARTS = ["train", "validation", "test"] as const;

/**
 * The split that everything in the library goes by: the sentences' own column; where that lacks the validation or the test
 * part, a tenth of its training units for each; where there is no column, 80/10/10. What is made depends on the
 * sentences and the seed only, so that whatever is trained and whatever is judged get the same parts: it keeps copies of
 * a text, and groups, in one part, and gives each part its share of every class of every label column. Neither the order
 * of the sentences nor further copies of them change which part a text is in.
 *
 *   const { parts } = splitSentences(sentences);
 *   const training = selectSentences(sentences, (i) => parts[i] === "train");
 *
 * With fewer than 10 different texts (or groups) to make it of nothing is made: all are "train", and `record.made` is false.
 * Throws where there is no label `group`.
 */
export function splitSentences(
	sentences: Sentences,
	{ seed = 0, group }: SplitOptions = {},
): DataSplit {
	if (!Number.isSafeInteger(seed))
		throw new Error(`seed is ${seed}, where a whole number was expected.`);
	const groups = groupsOf(sentences, group);
	const units = unitsOf(sentences, groups);
	const { split } = sentences;
	const parts: Split[] = split ? [...split] : sentences.text.map(() => "train");
	const lacking = PARTS.slice(1).filter((part) => !split?.includes(part));
	const members = [...parts.keys()].filter((i) => parts[i] === "train");
	const n = new Set(members.map((i) => units[i])).size;
	const made = lacking.length > 0 && n >= FEWEST_UNITS;
	if (made) {
		const quota = (part: Split) =>
			lacking.includes(part as (typeof lacking)[number])
				? Math.round(n / 10)
				: 0;
		const quotas = { test: quota("test"), validation: quota("validation") };
		deal(sentences, units, members, quotas, seed, parts);
	}
	return {
		parts,
		units,
		copies: groups ? unitsOf({ text: sentences.text }) : units,
		record: {
			given: !!split,
			made,
			...(made && { seed }),
			...(made && split && { lacking }),
			by: groups ? "text and group" : "text",
			...(group !== undefined && { group }),
			...counts(parts, units),
		},
	};
}

/** Deals the units of some sentences, and writes their parts. */
function deal(
	sentences: Sentences,
	units: Uint32Array,
	members: number[],
	quotas: Quotas,
	seed: number,
	parts: Split[],
): void {
	const first = new Map<number, string>(); // of each unit the first of its texts, by their characters
	for (const i of members) {
		const text = sameText(sentences.text[i]);
		const known = first.get(units[i]);
		if (known === undefined || text < known) first.set(units[i], text);
	}
	const text = (unit: number) => first.get(unit) as string;
	const order = [...first.keys()].sort((a, b) =>
		text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0,
	);
	const place = new Map(order.map((unit, at) => [unit, at]));
	const at = (i: number) => place.get(units[i]) as number;
	const columns = Object.keys(sentences.labels)
		.sort()
		.flatMap((name) => {
			const found = classesOf(
				sentences.labels[name],
				members,
				at,
				order.length,
			);
			return found ? [found] : [];
		});
	const dealt = dealParts(order.length, columns, quotas, random(seed));
	for (const i of members) parts[i] = dealt[at(i)];
}

/**
 * The units of each class of a column, classes sorted; whether there is a value at all where the values are too many to be
 * classes. Undefined where that leaves one class.
 */
function classesOf(
	column: readonly string[],
	members: number[],
	at: (i: number) => number,
	n: number,
): ClassColumn | undefined {
	const group = (of: (value: string) => string) => {
		const classes = new Map<string, Set<number>>();
		for (const i of members) {
			const value = of(column[i]);
			const known = classes.get(value) ?? new Set();
			classes.set(value, known.add(at(i)));
		}
		return classes;
	};
	let classes = group((value) => (hasLabel(value) ? value : ""));
	const most = (n - (classes.get("")?.size ?? 0)) / 2;
	if (classes.size - (classes.has("") ? 1 : 0) > most)
		classes = group((value) => (hasLabel(value) ? "value" : ""));
	if (classes.size < 2) return undefined;
	return [...classes.keys()]
		.sort()
		.map((value) => [...(classes.get(value) as Set<number>)]);
}

function counts(
	parts: readonly Split[],
	units: Uint32Array,
): Pick<SplitRecord, "sentences" | "units" | "test_in_training"> {
	const of = (part: Split) =>
		[...parts.keys()].filter((i) => parts[i] === part);
	const training = new Set(of("train").map((i) => units[i]));
	const each = <T>(count: (members: number[]) => T) => ({
		train: count(of("train")),
		validation: count(of("validation")),
		test: count(of("test")),
	});
	return {
		sentences: each(({ length }) => length),
		units: each((members) => new Set(members.map((i) => units[i])).size),
		test_in_training: of("test").filter((i) => training.has(units[i])).length,
	};
}

/** The parts of some sentences only, in their order, and what is said of these. */
export function splitAmong(
	{ parts, units, record }: DataSplit,
	members: readonly number[],
): Record<Split, Uint32Array> & { record: SplitRecord } {
	const of = (part: Split) =>
		Uint32Array.from(members.filter((i) => parts[i] === part));
	const some = counts(
		members.map((i) => parts[i]),
		Uint32Array.from(members, (i) => units[i]),
	);
	return {
		train: of("train"),
		validation: of("validation"),
		test: of("test"),
		record: { ...record, ...some },
	};
}

/** E.g. "test: 30 of 300 sentences, chosen by seed 0, by text". */
export function splitWords(record: SplitRecord, part: Split = "test"): string {
	const { given, made, by, sentences, units } = record;
	const count = (n: number) => n.toLocaleString("en-US");
	const sum = (of: Record<Split, number>) => of.train + of.validation + of.test;
	const whole = sum(sentences);
	if (!made && !given)
		return `no split: ${count(whole)} sentences have too few different texts for one`;
	const n = units[part];
	const unit = by === "text" ? "different" : n === 1 ? "group" : "groups";
	const different = sum(units) === whole ? "" : ` (${count(n)} ${unit})`;
	return `${part}: ${count(sentences[part])} of ${count(whole)} sentences${different}, ${chosenWords(record, part)}`;
}

/** How a part came about. */
function chosenWords(
	{ given, made, seed, by, lacking = [] }: SplitRecord,
	part: Split,
): string {
	const chosen = `chosen by seed ${seed}, by ${by}`;
	if (!given) return chosen;
	if (!made) return "by the sentences' own split";
	if (part === "train")
		return `by the sentences' own split less the ${lacking.join(" and ")} part, ${chosen}`;
	return lacking.includes(part)
		? `which the split column lacks: ${chosen}`
		: `by the sentences' own split (${lacking.join(" and ")}, which it lacks: ${chosen})`;
}

/** Different texts in the test below which nothing is claimed. */
export const FEW_UNITS = 30;

/** What a reader should know of a split that something is measured on, a sentence each. */
export function splitNotes({
	by,
	units,
	sentences,
	test_in_training,
}: SplitRecord): string[] {
	const count = (n: number) => n.toLocaleString("en-US");
	const notes: string[] = [];
	if (test_in_training > 0)
		notes.push(
			`${count(test_in_training)} of ${count(sentences.test)} test sentences are also in training (${by === "text" ? "the same text" : "the same text, or the same group"}): what is learned by heart counts as known there.`,
		);
	return units.test < FEW_UNITS ? [...notes, fewNote(units.test, by)] : notes;
}

/** What is said where something is measured on fewer units than `FEW_UNITS`. */
export function fewNote(
	n: number,
	by: SplitRecord["by"],
	what = "The test has",
	advice = "see the intervals, or give more sentences",
): string {
	const unit = by === "text" ? "text" : "text or group";
	const units = n === 1 ? unit : by === "text" ? "texts" : "texts or groups";
	return `${what} ${n} different ${units} only, which is too few to compare by: ${advice}.`;
}
