import { compile, type Option } from "./engine";
import {
	endings,
	reports,
	verdictsContrasted,
	verdictsWithDecoy,
	verdictsWithout,
} from "./frames";
import * as lexicon from "./lexicon";
import { topics } from "./topics";
import { pastOf, presentOf, readEndings } from "./verbs";

/** The options of the slots, made once from the lexicon, the topics and the frames. */

const uniform = (values: readonly string[]): Option[] =>
	values.map((value) => ({ value }));
const words = (values: readonly string[]): Option[] =>
	values.map((value) => ({ value, pattern: compile(value) }));
export const one = (value: string, text: string): Option[] => [
	{ value, pattern: text === "" ? [] : [text] },
];
const frames = (prefix: string, patterns: readonly string[]): Option[] =>
	patterns.map((pattern, i) => ({
		value: `${prefix}${String(i + 1).padStart(2, "0")}`,
		pattern: compile(pattern),
	}));

const byTopic = <T>(make: (name: string) => T) =>
	Object.fromEntries(Object.keys(topics).map((name) => [name, make(name)]));

export const encounters = byTopic((name) =>
	frames(
		`${name}-`,
		topics[name].encounters.map((opening) => `${opening} {pronoun} {deed}.`),
	),
);
export const deeds = byTopic((name) => ({
	first: words([...lexicon.deeds.first, ...topics[name].deeds]),
	second: words([...lexicon.deeds.second, ...topics[name].deeds]),
}));
export const speakers = byTopic((name) =>
	words([...lexicon.roles, ...topics[name].roles]),
);

/** "singular plural" or "preposition singular plural" as options for one number; the value is the singular. */
function nouns(entries: readonly string[], plural: boolean): Option[] {
	return entries.map((entry) => {
		const parts = entry.split(" ");
		const [singular, form] = [
			parts[parts.length - 2],
			parts[parts.length - (plural ? 1 : 2)],
		];
		const before = parts.length === 3 ? `${parts[0]} the ` : "";
		return { value: singular, pattern: [before + form] };
	});
}

const bothNumbers = (entries: readonly string[]) => ({
	singular: nouns(entries, false),
	plural: nouns(entries, true),
});
export const things = byTopic((name) => ({
	subjects: bothNumbers(topics[name].subjects),
	near: bothNumbers(topics[name].near),
	far: bothNumbers(topics[name].far),
}));

/** "present past" as options for one tense; the value is the present. */
const inTense = (entries: readonly string[], tense: "present" | "past") =>
	entries.map((entry) => {
		const [present, past] = entry.split(" ");
		return { value: present, pattern: [tense === "past" ? past : present] };
	});
const tenses = (entries: readonly string[]) => ({
	present: inTense(entries, "present"),
	past: inTense(entries, "past"),
});

export const verbs = {
	first: tenses(lexicon.aboutFirst),
	second: tenses(lexicon.aboutSecond),
};
export const sayings = tenses(lexicon.sayings);
export const verdicts = {
	decoy: frames("decoy-", verdictsWithDecoy),
	without: frames("simple-", verdictsWithout),
	contrasted: frames("contrast-", verdictsContrasted),
};
export const plainOrNegated = [...verdicts.decoy, ...verdicts.without];
export const degrees = {
	positive: words(lexicon.degrees.positive),
	negative: words(lexicon.degrees.negative),
};
/** The same value names both sides of a pair. */
const mood = (side: number) =>
	lexicon.moods.map((value) => ({ value, pattern: [value.split("|")[side]] }));
export const moods = { positive: mood(0), negative: mood(1) };
export const negators = lexicon.negators.map((value) => ({
	value,
	pattern: [`${value} `],
}));
export const be = {
	present: { singular: one("be", "is"), plural: one("be", "are") },
	past: { singular: one("be", "was"), plural: one("be", "were") },
};
export const endingOptions = {
	present: readEndings(endings, presentOf),
	past: readEndings(endings, pastOf),
};

export const fixed: Record<string, Option[]> = {
	topic: uniform(Object.keys(topics)),
	tense: uniform(["present", "past"]),
	number: uniform(["singular", "plural"]),
	pronounOf: uniform(["first", "second"]),
	/** Whether a negator stands in the first sentence. */
	early: [
		{ value: "yes", p: 1 / 3 },
		{ value: "no", p: 2 / 3 },
	],
	polarity: uniform(["positive", "negative"]),
	repeats: uniform(["yes", "no"]),
	quoted: uniform(["yes", "no"]),
	who: words([...lexicon.women, ...lexicon.men]),
	adj: words(lexicon.neutral),
	report: frames("said-", reports),
	/** Which noun behind the subject is of the other number: the only one, the first or the second of two. */
	thing: [
		{ value: "only", p: 0.4, pattern: compile("{subject} {far}") },
		{ value: "first", p: 0.5, pattern: compile("{subject} {near} {far}") },
		{ value: "second", p: 0.1, pattern: compile("{subject} {near} {far}") },
	],
	negator: negators,
	nothing: one("", ""),
};

/** Negator early: plain or contrasted. Else: negated half of the time, so that all three are equally frequent. */
export const operators: Record<string, Option[]> = {
	yes: uniform(["plain", "contrasted"]),
	no: [
		{ value: "plain", p: 1 / 4 },
		{ value: "negated", p: 1 / 2 },
		{ value: "contrasted", p: 1 / 4 },
	],
};

export const isWoman = new Set(lexicon.women);
export const women = words(lexicon.women);
export const men = words(lexicon.men);
export const polar = {
	positive: words(lexicon.positive),
	negative: words(lexicon.negative),
};

export const deedPatterns = Object.fromEntries(
	["yes", "no"].map((early) => [
		early,
		{
			present: [
				{
					value: "",
					pattern: compile(
						early === "yes" ? "has {negator}{done}" : "has {done}",
					),
				},
			],
			past: [
				{
					value: "",
					pattern: compile(
						early === "yes" ? "had {negator}{done}" : "had {done}",
					),
				},
			],
		},
	]),
);
