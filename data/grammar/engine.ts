import type { Random } from "../../src/random";

/** One way to fill a slot. */
export interface Option {
	/** What the slot is bound to from here on. */
	value: string;
	/** What stands in the text, when it is more or other than nothing: words and further slots. */
	pattern?: readonly Piece[];
	/** Probability; uniform over the options when absent. */
	p?: number;
}

/** A piece of text, or a slot to fill. */
export type Piece = string | { slot: string };

/** What the slots filled so far are bound to. */
export type Bindings = Record<string, string>;

/** The grammar: for a slot and the bindings so far, the options. An empty list is a dead end. */
export type Rules = (slot: string, bound: Bindings) => readonly Option[];

/** A slot that was filled: where in the text (UTF-16 offsets, end exclusive). */
export interface Span {
	slot: string;
	value: string;
	start: number;
	end: number;
}

/** One derivation of a text. */
export interface Derivation {
	text: string;
	/** log p in nats. */
	logProb: number;
	bound: Bindings;
	/** In the order of the text; outer spans come after their inner ones. */
	spans: Span[];
}

const closing = Symbol("closing");
type Task =
	| Piece
	| { [closing]: true; slot: string; value: string; start: number };

/** Turns "The {thing} {be} {n}{p}." into words and slots. */
export function compile(pattern: string): Piece[] {
	return pattern
		.split(/(\{\w+\})/)
		.filter((piece) => piece !== "")
		.map((piece) =>
			piece.startsWith("{") ? { slot: piece.slice(1, -1) } : piece,
		);
}

/** Draws one text from top to bottom, or nothing where the rules lead to a dead end. */
export function draw(
	rules: Rules,
	start: readonly Piece[],
	random: Random,
	bound: Bindings = {},
): Derivation | undefined {
	const agenda: Task[] = [...start].reverse();
	const spans: Span[] = [];
	let text = "";
	let logProb = 0;
	for (let task = agenda.pop(); task !== undefined; task = agenda.pop()) {
		if (typeof task === "string") {
			text += task;
		} else if (closing in task) {
			const { slot, value, start } = task;
			spans.push({ slot, value, start, end: text.length });
		} else {
			const options = rules(task.slot, bound);
			if (options.length === 0) return undefined;
			const option = pick(options, random);
			logProb += Math.log(option.p ?? 1 / options.length);
			bound[task.slot] = option.value;
			push(agenda, task.slot, option, text.length);
		}
	}
	return { text, logProb, bound, spans };
}

function pick(options: readonly Option[], random: Random): Option {
	if (options.length === 1) return options[0];
	if (options[0].p === undefined) return options[random.int(options.length)];
	let u = random.uniform();
	for (const option of options) {
		u -= option.p ?? 0;
		if (u < 0) return option;
	}
	return options[options.length - 1];
}

function push(agenda: Task[], slot: string, option: Option, start: number) {
	if (option.pattern === undefined) return;
	agenda.push({ [closing]: true, slot, value: option.value, start });
	for (let i = option.pattern.length - 1; i >= 0; i--)
		agenda.push(option.pattern[i]);
}

/** Every derivation of a text: depth first, each option of each slot tried against the text. */
export function parse(
	rules: Rules,
	start: readonly Piece[],
	text: string,
): Derivation[] {
	const found: Derivation[] = [];
	const walk = (
		agenda: Chain | undefined,
		at: number,
		logProb: number,
		bound: Bindings,
		spans: Linked | undefined,
	): void => {
		if (agenda === undefined) {
			if (at === text.length)
				found.push({ text, logProb, bound, spans: unlink(spans) });
			return;
		}
		const { task, rest } = agenda;
		if (typeof task === "string") {
			if (text.startsWith(task, at))
				walk(rest, at + task.length, logProb, bound, spans);
		} else if (closing in task) {
			const { slot, value, start } = task;
			const span = { slot, value, start, end: at };
			walk(rest, at, logProb, bound, { span, before: spans });
		} else {
			const options = rules(task.slot, bound);
			for (const option of options) {
				const first = option.pattern?.[0];
				if (typeof first === "string" && !text.startsWith(first, at)) continue;
				walk(
					follow(task.slot, option, at, rest),
					at,
					logProb + Math.log(option.p ?? 1 / options.length),
					{ ...bound, [task.slot]: option.value },
					spans,
				);
			}
		}
	};
	walk(chain(start, undefined), 0, 0, {}, undefined);
	return found;
}

interface Chain {
	task: Task;
	rest: Chain | undefined;
}

interface Linked {
	span: Span;
	before: Linked | undefined;
}

function unlink(spans: Linked | undefined): Span[] {
	const all: Span[] = [];
	for (let link = spans; link !== undefined; link = link.before)
		all.push(link.span);
	return all.reverse();
}

function chain(tasks: readonly Task[], rest: Chain | undefined) {
	let result = rest;
	for (let i = tasks.length - 1; i >= 0; i--)
		result = { task: tasks[i], rest: result };
	return result;
}

function follow(slot: string, option: Option, start: number, rest?: Chain) {
	if (option.pattern === undefined) return rest;
	const { value } = option;
	return chain(
		option.pattern,
		chain([{ [closing]: true, slot, value, start }], rest),
	);
}
