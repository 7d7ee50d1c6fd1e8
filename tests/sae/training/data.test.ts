import assert from "node:assert/strict";
import test from "node:test";
import { random } from "../../../src/random";
import {
	geometricMedian,
	rowStatistics,
	shuffledBatches,
} from "../../../src/sae/training/data";
import { activations } from "../fakes";

const rows = (...numbers: number[]) => Uint32Array.from(numbers);

test("statistics are of the rows asked for alone", () => {
	const acts = activations(Float32Array.of(3, 4, 900, 900, 0, 1), 2);
	const { meanNorm, variance } = rowStatistics(acts, rows(0, 2));
	assert.equal(meanNorm, 3);
	assert.equal(variance, (25 + 1) / 2 - (1.5 ** 2 + 2.5 ** 2));
});

test("activations that are all zero are refused", () => {
	const acts = activations(new Float32Array(4), 2);
	assert.throws(() => rowStatistics(acts, rows(0, 1)), /are zero/);
});

test("the geometric median of a line is its middle, however far the last point lies", () => {
	const data = Float32Array.of(0, 0, 1, 1, 2, 2, 3, 3, 1e4, 1e4);
	const acts = activations(data, 2);
	const median = geometricMedian(acts, rows(0, 1, 2, 3, 4), random(0));
	for (const v of median) assert.ok(Math.abs(v - 2) < 0.01, `${v}`);
});

test("every epoch serves every row once, scaled, and each in another order", () => {
	const acts = activations(
		Float32Array.from({ length: 20 }, (_, i) => i),
		2,
	);
	const order = rows(1, 3, 5, 7, 9);
	const fill = shuffledBatches(acts, order, 10, random(3));
	const served: number[] = [];
	const into = new Float32Array(2 * 2); // a batch of 2 of 5 rows: some span two epochs
	for (let batch = 0; batch < 10; batch++) {
		fill(into);
		for (const at of [0, 2]) {
			assert.equal(into[at + 1], into[at] + 10);
			served.push(into[at] / 20);
		}
	}
	const epochs = [0, 5, 10, 15].map((from) => served.slice(from, from + 5));
	for (const epoch of epochs)
		assert.deepEqual([...epoch].sort(), [1, 3, 5, 7, 9]);
	assert.ok(new Set(epochs.map(String)).size > 1);
	assert.deepEqual([...order], [1, 3, 5, 7, 9]);
});
