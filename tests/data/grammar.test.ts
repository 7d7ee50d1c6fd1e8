import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleText, scoreText } from "../../data/grammar";
import { compile, draw, parse, type Rules } from "../../data/grammar/engine";
import { makeRules, start } from "../../data/grammar/rules";
import { random } from "../../src/random";

test("a drawn text has exactly one parse, with the log-probability and the factors it was drawn with", () => {
	const r = random(11);
	for (let i = 0; i < 300; i++) {
		const sample = sampleText(r);
		const parses = scoreText(sample.text);
		assert.equal(parses.length, 1, sample.text);
		assert.ok(Math.abs(parses[0].logProb - sample.logProb) < 1e-9);
		assert.deepEqual({ ...parses[0], logProb: 0 }, { ...sample, logProb: 0 });
	}
});

test("a text that the grammar cannot make has no parse", () => {
	const { text } = sampleText(random(3));
	assert.deepEqual(scoreText(`${text} `), []);
	assert.deepEqual(scoreText(text.slice(0, -1)), []);
	assert.deepEqual(scoreText(""), []);
	assert.deepEqual(scoreText("The cat sat on the mat."), []);
});

test("the options of every slot are different and their probabilities sum to one", () => {
	const rules = makeRules();
	const checked: Rules = (slot, bound) => {
		const options = rules(slot, bound);
		const total = options.reduce(
			(sum, { p }) => sum + (p ?? 1 / options.length),
			0,
		);
		assert.ok(Math.abs(total - 1) < 1e-12, slot);
		const values = options.map(
			({ value, pattern }) => `${value}|${JSON.stringify(pattern)}`,
		);
		assert.equal(new Set(values).size, options.length, slot);
		return options;
	};
	const r = random(5);
	for (let i = 0; i < 500; i++) assert.ok(draw(checked, start, r));
});

test("the probabilities of all texts of a small grammar sum to one", () => {
	const small: Rules = (slot, bound) => {
		if (slot === "who")
			return [
				{ value: "Anna", p: 0.25, pattern: ["Anna "] },
				{ value: "Tom", p: 0.75, pattern: ["Tom "] },
			];
		const ways =
			bound.who === "Anna" ? ["runs", "rests", "sings"] : ["runs", "hides"];
		return ways.map((value) => ({ value, pattern: [value] }));
	};
	const texts = [
		"Anna runs",
		"Anna rests",
		"Anna sings",
		"Tom runs",
		"Tom hides",
	];
	const found = texts.map((text) => parse(small, compile("{who}{does}"), text));
	assert.deepEqual(
		found.map((parses) => parses.length),
		[1, 1, 1, 1, 1],
	);
	const probabilities = found.map(([parse]) => Math.exp(parse.logProb));
	const expected = [1 / 12, 1 / 12, 1 / 12, 3 / 8, 3 / 8];
	for (const [i, p] of probabilities.entries())
		assert.ok(Math.abs(p - expected[i]) < 1e-12);
});

test("an ambiguous grammar gives one derivation for each way to make the text", () => {
	const twice: Rules = () => [
		{ value: "one", pattern: ["a"] },
		{ value: "other", pattern: ["a"] },
	];
	assert.equal(parse(twice, compile("{x}{y}"), "aa").length, 4);
});

test("the same seed gives the same texts", () => {
	const [a, b] = [random(8), random(8)];
	for (let i = 0; i < 50; i++) assert.deepEqual(sampleText(a), sampleText(b));
});

test("prefix_end is where the ending begins", () => {
	const r = random(21);
	for (let i = 0; i < 500; i++) {
		const { text, prefix_end } = sampleText(r);
		const rest = text.slice(prefix_end);
		assert.match(rest, /^(, |\. | with a | in a ).*\.$/, text);
		assert.doesNotMatch(text.slice(0, prefix_end), /[,. ]$/, text);
	}
});

test("negation and contrast turn the polarity round, and plain does not", () => {
	const r = random(4);
	for (let i = 0; i < 500; i++) {
		const { polarity, operator, factors } = sampleText(r);
		assert.equal(factors.sentiment === polarity, operator === "plain");
	}
});

test("plain and negated texts have one negator each, in different places", () => {
	const r = random(6);
	for (let i = 0; i < 500; i++) {
		const { text, operator } = sampleText(r);
		const negators = text.match(/\b(not|never|hardly)\b/g) ?? [];
		if (operator !== "contrasted") assert.equal(negators.length, 1, text);
	}
});

test("an open quotation is closed, and the report follows", () => {
	const r = random(7);
	for (let i = 0; i < 500; i++) {
		const { text, factors } = sampleText(r);
		const marks = (text.match(/"/g) ?? []).length;
		assert.equal(marks, factors.quoted === "yes" ? 2 : 0, text);
		if (marks === 2) assert.match(text, / "[A-Z][^"]+ [^"]+ [^"]+," /);
	}
});
