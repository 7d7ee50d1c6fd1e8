import assert from "node:assert/strict";
import { test } from "node:test";
import {
	canonicalNumber,
	decimalText,
	floatText,
} from "../../src/dataset/numbers";

test("numbers of one value have one text, the shortest with all of their digits", () => {
	const same: Record<string, string[]> = {
		"1": ["1", "1.0", "1.", "+1", "10e-1", "1.000", "0.1e1", "1E0"],
		"0.5": ["0.5", ".5", "0.50", "5e-1"],
		"0": ["0", "-0", "0.0", "0e9", ".0", "0.", "-0.00"],
		"-12.34": ["-12.340", "-1234e-2"],
		"100": ["100", "1e2", "100.0", "1.0E+2"],
		"1e-7": ["1e-07", "0.0000001"],
		"1e+21": ["1e21", "1000000000000000000000"],
		"9007199254740993": ["9007199254740993", "9007199254740993.0"],
		"1234567890123456789012345678": ["1234567890123456789012345678"],
		"0.1000000000000000000000000001": ["0.10000000000000000000000000010"],
	};
	for (const [text, all] of Object.entries(same))
		for (const one of all) assert.equal(canonicalNumber(one), text, one);
	for (const text of [
		"",
		"007",
		"00",
		"-01.5",
		"0x10",
		"1_000",
		"1,5",
		" 1",
		"1 ",
		"nan",
		"inf",
		".",
		"e5",
		"1e",
		"--1",
		"１",
	])
		assert.equal(canonicalNumber(text), undefined, text);
	assert.equal(canonicalNumber("1e999999999"), "1e+999999999");
});

test("what JavaScript prints of a double stays", () => {
	for (const value of [
		0.1,
		1 / 3,
		1e21,
		123456789012345680000,
		1e-6,
		1.5e-7,
		5e-324,
		Number.MAX_VALUE,
		-2.5e-10,
	])
		assert.equal(canonicalNumber(String(value)), String(value));
});

test("floats have the fewest digits of their width", () => {
	assert.equal(floatText(Math.fround(0.1), 32), "0.1");
	assert.equal(floatText(Math.fround(16777217), 32), "16777216");
	assert.equal(floatText(Math.fround(1 / 3), 32), "0.33333334");
	assert.equal(floatText(0.1, 64), "0.1");
	assert.equal(floatText(0.0999755859375, 16), "0.1");
	assert.equal(floatText(1 - 2 ** -11, 16), "0.9995");
	assert.equal(floatText(2 ** -24, 16), "6e-8");
	assert.deepEqual(
		[1, -0, Number.NaN, Infinity, -Infinity].map((value) =>
			floatText(value, 64),
		),
		["1", "0", "", "inf", "-inf"],
	);
});

test("decimals keep the digits behind their point", () => {
	assert.deepEqual(
		[
			decimalText(35n, 2),
			decimalText(-5n, 3),
			decimalText(0n, 2),
			decimalText(1500n, 3),
			decimalText(7n, 0),
			decimalText(-12n, -2),
		],
		["0.35", "-0.005", "0.00", "1.500", "7", "-1200"],
	);
});
