import { type Random, random } from "../../src/random";
import { type Derivation, draw, type Span } from "./engine";
import { men, women } from "./lexicon";
import { endingPairs, type Held, makeRules, start } from "./rules";

/** A forced choice: the summed log-probability of `right` after `prefix` against that of each foil. */
export interface BehaviourItem {
	prefix: string;
	/** Begins at a border of words (a space or a mark), so that the tokens of the prefix stay as they are. */
	right: string;
	/** The minimal foil; for copying, every other name. */
	foils: string[];
	/** Which of two balanced answers is right, e.g. "singular"; for copying, the name. */
	answer: string;
	/** The whole text, which is in no training. */
	text: string;
}

export type Behaviour = Held;

/** The behaviours that the model is tested on. */
export const behaviours: readonly Behaviour[] = [
	"agreement",
	"sentiment",
	"copying",
	"quote",
	"pronoun",
];

const names = [...women, ...men];
const other: Record<string, string> = {
	is: "are",
	are: "is",
	was: "were",
	were: "was",
	he: "she",
	she: "he",
};

/** Up to the end of the next word: " were not", not " were". */
function throughNextWord(text: string, from: number): string {
	const next = /^[^\w]*\w+/.exec(text.slice(from));
	return next === null ? text.slice(from) : next[0];
}

function find({ spans }: Derivation, slot: string): Span {
	const span = spans.find((candidate) => candidate.slot === slot);
	if (span === undefined)
		throw new Error(`The text has no slot "${slot}"; it needs one.`);
	return span;
}

/** Replaces the word of a span by its foil. */
function choice(
	{ text }: Derivation,
	{ start, end }: Span,
	foils: string[],
	answer: string,
): BehaviourItem {
	const tail = throughNextWord(text, end);
	return {
		prefix: text.slice(0, start - 1),
		right: ` ${text.slice(start, end)}${tail}`,
		foils: foils.map((foil) => ` ${foil}${tail}`),
		answer,
		text,
	};
}

const make: Record<Behaviour, (d: Derivation) => BehaviourItem | undefined> = {
	agreement(d) {
		// The hard case only: the nearest noun is of the other number.
		if (d.bound.thing === "first") return undefined;
		const verb = find(d, "be");
		const form = d.text.slice(verb.start, verb.end);
		return choice(d, verb, [other[form]], d.bound.number);
	},
	sentiment(d) {
		if (d.bound.operator !== "negated") return undefined;
		const mood = d.spans.find(({ slot }) => slot === "mood");
		if (mood) {
			// nothing behind the adverb: what follows goes with it, whatever came before
			const [glad, sad] = mood.value.split("|");
			const [right, foil] =
				d.bound.sentiment === "positive" ? [glad, sad] : [sad, glad];
			return {
				prefix: d.text.slice(0, mood.start - 1),
				right: ` ${right}`,
				foils: [` ${foil}`],
				answer: d.bound.sentiment,
				text: d.text,
			};
		}
		const pair = find(d, "pair");
		const foil = endingPairs(d.bound.tense, d.bound.ending)[
			d.bound.sentiment === "positive" ? "negative" : "positive"
		].find(({ value }) => value === pair.value)?.pattern?.[0] as string;
		return choice(d, pair, [foil], d.bound.sentiment);
	},
	copying(d) {
		if (d.bound.repeats !== "yes") return undefined;
		const name = find(d, "speaker");
		const said = d.text.slice(name.start, name.end);
		return {
			prefix: d.text.slice(0, name.start - 1),
			right: ` ${said}`,
			foils: names.filter((n) => n !== said).map((n) => ` ${n}`),
			answer: said,
			text: d.text,
		};
	},
	quote(d) {
		// The report begins with the comma; the quotation mark comes right behind it or not.
		const at = find(d, "close").start;
		const quoted = d.bound.quoted === "yes";
		const tail = throughNextWord(d.text, at + (quoted ? 1 : 0));
		const [open, shut] = [`,${tail}`, `,"${tail}`];
		return {
			prefix: d.text.slice(0, at - 1),
			right: quoted ? shut : open,
			foils: [quoted ? open : shut],
			answer: quoted ? "closed" : "unquoted",
			text: d.text,
		};
	},
	pronoun(d) {
		const pronoun = find(d, "pronoun");
		return choice(
			d,
			pronoun,
			[other[pronoun.value]],
			`${pronoun.value} ${d.bound.pronounOf}`,
		);
	},
};

/** How many different answers each behaviour is balanced over; no name is the answer in more than a twelfth. */
const answers: Record<Behaviour, number> = {
	agreement: 2,
	sentiment: 2,
	copying: 12,
	quote: 2,
	pronoun: 4,
};

/**
 * `n` forced choices on combinations that never occur in `sampleText`: agreement (subject, nearest noun), sentiment
 * (thing, word of praise or blame; negated), copying (name, frame), quote (frame, verb of saying; quoted and unquoted
 * twins), pronoun (verb, second name). Answers are equally frequent (up to rounding), prefixes all different. The same
 * seed gives the same items.
 */
export function behaviourItems(
	behaviour: Behaviour,
	n: number,
	seed: number,
): BehaviourItem[] {
	const rules = makeRules(behaviour);
	const r: Random = random(seed);
	const quota = Math.ceil(n / answers[behaviour]);
	const counts = new Map<string, number>();
	const seen = new Set<string>();
	const items: BehaviourItem[] = [];
	for (let tries = 0; items.length < n; tries++) {
		if (tries > 1000 * n + 100_000)
			throw new Error(
				`The grammar could not give ${n} different items for ${behaviour}; ask for fewer.`,
			);
		const derivation = draw(rules, start, r);
		const item = derivation && make[behaviour](derivation);
		if (item === undefined || seen.has(item.prefix)) continue;
		const count = counts.get(item.answer) ?? 0;
		if (count >= quota) continue;
		counts.set(item.answer, count + 1);
		seen.add(item.prefix);
		items.push(item);
	}
	return items;
}
