import assert from "node:assert/strict";
import { test } from "node:test";
import * as charts from "../../src/charts";
import { prepareChart } from "../../src/notebook/picture";
import { all } from "./all";
import { awkward } from "./awkward";
import * as sample from "./samples";
import { unspeakable, wordsOf } from "./words";

for (const [name, cases] of Object.entries(awkward))
	for (const { of, draw, not, says } of cases)
		test(`charts.${name} of ${of} says what is true`, () => {
			const spec = draw();
			const words = wordsOf(spec);
			assert.match(words, says);
			if (not) assert.doesNotMatch(words.split("\n")[0], not);
			assert.doesNotMatch(words, unspeakable);
			prepareChart(JSON.parse(JSON.stringify(spec))); // as a notebook stores it
		});

test("every chart function is tried on results of which an easy sentence would be false", () => {
	assert.deepEqual(Object.keys(awkward).sort(), Object.keys(charts).sort());
	for (const [name, cases] of Object.entries(awkward))
		assert.ok(cases.length, name);
});

test("no chart of usual results says what is no number, or one of many", () => {
	for (const spec of Object.values(all))
		assert.doesNotMatch(wordsOf(spec), unspeakable);
});

test("dead latents that are not known are a gap in their curve, not 0", () => {
	const [first, second] = sample.history.records;
	const spec = charts.training({
		records: [
			{ ...first, dead: null },
			{ ...second, dead: 7 },
		],
	});
	const { values } = spec.data as unknown as { values: { dead: unknown }[] };
	assert.deepEqual(
		values.map(({ dead }) => dead),
		[null, 7],
	);
});

test("what is no word of a sentence is found", () => {
	for (const wrong of ["NaN%", "of undefined", "1 sentences", "null nats"])
		assert.match(wrong, unspeakable);
	for (const right of ["1 sentence", "11 sentences", "0.1 points", "1 class"])
		assert.doesNotMatch(right, unspeakable);
});
