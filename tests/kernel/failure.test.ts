import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFailure, failureOf } from "../../src/kernel/failure";
import { recall } from "../../src/kernel/history";

test("a mistake is shown under its line of the cell, two at one place under one mark", () => {
	const findings = ["2:5 - Wrong type.", "2:5 - Because of this."];
	assert.deepEqual(compileFailure(findings, "a\n\tbad b").traceback, [
		"2:5 - Wrong type.",
		"     bad b",
		"        ^",
		"2:5 - Because of this.",
	]);
});

test("a thrown value that is no error keeps its type and text", () => {
	assert.deepEqual(failureOf("text"), {
		ename: "string",
		evalue: "text",
		traceback: ["Thrown: 'text'"],
	});
	assert.equal(failureOf(undefined).evalue, "undefined");
	assert.equal(failureOf({ a: 1 }).evalue, "{ a: 1 }");
});

test("an error's own properties and its cause stay in the traceback", () => {
	const error = new RangeError("far", { cause: new Error("near") });
	const { ename, evalue, traceback } = failureOf(
		Object.assign(error, { code: 7 }),
	);
	assert.deepEqual([ename, evalue], ["RangeError", "far"]);
	const text = traceback.join("\n");
	assert.match(text, /code: 7/);
	assert.match(text, /Error: near/);
	assert.doesNotMatch(text, /node:internal/);
});

test("a search in the history takes the pattern by its letter, but for * and ?", () => {
	const past = ["a.b(1)", "a_b(1)", "a.b(2)"].map((code, i) => ({
		line: i + 1,
		code,
		result: null,
	}));
	const search = (pattern: string) =>
		recall(past, { hist_access_type: "search", pattern });
	assert.deepEqual(search("a.b(?)"), [
		[1, 1, "a.b(1)"],
		[1, 3, "a.b(2)"],
	]);
	assert.equal(search("*1)").length, 2);
});
