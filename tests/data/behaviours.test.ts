import assert from "node:assert/strict";
import { test } from "node:test";
import {
	type Behaviour,
	type BehaviourItem,
	behaviourItems,
	behaviours,
	scoreText,
} from "../../data/grammar";
import { type Bindings, parse } from "../../data/grammar/engine";
import { isReserved } from "../../data/grammar/reserved";
import { makeRules, start } from "../../data/grammar/rules";
import { SEED } from "../../data/make-sentences";
import { makeSentences } from "../../data/sentences";

const N = 500;
const tally = (items: BehaviourItem[]) => {
	const counts = new Map<string, number>();
	for (const { answer } of items)
		counts.set(answer, (counts.get(answer) ?? 0) + 1);
	return counts;
};

for (const behaviour of behaviours) {
	const items = behaviourItems(behaviour, N, 1);

	test(`${behaviour}: 500 different items, each a text that continues its prefix`, () => {
		assert.equal(items.length, N);
		assert.equal(new Set(items.map(({ prefix }) => prefix)).size, N);
		for (const { prefix, right, text } of items)
			assert.ok(text.startsWith(prefix + right), text);
	});

	test(`${behaviour}: no text of the grammar has the combination of an item`, () => {
		for (const { text } of items.slice(0, 60))
			assert.deepEqual(scoreText(text), [], text);
	});

	test(`${behaviour}: the options begin at a border of words and none begins with another`, () => {
		for (const { right, foils } of items) {
			const options = [right, ...foils];
			for (const option of options) assert.match(option, /^[ ,]/);
			for (const a of options)
				for (const b of options)
					assert.ok(a === b || !b.startsWith(a), `${a} | ${b}`);
		}
	});

	test(`${behaviour}: the same seed gives the same items, another one others`, () => {
		const few = behaviourItems(behaviour, 20, 1);
		assert.deepEqual(behaviourItems(behaviour, 20, 1), few);
		assert.notDeepEqual(behaviourItems(behaviour, 20, 2), few);
	});

	if (behaviour !== "copying")
		test(`${behaviour}: the answers are equally frequent`, () => {
			const counts = [...tally(items).values()];
			assert.ok(counts.length === 2 || counts.length === 4);
			for (const count of counts) assert.equal(count, N / counts.length);
		});
}

test("an item and its foil differ only in the word that is chosen", () => {
	const differing = (behaviour: "agreement" | "pronoun" | "quote") =>
		new Set(
			behaviourItems(behaviour, N, 2).map(({ right, foils }) => {
				const [a, b] = [right.split(" "), foils[0].split(" ")];
				assert.equal(a.length, b.length);
				const places = a.flatMap((word, i) => (word === b[i] ? [] : [i]));
				assert.equal(places.length, 1, right);
				return [a[places[0]], b[places[0]]].sort().join(" ");
			}),
		);
	assert.deepEqual(
		differing("agreement"),
		new Set(["are is", "was were", "was, were,", "are, is,"]),
	);
	assert.deepEqual(differing("pronoun"), new Set(["he she"]));
	assert.deepEqual(differing("quote"), new Set([', ,"']));
});

test("copying has every other name as a foil, and the right name stands in the prefix", () => {
	for (const { prefix, right, foils } of behaviourItems("copying", N, 3)) {
		assert.equal(foils.length, 29);
		assert.ok(!foils.includes(right));
		assert.ok(` ${prefix}`.includes(right));
	}
});

test("sentiment items are negated: the foil is the ending that the word of praise or blame suggests", () => {
	for (const { text, prefix } of behaviourItems("sentiment", N, 4)) {
		assert.match(prefix, /\b(not|never|hardly)\b/);
		assert.doesNotMatch(
			prefix.split(/[.] /)[0],
			/\b(not|never|hardly)\b/,
			text,
		);
	}
});

test("agreement items have a noun of the other number right before the verb", () => {
	for (const { prefix, answer } of behaviourItems("agreement", N, 5)) {
		const upToNoun = prefix.replace(/, (though|if) [^,]*,$/, "");
		const nearest = upToNoun.split(" ").pop() ?? "";
		assert.equal(nearest.endsWith("s"), answer === "singular", prefix);
	}
});

/** For each behaviour, the combination that a derivation has. */
const combinations: Record<Behaviour, (bound: Bindings) => [string, string]> = {
	agreement: ({ topic, subject, far }) => [`${topic} ${subject}`, far],
	sentiment: ({ subject, p }) => [subject, p],
	copying: ({ who, verdict }) => [who, verdict],
	quote: ({ verdict, said }) => [verdict, said],
	pronoun: ({ verb, whom }) => [verb, whom],
};

test("no text of sentences.csv has a reserved combination of any behaviour", () => {
	const rules = makeRules();
	for (const { text } of makeSentences(SEED).slice(0, 300)) {
		const [{ bound }] = parse(rules, start, text);
		for (const behaviour of behaviours)
			assert.ok(
				!isReserved(behaviour, ...combinations[behaviour](bound)),
				text,
			);
	}
});

test("each item has the reserved combination of its own behaviour and of no other", () => {
	for (const held of behaviours) {
		const rules = makeRules(held);
		for (const { text } of behaviourItems(held, 60, 6)) {
			const [{ bound }] = parse(rules, start, text);
			for (const behaviour of behaviours)
				assert.equal(
					isReserved(behaviour, ...combinations[behaviour](bound)),
					behaviour === held,
					text,
				);
		}
	}
});
