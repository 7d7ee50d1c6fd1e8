import { classesOf, isNothing } from "./labels";
import { isIdName, isIndexName, noColumn } from "./names";
import { offsetsOf } from "./offsets";
import { limitNotes, stratifiedRows } from "./sample";
import { counted, short, shortList } from "./say";
import { selectSentences } from "./select";
import { isOffset, MANY, MAX_DISTINCT, type Taken } from "./take";
import type { Sentences } from "./types";

/** The sentences that were taken of a source, with their labels and offsets. */
export function sentencesFrom(name: string, taken: Taken): Sentences {
	const { text, split, group, options } = taken;
	const { limit = Number.POSITIVE_INFINITY, stratify, seed = 0 } = options;
	if (text.length === 0)
		throw new Error(
			`The data set "${name}" has no sentence left ${options.split ? `in its ${options.split} split` : `with limit ${limit}`}.`,
		);
	const notes = [...taken.notes, ...textNotes(taken)];
	const { offsets, gaps } = offsetColumns(taken, notes);
	const notLabels = [...Object.keys(offsets), ...gaps];
	const labels = labelColumns(name, taken, notLabels, notes);
	const all: Sentences = {
		...{ kind: "sentences", name, text, labels, offsets },
		...(split && { split }),
		...(group && { group: group.map((value) => value.trim()) }),
	};
	let chosen = all;
	if (stratify !== undefined) {
		const classes = labels[stratify] ?? columnOf(name, taken, stratify);
		const rows = new Set(stratifiedRows(classes, split, limit, seed));
		chosen = selectSentences(all, (i) => rows.has(i));
		notes.push(
			`${rows.size.toLocaleString("en-US")} of ${counted(text.length, "sentence")}, drawn with seed ${seed} so that each class of ${short(stratify)} keeps its share${withoutAny(classes, rows)}.`,
		);
	} else notes.push(...limitNotes(labels, limit));
	return notes.length ? { ...chosen, notes } : chosen;
}

/** The end of a sentence on classes of which a sample has no row, as its limit is too small for all. */
function withoutAny(classes: string[], rows: Set<number>): string {
	const there = new Set([...rows].map((row) => classes[row]));
	const all = new Set(classes.filter((value) => value !== ""));
	const none = [...all].filter((value) => !there.has(value));
	return none.length
		? `, but for ${shortList(none)}, of which limit leaves none`
		: "";
}

function textNotes({ text, where }: Taken): string[] {
	const notes: string[] = [];
	const nothing = text.filter(isNothing);
	if (nothing.length)
		notes.push(
			`${counted(nothing.length, "text")} ${nothing.length === 1 ? "is" : "are"} a word for nothing, e.g. ${short(nothing[0])}; missing: [${short(nothing[0])}] leaves ${nothing.length === 1 ? "it" : "them"} out.`,
		);
	const half = text.findIndex((one) => HALF.test(one));
	if (half >= 0)
		notes.push(
			`A text holds half of a character (a surrogate without its pair), first in ${where(half)}; models read it as U+FFFD.`,
		);
	return notes;
}

const HALF = /\p{Surrogate}/u;

/** The columns that hold places in the texts, and those that would but for gaps. */
function offsetColumns(
	{ text, columns, options, where }: Taken,
	notes: string[],
): { offsets: Sentences["offsets"]; gaps: string[] } {
	const offsets: [string, Uint32Array][] = [];
	const gaps: string[] = [];
	const said = new Set<string>();
	for (const [name, values] of columns) {
		if (!isOffset(name) || options.label_columns?.includes(name)) continue;
		const found = offsetsOf(name, values, text, options.offsets, where);
		if (found.places) offsets.push([name, found.places]);
		else if (found.gap) gaps.push(name);
		const note = found.places ? found.note : `${short(name)} ${found.why}.`;
		if (note !== undefined) said.add(note);
	}
	notes.push(...said);
	return { offsets: Object.fromEntries(offsets), gaps };
}

function labelColumns(
	source: string,
	taken: Taken,
	notLabels: string[],
	notes: string[],
): Sentences["labels"] {
	const { columns, options } = taken;
	const { label_columns: asked, missing, stratify } = options;
	const others = new Set(
		[...notLabels, "split", options.split_column, options.group].filter(
			(name) => name !== stratify,
		),
	);
	const left = new Map(asked ? [] : taken.left);
	const labels: [string, string[]][] = []; // a column may be named "__proto__"
	for (const name of asked ?? columns.keys()) {
		if (!asked && (others.has(name) || isIdName(name))) continue;
		const values = columnOf(source, taken, name);
		const wanted = asked !== undefined || name === stratify;
		const why = wanted ? undefined : noLabel(name, values);
		const found = classesOf(name, values, wanted, missing);
		if ((why ?? found.left) !== undefined)
			left.set(name, why ?? found.left ?? "");
		else {
			labels.push([name, found.values]);
			notes.push(...found.notes);
		}
	}
	notes.push(...leftNotes(left));
	return Object.fromEntries(labels);
}

function columnOf(source: string, taken: Taken, name: string): string[] {
	const { columns, text, options } = taken;
	const values =
		columns.get(name) ?? (name === options.text_column ? text : undefined);
	if (values) return values;
	const why = taken.left.get(name);
	throw why === undefined
		? noColumn(source, name, [...columns.keys()])
		: new Error(`The column ${short(name)} of "${source}" ${why}.`);
}

/** Why a column that nobody asked for is no label. */
function noLabel(name: string, values: string[]): string | undefined {
	if (new Set(values).size > MAX_DISTINCT) return MANY;
	const counts = values.every((value) => /^\d+$/.test(value));
	return isIndexName(name) && counts && new Set(values).size === values.length
		? "numbers the rows"
		: undefined;
}

/** A sentence on each column that is no label, those of too many values in one. */
function leftNotes(left: Map<string, string>): string[] {
	const many = [...left.keys()].filter(
		(name) => left.get(name) === MANY && !isIdName(name),
	);
	const one = many.find((name) => !isIndexName(name)) ?? many[0];
	return [
		...[...left]
			.filter(([, why]) => why !== MANY)
			.slice(0, 10)
			.map(
				([name, why]) => `The column ${short(name)} is left out: it ${why}.`,
			),
		...(one === undefined
			? []
			: [
					`No labels, as there are more than ${MAX_DISTINCT} different values: ${shortList(many)}; label_columns: [${short(one)}] makes ${many.length === 1 ? "it one" : "one of a column"}.`,
				]),
	];
}
