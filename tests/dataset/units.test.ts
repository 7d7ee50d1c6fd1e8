import assert from "node:assert/strict";
import { test } from "node:test";
import { unitsOf } from "../../src/dataset";

test("copies of a text are one unit, whatever their case, white space and encoding of accents", () => {
	const text = ["A caf\u00e9", "b", " a  cafe\u0301\n", "B", "c"];
	assert.deepEqual([...unitsOf({ text })], [0, 1, 0, 1, 2]);
});

test("a group is one unit; groups that share a text are one", () => {
	const text = ["a", "b", "c", "a", "d", "e"];
	const group = ["x", "x", "y", "y", "z", ""];
	assert.deepEqual([...unitsOf({ text, group })], [0, 0, 0, 0, 1, 2]);
});

test("sentences without a group are no group, and another grouping may be given", () => {
	const text = ["a", "b", "c"];
	assert.deepEqual([...unitsOf({ text, group: ["", "", "x"] })], [0, 1, 2]);
	const groups = ["p", "q", "p"];
	assert.deepEqual(
		[...unitsOf({ text, group: ["", "", ""] }, groups)],
		[0, 1, 0],
	);
});
