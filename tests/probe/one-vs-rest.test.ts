import assert from "node:assert/strict";
import { test } from "node:test";
import { meanDifferences, oneVsRest } from "../../src/probe/one-vs-rest";
import { dense, sparse } from "../matrices";

/** 10 rows of class 0, 4 of class 1, 1 of class 2, 20 of class 3. */
const classOf = [10, 4, 1, 20].flatMap((n, c) => new Array<number>(n).fill(c));
const all = Uint32Array.from(classOf.keys());
const counts = (rows: Uint32Array) =>
	[0, 1, 2, 3].map((c) => rows.filter((row) => classOf[row] === c).length);

test("as many others are drawn as there are of the class, evenly from the other classes", () => {
	const draw = oneVsRest(all, classOf, 4, 0);
	const { rows, y } = draw(0, 6);
	assert.deepEqual(counts(rows), [6, 2, 1, 3]); // class 2 has one only: the largest gives one more
	assert.deepEqual([...y], [...new Array(6).fill(1), ...new Array(6).fill(0)]);
	assert.ok(rows.subarray(0, 6).every((row) => classOf[row] === 0));
	assert.equal(new Set(rows).size, 12);
});

test("where there are fewer, all of the fewer are taken and no more of the others", () => {
	const draw = oneVsRest(all, classOf, 4, 0);
	assert.deepEqual(counts(draw(2, 2000).rows), [0, 0, 1, 1]);
	assert.deepEqual(counts(draw(3, 2000).rows), [10, 4, 1, 15]);
	const some = all.filter((row) => classOf[row] < 2);
	const { rows, y } = oneVsRest(some, classOf, 4, 0)(2, 5);
	assert.equal(rows.length + y.length, 0);
});

test("the seed chooses the rows", () => {
	const rows = (seed: number) => [
		...oneVsRest(all, classOf, 4, seed)(3, 5).rows,
	];
	assert.deepEqual(rows(1), rows(1));
	assert.notDeepEqual(rows(1), rows(2));
});

const x = [
	[1, 0, 4],
	[3, 0, 0],
	[0, 5, 1],
	[0, 1, 2],
];
const pair = { rows: Uint32Array.of(0, 1, 3, 2), y: Uint8Array.of(1, 1, 0, 0) };

test("the mean difference of a column counts the zeros that are not stored", () => {
	for (const matrix of [dense(x), sparse(x)])
		assert.deepEqual([...meanDifferences(matrix, pair)], [2, -3, 0.5]);
});
