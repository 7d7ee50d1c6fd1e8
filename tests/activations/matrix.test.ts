import assert from "node:assert/strict";
import { test } from "node:test";
import {
	columnMoments,
	type SparseMatrix,
	squaredLengths,
	takeColumns,
	takeRows,
	transpose,
	unitRows,
} from "../../src/activations/matrix";
import { products } from "../../src/activations/products";
import { random } from "../../src/random";
import { dense, furthest, sparse } from "../matrices";

const rows = [
	[1, 0, 5],
	[0, 2, 5],
	[3, 0, 5],
	[0, 0, 5],
];

test("mean and deviation count the zeros that are not stored", () => {
	for (const x of [dense(rows), sparse(rows)]) {
		const { mean, deviation } = columnMoments(x);
		assert.deepEqual([...mean], [1, 0.5, 5]);
		assert.ok(
			furthest(deviation, [Math.sqrt(1.5), Math.sqrt(0.75), 0]) < 1e-12,
		);
	}
});

test("a constant column that rounding blurs has no deviation", () => {
	const x = dense([[0.1], [0.1], [0.1]]);
	assert.equal(columnMoments(x).deviation[0], 0);
});

test("rows are taken in the order asked for, twice where asked twice", () => {
	const wanted = [2, 0, 2];
	assert.deepEqual(
		takeRows(dense(rows), wanted),
		dense(wanted.map((i) => rows[i])),
	);
	assert.deepEqual(
		takeRows(sparse(rows), wanted),
		sparse(wanted.map((i) => rows[i])),
	);
});

test("squared lengths are the same dense and sparse", () => {
	assert.deepEqual([...squaredLengths(dense(rows))], [26, 29, 34, 25]);
	assert.deepEqual([...squaredLengths(sparse(rows))], [26, 29, 34, 25]);
});

test("both products equal the sums written out, dense and sparse", async () => {
	const draw = random(1);
	const many = Array.from({ length: 7 }, () =>
		Array.from({ length: 5 }, () => (draw.uniform() < 0.5 ? 0 : draw.normal())),
	);
	const k = 3;
	const w = Float32Array.from({ length: 5 * k }, () => draw.normal());
	const r = Float32Array.from({ length: 7 * k }, () => draw.normal());
	const xw = many.flatMap((row) =>
		[0, 1, 2].map((c) => row.reduce((sum, v, j) => sum + v * w[j * k + c], 0)),
	);
	const xr = many[0].flatMap((_, j) =>
		[0, 1, 2].map((c) =>
			many.reduce((sum, row, i) => sum + row[j] * r[i * k + c], 0),
		),
	);
	for (const x of [dense(many), sparse(many)]) {
		const data = await products(x);
		assert.ok(furthest(await data.times(w, k), xw) < 1e-5);
		assert.ok(furthest(await data.transposedTimes(r, k), xr) < 1e-5);
	}
});

const few = [
	[0, 3, 4],
	[2, 0, 0],
	[0, 0, 0],
];

test("some columns of sparse rows stay sparse, and equal those of dense rows", () => {
	const wanted = few.map(([a, , c]) => [a, c]);
	assert.deepEqual(takeColumns(sparse(few), [0, 2]), sparse(wanted));
	assert.deepEqual(takeColumns(dense(few), [0, 2]), dense(wanted));
});

test("a transpose has the rows as columns, and twice it is the same", () => {
	const turned = few[0].map((_, j) => few.map((row) => row[j]));
	const x = sparse(few) as SparseMatrix;
	assert.deepEqual(transpose(x), sparse(turned));
	assert.deepEqual(transpose(transpose(x)), x);
});

test("unit rows have the length 1, and a row of zeros stays", () => {
	const unit = [[0, 0.6, 0.8], [1, 0, 0], few[2]];
	assert.deepEqual(unitRows(dense(few)), dense(unit));
	assert.deepEqual(unitRows(sparse(few)), sparse(unit));
});
