import type { Random } from "../../src/random";
import { type Derivation, draw, parse } from "./engine";
import { makeRules, start } from "./rules";

export type { Random } from "../../src/random";
export {
	type Behaviour,
	type BehaviourItem,
	behaviourItems,
	behaviours,
} from "./behaviours";

/** The true factors behind a text. */
export interface Factors {
	topic: string;
	sentiment: "positive" | "negative";
	tense: "present" | "past";
	number: "singular" | "plural";
	/** Whom he or she in the first sentence refers to: the first or the second person named. */
	pronoun: "first" | "second";
	/** Whether the first name comes back as the speaker. */
	repeats: "yes" | "no";
	quoted: "yes" | "no";
}

export interface Sample {
	text: string;
	/** log p(text) under the grammar, in nats; exact. */
	logProb: number;
	factors: Factors;
	/** Whether the word of praise or blame is a word of praise. */
	polarity: "positive" | "negative";
	operator: "plain" | "negated" | "contrasted";
	/** The frames of the opening, the verdict (with who says it, and in which order) and the ending, joined by "+". */
	frame: string;
	/** UTF-16 offset of the clause that depends on the sentiment. */
	prefix_end: number;
}

const rules = makeRules();

/** Draws one text; reserved combinations never occur in it. */
export function sampleText(r: Random): Sample {
	const derivation = draw(rules, start, r);
	if (derivation === undefined)
		throw new Error(
			"The grammar ran into a dead end; every slot needs an option.",
		);
	return toSample(derivation);
}

/**
 * Every derivation of a text under the grammar, with its log-probability in nats; none when the grammar cannot make the
 * text. The grammar is unambiguous: there is at most one.
 */
export function scoreText(text: string): Sample[] {
	return parse(rules, start, text).map(toSample);
}

function toSample({ text, logProb, bound, spans }: Derivation): Sample {
	const ending = spans.find((span) => span.slot === "ending");
	return {
		text,
		logProb,
		factors: {
			topic: bound.topic,
			sentiment: bound.sentiment,
			tense: bound.tense,
			number: bound.number,
			pronoun: bound.pronounOf,
			repeats: bound.repeats,
			quoted: bound.quoted,
		} as Factors,
		polarity: bound.polarity as Sample["polarity"],
		operator: bound.operator as Sample["operator"],
		frame: `${bound.encounter}+${bound.verdict}/${bound.report}+${bound.ending}`,
		prefix_end: ending?.start ?? 0,
	};
}
