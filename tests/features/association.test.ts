import assert from "node:assert/strict";
import { test } from "node:test";
import {
	aucByGroup,
	correlations,
	linkage,
	meanBetween,
} from "../../src/features/association";
import { random } from "../../src/random";

const column = (values: number[]) => ({
	data: Float32Array.from(values),
	rows: values.length,
	columns: 1,
});
const every = (n: number) => Uint32Array.from({ length: n }, (_, i) => i);

test("the AUC of a case worked by hand, with a tie", () => {
	// Inside: 3, 5; outside: 1, 3, 4. Pairs won: 3>1, 3=3 (half), 5>1, 5>3, 5>4: 4.5 of 6.
	const group = Uint32Array.from([0, 0, 1, 1, 1]);
	const [auc] = aucByGroup(column([3, 5, 1, 3, 4]), every(5), group, 2, [0]);
	assert.deepEqual(Array.from(auc), [0.75, 0.25]);
});

test("the AUC is 1 for a perfect order, 0.5 for a constant, NaN for an empty group", () => {
	const group = Uint32Array.from([0, 0, 1, 1]);
	const of = (values: number[]) =>
		Array.from(aucByGroup(column(values), every(4), group, 3, [0])[0]);
	assert.deepEqual(of([3, 4, 1, 2]), [1, 0, Number.NaN]);
	assert.deepEqual(of([7, 7, 7, 7]), [0.5, 0.5, Number.NaN]);
});

test("the AUC is the share of pairs won, counted one by one", () => {
	const r = random(1);
	const values = Array.from({ length: 60 }, () => Math.round(5 * r.normal()));
	const group = Uint32Array.from(values, () => r.int(3));
	const [auc] = aucByGroup(column(values), every(60), group, 3, [0]);
	for (let g = 0; g < 3; g++) {
		let won = 0;
		let pairs = 0;
		values.forEach((a, i) => {
			values.forEach((b, j) => {
				if (group[i] !== g || group[j] === g) return;
				pairs++;
				won += a > b ? 1 : a === b ? 0.5 : 0;
			});
		});
		assert.ok(Math.abs(auc[g] - won / pairs) < 1e-12);
	}
});

test("correlation is 1 with itself, −1 with its negative, 0 with a constant", () => {
	const data = Float32Array.from([1, -1, 5, 2, -2, 5, 4, -4, 5]);
	const r = correlations({ data, rows: 3, columns: 3 }, every(3), [0, 1, 2]);
	const rounded = r.map((row) => row.map((v) => Math.round(v * 1e6) / 1e6 + 0));
	assert.deepEqual(rounded, [
		[1, -1, 0],
		[-1, 1, 0],
		[0, 0, 0],
	]);
});

test("groups join by their mean similarity, and singles are no groups", () => {
	const s = [
		[1, 0.9, 0.4, 0],
		[0.9, 1, 0.5, 0],
		[0.4, 0.5, 1, 0],
		[0, 0, 0, 1],
	];
	assert.deepEqual(linkage(s, 0.5), [[0, 1]]); // 2 with {0, 1}: mean 0.45
	assert.deepEqual(linkage(s, 0.45), [[0, 1, 2]]);
	assert.deepEqual(linkage(s, 0.95), []);
	assert.equal(meanBetween(s, [0, 1, 2]), (0.9 + 0.4 + 0.5) / 3);
});
