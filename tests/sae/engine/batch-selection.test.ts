import assert from "node:assert/strict";
import test from "node:test";
import { random } from "../../../src/random";
import {
	selectHere,
	selectThere,
} from "../../../src/sae/engine/batch-selection";
import { encoderInputs } from "../../../src/sae/engine/encoder";
import { normals, shape } from "../architectures/oracle";

const { d_in, d_sae, batch } = shape;
const N = 6 * batch;

/** What a way of selecting chooses of each of these batches: [row, latent, value] in order, and what was followed. */
async function chosen(
	select: typeof selectHere,
	batches: Float32Array[],
	n = N,
) {
	const centred = new Float32Array(batch * d_in);
	const W_enc = normals(d_sae * d_in, random(5));
	const b_enc = new Float32Array(d_sae);
	const inputs = encoderInputs({ array: { centred, W_enc, b_enc } }, shape);
	const followed: number[] = [];
	const selection = await select(inputs, shape, n, (smallest) =>
		followed.push(smallest),
	);
	const rows = {
		indptr: new Int32Array(batch + 1),
		indices: new Uint32Array(n),
		values: new Float32Array(n),
	};
	const results: number[][][] = [];
	for (const x of batches) {
		centred.set(x);
		inputs.update();
		await selection.choose(rows);
		const entries: number[][] = [];
		for (let row = 0; row < batch; row++)
			for (let j = rows.indptr[row]; j < rows.indptr[row + 1]; j++)
				entries.push([row, rows.indices[j], rows.values[j]]);
		results.push(entries);
	}
	await selection.release();
	return { results, followed };
}

/** Each row `scale(row)` times as long as the one before it would be. */
function rows(seed: number, scale: (row: number) => number): Float32Array {
	return normals(batch * d_in, random(seed)).map(
		(v, i) => v * scale(Math.floor(i / d_in)),
	);
}

const alike = rows(1, () => 1);
for (let row = 1; row < batch; row++)
	alike.set(alike.slice(0, d_in), row * d_in);

const batches = {
	"ordinary rows": rows(2, () => 1),
	"rows of which one holds nearly all": rows(3, (row) => (row === 9 ? 1e3 : 1)),
	"rows that are suddenly small": rows(4, () => 1e-3),
	"rows that are all alike": alike,
	"rows of zeros": new Float32Array(batch * d_in),
	"ordinary rows again": rows(6, () => 1),
};

test("both ways of selecting choose the same of every batch, whatever the batch before it was", async () => {
	const given = Object.values(batches);
	const here = await chosen(selectHere, given);
	const there = await chosen(selectThere, given);
	assert.deepEqual(here, there);
	const counts = here.results.map((entries) => entries.length);
	assert.deepEqual(counts, [N, N, N, N, 0, N]);
	for (const [i, entries] of here.results.entries()) {
		const smallest = Math.min(...entries.map(([, , value]) => value));
		if (i !== 4) assert.ok(here.followed.includes(smallest));
	}
	assert.equal(here.followed.length, given.length - 1);
	const ofOne = here.results[1].filter(([row]) => row === 9).length;
	assert.ok(ofOne > 2 * 6, `${ofOne} of the long row`);
});

test("of rows that are all alike the first keep as many as the others, and what is left over", async () => {
	// One latent a row and five more: every row keeps its largest, the first five their second.
	const n = batch + 5;
	for (const select of [selectHere, selectThere]) {
		const { results } = await chosen(select, [alike], n);
		const perRow = new Array(batch).fill(0);
		for (const [row] of results[0]) perRow[row]++;
		assert.deepEqual(
			perRow,
			perRow.map((_, row) => (row < 5 ? 2 : 1)),
		);
	}
});

test("where a value is no finite number, nothing is chosen and the loss will be no number", async () => {
	const bad = rows(7, () => 1);
	bad[d_in * 3] = Number.NaN;
	for (const select of [selectHere, selectThere]) {
		const { results, followed } = await chosen(select, [bad]);
		assert.deepEqual(results, [[[0, 0, Number.NaN]]]);
		assert.deepEqual(followed, []);
	}
});
