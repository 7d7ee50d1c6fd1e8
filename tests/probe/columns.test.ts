import assert from "node:assert/strict";
import { test } from "node:test";
import { bestColumns } from "../../src/probe/columns";
import { dense, sparse } from "../matrices";

const rows = [
	[5, 1, 0, 2],
	[5, 3, 0, 0],
	[5, 1, 4, 0],
	[5, 3, 2, 0],
	[9, 9, 9, 9], // a test row
];
const task = {
	classes: ["a", "b"],
	truth: Uint32Array.from([0, 0, 1, 1, 0]),
	train: Uint32Array.from([0, 1, 2, 3]),
	validation: new Uint32Array(),
	test: Uint32Array.from([4]),
};

test("the best columns are those whose class means differ most on the training rows", () => {
	// The differences of the means are 0, 0, 3 and 1.
	for (const x of [dense(rows), sparse(rows)]) {
		assert.deepEqual(bestColumns(x, task, 1), [2]);
		assert.deepEqual(bestColumns(x, task, 2), [2, 3]);
	}
});
