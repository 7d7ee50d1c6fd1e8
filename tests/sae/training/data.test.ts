import assert from "node:assert/strict";
import test from "node:test";
import { random } from "../../../src/random";
import { rowStatistics, shuffledRows } from "../../../src/sae/training/data";
import {
	geometricMedian,
	reservoir,
} from "../../../src/sae/training/statistics";
import { stream } from "../../../src/sae/training/streams";

const rows = (...numbers: number[]) => Uint32Array.from(numbers);

test("statistics are of the rows asked for alone", () => {
	const data = Float32Array.of(3, 4, 900, 900, 0, 1);
	const { meanNorm, variance, mean } = rowStatistics(data, 2, rows(0, 2));
	assert.equal(meanNorm, 3);
	assert.equal(variance, (25 + 1) / 2 - (1.5 ** 2 + 2.5 ** 2));
	assert.deepEqual([...mean], [1.5, 2.5]);
});

test("statistics are of the rows as they are after a normalisation row by row, and the rows stay", () => {
	const data = Float32Array.of(3, 4, -0.6, 0.8);
	const mode = "constant_norm_rescale"; // lengths of √2
	const about = rowStatistics(data, 2, rows(0, 1), mode);
	assert.ok(Math.abs(about.meanNorm - Math.SQRT2) < 1e-6);
	const ofMean = 2 * 0.8 ** 2; // the mean of (0.6, 0.8)√2 and (−0.6, 0.8)√2
	assert.ok(Math.abs(about.variance - (2 - ofMean)) < 1e-6);
	assert.deepEqual(data, Float32Array.of(3, 4, -0.6, 0.8));
});

test("activations that are all zero are refused", () => {
	assert.throws(
		() => rowStatistics(new Float32Array(4), 2, rows(0, 1)),
		/are zero/,
	);
});

test("the geometric median of a line is its middle, however far the last point lies", () => {
	const data = Float32Array.of(0, 0, 1, 1, 2, 2, 3, 3, 1e4, 1e4);
	const median = geometricMedian(data, 2);
	for (const v of median) assert.ok(Math.abs(v - 2) < 0.01, `${v}`);
});

test("a reservoir keeps all rows while they fit, and then each row as likely as any other", () => {
	const few = reservoir(2, 5, random(1));
	few.add(Float32Array.of(1, 2, 3, 4));
	few.add(Float32Array.of(5, 6));
	assert.deepEqual([...few.result()], [1, 2, 3, 4, 5, 6]);
	const counts = new Uint32Array(10);
	const source = random(2);
	for (let i = 0; i < 3000; i++) {
		const some = reservoir(1, 4, source);
		some.add(Float32Array.from({ length: 10 }, (_, j) => j));
		const drawn = some.result();
		assert.equal(new Set(drawn).size, 4);
		for (const j of drawn) counts[j]++;
	}
	// 1,200 expected of each, with a standard deviation of 27
	for (const n of counts) assert.ok(Math.abs(n - 1200) < 135, `${counts}`);
});

const numbers = Float32Array.from({ length: 20 }, (_, i) => i);

test("every epoch serves every row once, as it is, and each in another order", () => {
	const order = rows(1, 3, 5, 7, 9);
	const two = { data: numbers, d_in: 2, size: 2 }; // a batch of 2 of 5 rows: some span two epochs
	const { next } = shuffledRows(two, order, random(3));
	const served: number[] = [];
	const into = new Float32Array(2 * 2);
	for (let batch = 0; batch < 10; batch++) {
		next(into);
		for (const at of [0, 2]) {
			assert.equal(into[at + 1], into[at] + 1);
			served.push(into[at] / 2);
		}
	}
	const epochs = [0, 5, 10, 15].map((from) => served.slice(from, from + 5));
	for (const epoch of epochs)
		assert.deepEqual([...epoch].sort(), [1, 3, 5, 7, 9]);
	assert.ok(new Set(epochs.map(String)).size > 1);
	assert.deepEqual([...order], [1, 3, 5, 7, 9]);
});

test("after batches that are left out come the same ones as after batches that were served", () => {
	for (const size of [1, 2, 5, 7])
		for (const skipped of [0, 1, 4, 5, 23]) {
			const make = () =>
				shuffledRows(
					{ data: numbers, d_in: 2, size },
					rows(0, 2, 4, 6, 8),
					random(3),
				);
			const [one, other] = [make(), make()];
			const [a, b] = [new Float32Array(2 * size), new Float32Array(2 * size)];
			one.next(a);
			other.next(b);
			for (let i = 0; i < skipped; i++) one.next(a);
			other.skip(skipped);
			for (let i = 0; i < 6; i++) {
				one.next(a);
				other.next(b);
				assert.deepEqual(a, b, `${size} ${skipped}`);
			}
		}
});

test("each purpose, seed and step has random numbers of its own", () => {
	const first = new Set(
		[
			stream(0, "order"),
			stream(0, "start"),
			stream(1, "order"),
			stream(0, "resample", 1),
			stream(0, "resample", 2),
			stream(10, "resample", 2),
		].map((source) => source.uniform()),
	);
	assert.equal(first.size, 6);
	assert.equal(stream(7, "order").uniform(), stream(7, "order").uniform());
});
