import { type Activations, keptTokens } from "../activations";
import type { DataSplit, Split } from "../dataset";
import { random } from "../random";
import { classesOf, labelColumn, partsOf, type Task } from "./task";

/** A token that a label is asked for. */
export interface LabelledToken {
	/** Its characters. */
	text: string;
	/** Number of its sentence. */
	sentence: number;
	/** In the context; BOS is 0. */
	position: number;
	/** Its id. */
	token: number;
	/** Where its characters begin in the sentence (UTF-16). */
	start: number;
	/** Where they end, exclusive. */
	end: number;
}

/** A label of tokens: its name, and what it is of each. */
export interface TokenLabel {
	name: string;
	/** The token's class; "" where it takes no part. */
	of(token: LabelledToken): string | number | boolean;
}

/** The tokens that take part in a probe. Every array of the task has one entry a token. */
export interface TokenTask extends Task {
	/** Rows of the activations, sentence by sentence in random order. */
	rows: Uint32Array;
	/** The sentence of each. */
	groups: Uint32Array;
	/** How many sentences have tokens that could take part. */
	n_sentences: number;
}

/** How many tokens are read, and from what. */
export interface TokenOptions {
	before?: string | undefined;
	/** At most so many tokens, of whole sentences drawn at random, with their copies. Default: 50,000. */
	max_tokens?: number | undefined;
	seed: number;
}

const MOST = 50_000;

/**
 * Reads the class of tokens, and splits them by sentence: the tokens of one sentence are all for training, for
 * validation or for the test. A label of the sentences is the label of each of their tokens.
 */
export function tokenTask(
	acts: Activations,
	label: TokenLabel | string,
	split: DataSplit,
	options: TokenOptions,
): TokenTask {
	const { before, max_tokens = MOST, seed } = options;
	const name = typeof label === "string" ? label : label.name;
	const { rows, groups, values, n_sentences } = drawTokens(
		acts,
		labeller(acts, label),
		{
			...{ keep: keptTokens(acts, before).keep, most: max_tokens, seed },
			...{ units: split.units, parts: split.parts },
		},
	);
	const { classes, code } = classesOf(values, name, "tokens");
	const truth = Uint32Array.from(values, (value) => code(value));
	const members = [...new Set(groups)].sort((a, b) => a - b);
	const of = partsOf(split, members, name);
	const part = (chosen: Uint32Array) => {
		const inside = new Set(chosen);
		return Uint32Array.from(groups.keys()).filter((i) => inside.has(groups[i]));
	};
	return {
		...{ classes, truth, rows, groups, n_sentences },
		train: part(of.train),
		validation: part(of.validation),
		test: part(of.test),
		units: groups.map((sentence) => split.units[sentence]),
		copies: groups.map((sentence) => split.copies[sentence]),
		split: of.split,
	};
}

/** What a reader should know of how the tokens were drawn. */
export function tokenNotes(
	{ groups, n_sentences, rows, train, test }: TokenTask,
	token: Uint32Array,
): string[] {
	const read = new Set(groups).size;
	const types = new Set(Array.from(train, (i) => token[rows[i]]));
	const unseen = test.filter((i) => !types.has(token[rows[i]])).length;
	const count = (n: number) => n.toLocaleString("en-US");
	return [
		...(read < n_sentences
			? [
					`The labelled tokens of ${count(read)} of ${count(n_sentences)} sentences were read, drawn at random.`,
				]
			: []),
		...(unseen
			? [
					`${count(unseen)} of ${count(test.length)} test tokens are of types that no training token has.`,
				]
			: []),
	];
}

/**
 * The control task of Hewitt & Liang (2019): each token type has a class at random, drawn as often as the training
 * tokens have it. What a probe reads of it, it has learned by heart.
 */
export function typeTask(
	task: TokenTask,
	token: Uint32Array /* of each row of the activations */,
	seed: number,
): TokenTask {
	const draw = random(seed);
	const { train, truth, rows } = task;
	const drawn = new Map<number, number>();
	const control = Uint32Array.from(rows, (row) => {
		const type = token[row];
		const known = drawn.get(type) ?? truth[train[draw.int(train.length)]];
		drawn.set(type, known);
		return known;
	});
	return { ...task, truth: control };
}

function labeller(
	{ sentences, rows }: Activations,
	label: TokenLabel | string,
): (row: number) => string {
	if (typeof label === "string") {
		const values = labelColumn(sentences, label);
		return (row) => values[rows.sentence[row]];
	}
	const { name, of } = label;
	if (typeof name !== "string" || typeof of !== "function")
		throw new Error(
			"label is neither a label's name nor { name, of }, where of gives the class of a token.",
		);
	return (row) => {
		const [sentence, start, end] = [
			rows.sentence[row],
			rows.start[row],
			rows.end[row],
		];
		const text = sentences.text[sentence].slice(start, end);
		const [position, token] = [rows.position[row], rows.token[row]];
		const value = of({ text, sentence, position, token, start, end });
		const known = ["string", "number", "boolean"].includes(typeof value);
		if (!known || Number.isNaN(value))
			throw new Error(
				`The label "${name}" of the token ${JSON.stringify(text.slice(0, 40))} in sentence ${sentence} is ${value}, where a string, a number or a boolean was expected; give "" for a token that takes no part.`,
			);
		return String(value);
	};
}

/** The same units with those of each part spread evenly, so that the first ones have each part's share. */
function inTurn(
	units: Uint32Array,
	partOf: (unit: number) => Split,
): Uint32Array {
	const sizes = { train: 0, validation: 0, test: 0 };
	const places = new Map<number, number>();
	for (const unit of units) places.set(unit, sizes[partOf(unit)]++);
	const at = (unit: number) =>
		(places.get(unit) as number) / sizes[partOf(unit)];
	return units.slice().sort((a, b) => at(a) - at(b)); // stable: else as they were drawn
}

function named(sentences: number[]): string {
	const more = new Set(sentences).size - 1;
	const first = `sentence ${sentences[0]}`;
	return more === 0
		? `${first} alone`
		: `${first} with the ${more} that share its text or its group`;
}

/** The labelled tokens of units in random order, until the next unit has too many. */
function drawTokens(
	acts: Activations,
	classOf: (row: number) => string,
	how: Pick<DataSplit, "units" | "parts"> & {
		keep: Uint8Array;
		most: number;
		seed: number;
	},
): Pick<TokenTask, "rows" | "groups" | "n_sentences"> & { values: string[] } {
	const { keep, units, parts, most, seed } = how;
	if (!Number.isSafeInteger(most) || most < 10)
		throw new Error(
			`max_tokens is ${most}, where a whole number of at least 10 was expected.`,
		);
	const sentence = acts.rows.sentence;
	const rowsOf = new Map<number, number[]>();
	for (let row = 0; row < keep.length; row++) {
		if (!keep[row]) continue;
		const unit = units[sentence[row]];
		const own = rowsOf.get(unit);
		if (own) own.push(row);
		else rowsOf.set(unit, [row]);
	}
	const order = inTurn(
		random(seed).shuffle(Uint32Array.from(rowsOf.keys())),
		(unit) => parts[sentence[(rowsOf.get(unit) as number[])[0]]],
	);
	const rows: number[] = [];
	const values: string[] = [];
	for (const unit of order) {
		const own = (rowsOf.get(unit) as number[])
			.map((row) => ({ row, value: classOf(row) }))
			.filter(({ value }) => value !== "");
		if (rows.length === 0 && own.length > most)
			throw new Error(
				`max_tokens is ${most}, but ${named(own.map(({ row }) => sentence[row]))} has ${own.length} labelled tokens, and whole sentences are read; give more.`,
			);
		if (rows.length + own.length > most) break;
		rows.push(...own.map(({ row }) => row));
		values.push(...own.map(({ value }) => value));
	}
	const groups = Uint32Array.from(rows, (row) => sentence[row]);
	const n_sentences = new Set(sentence.filter((_, row) => keep[row])).size;
	return { rows: Uint32Array.from(rows), groups, values, n_sentences };
}
