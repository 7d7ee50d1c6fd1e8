import assert from "node:assert/strict";
import { test } from "node:test";
import {
	count,
	fixed,
	isAbove,
	percent,
	readable,
	several,
	short,
	winner,
} from "../src/say";

test("numbers are set so that they can be read, with a true minus", () => {
	assert.equal(readable(-0.030123), "−0.0301");
	assert.equal(readable(12345), "12,300");
	assert.equal(fixed(-0.0301, 2), "−0.03");
	assert.equal(fixed(-0.001, 2), "0.00");
	assert.equal(count(1234567), "1,234,567");
	assert.deepEqual([1234567, 12345, 999].map(short), ["1.2 M", "12 k", "999"]);
});

test("a share that is not all is never 100 %, and one that is not nothing never 0 %", () => {
	const of = (shares: number[]) => shares.map(percent);
	assert.deepEqual(of([0, 1, 0.9531, 0.999]), [
		"0.0%",
		"100.0%",
		"95.3%",
		"99.9%",
	]);
	assert.deepEqual(of([9999 / 10_000, 999_999 / 1e6, 1 - 1e-9]), [
		"99.99%",
		"99.9999%",
		"> 99.9999%",
	]);
	assert.deepEqual(of([0.0004, 1e-6, 1e-9]), ["0.04%", "0.0001%", "< 0.0001%"]);
	assert.deepEqual(of([-0.3, -0.0004, -1e-9, 1.25, 1.0001]), [
		"−30.0%",
		"−0.04%",
		"0.0%",
		"125.0%",
		"100.01%",
	]);
	assert.equal(percent(0.1 + 0.2 + 0.7), "100.0%"); // but for the error of the sum
});

test("what is not 1 is never said to be", () => {
	assert.deepEqual(
		[1, 0.999, -0.9996, 0.99999999, 1.004].map((x) => fixed(x, 2)),
		["1.00", "0.999", "−0.9996", "1.00", "1.00"],
	);
	assert.deepEqual([1, 0.9996, 0.996].map(readable), ["1", "0.9996", "0.996"]);
});

test("what is not known is a dash", () => {
	for (const none of [Number.NaN, Infinity, -Infinity]) {
		assert.equal(percent(none), "–");
		assert.equal(fixed(none, 2), "–");
		assert.equal(readable(none), "–");
		assert.equal(count(none), "–");
	}
});

test("one is one, and all others are several", () => {
	assert.deepEqual(
		[0, 1, 1234].map((n) => several(n, "sentence")),
		["0 sentences", "1 sentence", "1,234 sentences"],
	);
	assert.equal(several(2, "class", "classes"), "2 classes");
});

test("one number is above another where their intervals do not meet", () => {
	const of = (value: number, low = value, high = value) => ({
		value,
		interval: [low, high] as const,
	});
	assert.ok(isAbove(of(0.9, 0.8, 1), of(0.7, 0.6, 0.79)));
	assert.ok(!isAbove(of(0.9, 0.8, 1), of(0.7, 0.6, 0.8)));
	assert.ok(isAbove({ value: 2 }, { value: 1 }));
	assert.ok(!isAbove({ value: 1 }, { value: 1 }));
	assert.ok(!isAbove({ value: 2 }, of(1, Number.NaN, Number.NaN)));
	assert.ok(!isAbove({ value: Number.NaN }, { value: 1 }));
});

test("a winner is above every other; equal ones, unknown ones, one alone and none have no winner", () => {
	const of = (...values: number[]) => winner(values, (value) => ({ value }));
	assert.equal(of(1, 3, 2), 3);
	assert.equal(of(3, 3, 2), undefined);
	assert.equal(of(3, Number.NaN), undefined);
	assert.equal(of(3), undefined);
	assert.equal(of(), undefined);
});
