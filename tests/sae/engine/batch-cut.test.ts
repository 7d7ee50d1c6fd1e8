import assert from "node:assert/strict";
import test from "node:test";
import { random } from "../../../src/random";
import { cutBatch, keepAbove } from "../../../src/sae/engine/batch-cut";
import { normals } from "../architectures/oracle";

const of = (...values: number[]) => Float32Array.from(values);

test("the cut of a batch is its n-th largest value, whichever row that lies in", () => {
	const rows = of(5, 1, 0.5, /**/ 4, 3, 2);
	assert.deepEqual(cutBatch(rows, 3, 3, true), {
		cut: 3,
		equal: 1,
		tied: 1,
		kept: 3,
		exact: true,
	});
	assert.equal(cutBatch(rows, 3, 5, true).cut, 1);
});

test("where fewer than n values are above zero all of them stay, and nothing else", () => {
	const rows = of(5, -1, 0, /**/ -4, 3, -0);
	for (const n of [2, 3, 6])
		assert.deepEqual(cutBatch(rows, 3, n, true), {
			cut: 0,
			equal: 0,
			tied: 0,
			kept: 2,
			exact: true,
		});
});

test("of equal values at the cut so many stay that there are n", () => {
	const rows = of(2, 7, 2, /**/ 2, 2, 9);
	const { exact: _, ...cut } = cutBatch(rows, 3, 4, true);
	assert.deepEqual(cut, { cut: 2, equal: 2, tied: 4, kept: 4 });
});

test("the candidates do not tell where a row's smallest is not below the cut, unless they are the whole row", () => {
	// The second row may hold a 3.5 that should have stayed instead of the first row's 3.
	const rows = of(5, 3, 1, /**/ 6, 5, 4);
	assert.equal(cutBatch(rows, 3, 5, false).exact, false);
	assert.equal(cutBatch(rows, 3, 5, true).exact, true);
	assert.equal(cutBatch(rows, 3, 4, false).exact, false); // there may be another 4
	assert.equal(cutBatch(rows, 3, 3, false).exact, true); // cut at 5
	assert.equal(cutBatch(of(1, 0, 2, -1), 2, 5, false).exact, true);
	assert.equal(cutBatch(of(1, 2), 2, 5, false).exact, false); // all are above zero: there may be more
});

test("the cut is that of a sort, for values of every size", () => {
	const source = random(4);
	const values = normals(5000, source).map((v) => v * 10 ** source.int(30));
	const sorted = values.slice().sort().reverse();
	const positive = values.filter((v) => v > 0).length;
	for (const n of [1, 2, 17, 1000, positive])
		assert.equal(
			cutBatch(values, 5, n, true).cut,
			n < positive ? sorted[n - 1] : 0,
		);
});

test("nothing is kept of nothing, and a value that is not finite makes the cut NaN", () => {
	assert.equal(cutBatch(of(1, 2), 2, 0, true).kept, 0);
	for (const bad of [Number.NaN, Infinity, -Infinity])
		assert.ok(Number.isNaN(cutBatch(of(1, bad), 2, 1, true).cut));
});

test("what the cut leaves is written row by row, latents ascending, with the first of equal values", () => {
	const candidates = of(5, 2, 1, /**/ 0.5, -3, 0, /**/ 2, 4, 2);
	const latents = Int32Array.of(7, 3, 4, /**/ 1, 2, 3, /**/ 9, 0, 8);
	const cut = cutBatch(candidates, 3, 4, true);
	assert.equal(cut.cut, 2);
	const to = {
		indptr: new Int32Array(4),
		indices: new Uint32Array(4),
		values: new Float32Array(4),
	};
	assert.equal(keepAbove(cut, candidates, latents, 3, to), 2);
	assert.deepEqual([...to.indptr], [0, 2, 2, 4]);
	assert.deepEqual([...to.indices], [3, 7, 0, 8]);
	assert.deepEqual([...to.values], [2, 5, 4, 2]);
});

test("where nothing is above zero every row is empty", () => {
	const candidates = of(-1, 0, -2, -3);
	const to = {
		indptr: new Int32Array(3).fill(9),
		indices: new Uint32Array(2),
		values: new Float32Array(2),
	};
	const cut = cutBatch(candidates, 2, 2, true);
	assert.equal(keepAbove(cut, candidates, new Int32Array(4), 2, to), Infinity);
	assert.deepEqual([...to.indptr], [0, 0, 0]);
});
