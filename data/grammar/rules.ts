import { type Bindings, compile, type Option, type Rules } from "./engine";
import * as table from "./options";
import { isReserved } from "./reserved";

/** The whole text: factors are drawn where they are first needed, each independent of the others. */
export const start = compile(
	"{topic}{tense}{number}{pronounOf}{early}{encounter} {operator}{polarity}{sentiment}{repeats}{quoted}{open}{verdict}{report}{ending}",
);

type Tense = "present" | "past";
type Side = "positive" | "negative";
type GrammaticalNumber = "singular" | "plural";
const flip = { singular: "plural", plural: "singular" } as const;

/** Which behaviour's reserved combinations are drawn instead of left out; none for the sentences and for training. */
export type Held = "agreement" | "sentiment" | "copying" | "quote" | "pronoun";

/** Leaves out the reserved options: those of which `isReserved(kind, by, value)`. `key` tells option lists apart. */
type Allowed = (
	options: readonly Option[],
	kind: Held,
	by: string,
	key: string,
) => readonly Option[];

type SlotRule = (bound: Bindings, allowed: Allowed) => readonly Option[];

const tenseOf = ({ tense }: Bindings) => tense as Tense;
const numberOf = ({ number }: Bindings) => number as GrammaticalNumber;
const mark: SlotRule = ({ quoted }) =>
	table.one("", quoted === "yes" ? '"' : "");
const negatorIf = (here: boolean) =>
	here ? table.negators : table.fixed.nothing;

/** The slots of the opening. */
const openingRules: Record<string, SlotRule> = {
	encounter: ({ topic }) => table.encounters[topic],
	verb: (bound) =>
		table.verbs[bound.pronounOf as "first" | "second"][tenseOf(bound)],
	whom: ({ who, verb }, allowed) =>
		table.isWoman.has(who)
			? allowed(table.men, "pronoun", verb, "men")
			: allowed(table.women, "pronoun", verb, "women"),
	pronoun: ({ who, pronounOf }) => {
		const she = table.isWoman.has(who) === (pronounOf === "first");
		return she ? table.one("she", "she") : table.one("he", "he");
	},
	deed: (bound) => table.deedPatterns[bound.early][tenseOf(bound)],
	done: ({ topic, pronounOf }) =>
		table.deeds[topic][pronounOf as "first" | "second"],
	his: ({ pronoun }) => table.one("", pronoun === "he" ? "his" : "her"),
};

/** The slots of the verdict and of who says it. */
const verdictRules: Record<string, SlotRule> = {
	operator: ({ early }) => table.operators[early],
	sentiment: (bound) => table.one(sentimentOf(bound), ""),
	open: mark,
	close: mark,
	verdict: (bound, allowed) =>
		allowed(
			verdictsFor(bound),
			"copying",
			bound.who,
			bound.operator + bound.early,
		),
	a: ({ operator }) => negatorIf(operator === "plain"),
	b: ({ operator }) => negatorIf(operator === "negated"),
	subject: (bound) => table.things[bound.topic].subjects[numberOf(bound)],
	near: (bound) => {
		const other = bound.thing === "first";
		const number = other ? flip[numberOf(bound)] : numberOf(bound);
		return table.things[bound.topic].near[number];
	},
	far: (bound, allowed) => {
		const other = bound.thing !== "first";
		const number = other ? flip[numberOf(bound)] : numberOf(bound);
		const by = `${bound.topic} ${bound.subject}`;
		return allowed(
			table.things[bound.topic].far[number],
			"agreement",
			by,
			number,
		);
	},
	be: (bound) => table.be[tenseOf(bound)][numberOf(bound)],
	p: ({ polarity, subject }, allowed) =>
		allowed(table.polar[polarity as Side], "sentiment", subject, polarity),
	deg: ({ polarity }) => table.degrees[polarity as Side],
	said: (bound, allowed) => {
		const tense = tenseOf(bound);
		return allowed(table.sayings[tense], "quote", bound.verdict, tense);
	},
	speaker: ({ repeats, who, topic }) =>
		repeats === "yes" ? table.one("name", who) : table.speakers[topic],
};

/** The slots of the ending. */
const endingRules: Record<string, SlotRule> = {
	ending: (bound) => table.endingOptions[tenseOf(bound)].frames,
	mood: ({ sentiment }) => table.moods[sentiment as Side],
	pair: ({ tense, ending, sentiment }) =>
		endingPairs(tense, ending)[sentiment as Side],
	it: ({ number }) => table.one("", number === "plural" ? "them" : "it"),
};

const slotRules = { ...openingRules, ...verdictRules, ...endingRules };

/** The rules; with `held`, one behaviour's combinations are the reserved ones only. */
export function makeRules(held?: Held): Rules {
	const cache = new Map<string, Option[]>();
	const allowed: Allowed = (options, kind, by, key) => {
		const name = `${kind}|${by}|${key}`;
		let kept = cache.get(name);
		if (kept === undefined) {
			kept = options.filter(
				({ value }) => isReserved(kind, by, value) === (kind === held),
			);
			cache.set(name, kept);
		}
		return kept;
	};
	return (slot, bound) => {
		const always = table.fixed[slot];
		if (always !== undefined) return always;
		const rule = slotRules[slot];
		if (rule === undefined)
			throw new Error(`The grammar has no slot "${slot}".`);
		return rule(bound, allowed);
	};
}

/** Negation and contrast turn the polarity round. */
function sentimentOf({ operator, polarity }: Bindings): string {
	if (operator === "plain") return polarity;
	return polarity === "positive" ? "negative" : "positive";
}

function verdictsFor({ operator, early }: Bindings): Option[] {
	if (operator === "contrasted") return table.verdicts.contrasted;
	if (operator === "negated") return table.plainOrNegated;
	return early === "yes" ? table.verdicts.without : table.verdicts.decoy;
}

/** What may stand at {pair} in an ending, after praise and after blame. */
export function endingPairs(tense: string, ending: string) {
	return table.endingOptions[tense as Tense].pairs[ending];
}
