import assert from "node:assert/strict";
import { test } from "node:test";
import { expect } from "../../src/notebook/expect";

test("a number at either end of its range is accepted", () => {
	expect("share", 0.5, { atLeast: 0.5, atMost: 0.5 });
});

test("a number beyond its range ends the cell and says what was expected", () => {
	assert.throws(() => expect("share", 0.4, { atLeast: 0.5 }), {
		message: "share: 0.4 (expected at least 0.5): out of range.",
	});
	assert.throws(() => expect("L0", 17, { atMost: 16 }), /at most 16/);
});

test("NaN is out of every range", () => {
	assert.throws(() => expect("loss", Number.NaN, { atLeast: 0 }));
});
