import assert from "node:assert/strict";
import { test } from "node:test";
import { numberOf } from "../../src/dataset";
import { probe, probeNumber } from "../../src/probe";
import { fakeActivations } from "../fake-activations";

test("decimal numbers are read, with spaces around them or without", () => {
	const numbers: [string, number][] = [
		["12", 12],
		[" 12\t", 12],
		["\u00a012", 12],
		["-0.5", -0.5],
		["−3", -3], // the minus of typography
		["+.5", 0.5],
		["5.", 5],
		["007", 7],
		["1e3", 1000],
		["2.5E-2", 0.025],
		["1E+2", 100],
		["0.1", 0.1],
		["1234567890123.25", 1234567890123.25],
	];
	for (const [text, value] of numbers)
		assert.equal(numberOf(text), value, text);
});

test("what only a programming language takes for a number is none", () => {
	const none =
		"|  |0x10|0b1|0o7|1_000|1,000|1 000|1.2.3|12 cm|12%|$5|Infinity|-inf|NaN|nan|1e|e3|.|-|--1|1e999|-1e999|1n|١٢|１２|½|2026-01-02|true|null|1e3.5|1 e3";
	for (const text of none.split("|"))
		assert.equal(numberOf(text), undefined, JSON.stringify(text));
});

const text = Array.from({ length: 40 }, (_, i) => `w${i % 20} u${i}`);
const counts = text.map((_, i) => String(i % 20));
const vector = (w: string) => [w[0] === "w" ? Number(w.slice(1)) : 0, 1];

test("probeNumber refuses hexadecimal numbers and their kin, each with its sentence", async () => {
	for (const odd of ["0x10", "0b11", "1_000", "Infinity", "1,5", "١٢"]) {
		const count = counts.map((v, i) => (i === 7 ? odd : v));
		const acts = fakeActivations(text, vector, { labels: { count } });
		await assert.rejects(
			probeNumber(acts, { label: "count" }),
			new RegExp(
				`The label "count" of sentence 7 is "${odd}", where a number was expected, such as 12, -0\\.5 or 1e3; use probe`,
			),
		);
	}
	const count = counts.map((v, i) => (i % 2 ? ` ${v} ` : `${v}.0e0`));
	const acts = fakeActivations(text, vector, { labels: { count } });
	const found = await probeNumber(acts, { label: "count" });
	assert.ok(found.activations.r2 > 0.9);
});

test("classes are in the order of their numbers only where all are numbers", async () => {
	const classes = async (names: string[]) => {
		const label = text.map((_, i) => names[i % names.length]);
		const acts = fakeActivations(text, vector, { labels: { label } });
		return (await probe(acts, { label: "label" })).classes;
	};
	assert.deepEqual(await classes(["10", "9", "1e1"]), ["9", "10", "1e1"]);
	assert.deepEqual(await classes(["0x10", "9", "10"]), ["0x10", "10", "9"]);
});
