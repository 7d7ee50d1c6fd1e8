import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import { wordsOf } from "../../data/bag-of-words";
import {
	bagAccuracy,
	countsOf,
	cramersV,
	factorNames,
	factorsOf,
	frameShares,
	strongestPair,
} from "../../data/card";
import { makeChoices } from "../../data/choices";
import { SEED } from "../../data/make-sentences";
import { columns, makeSentences, toCsv } from "../../data/sentences";

const file = path.resolve(__dirname, "../../data/sentences.csv");
const shipped = readFileSync(file, "utf8");
const rows = makeSentences(SEED);

test("sentences.csv made again is the same to the byte", () => {
	assert.ok(toCsv(rows) === shipped);
});

test("choices.csv made again is the same to the byte", () => {
	const choices = path.resolve(__dirname, "../../data/choices.csv");
	assert.ok(makeChoices(SEED) === readFileSync(choices, "utf8"));
});

test("a CSV reader gives back what was written", () => {
	const records: Record<string, string>[] = parse(shipped, { columns: true });
	assert.equal(records.length, rows.length);
	assert.deepEqual(Object.keys(records[0]), [...columns]);
	for (const [i, record] of records.entries()) {
		assert.equal(record.text, rows[i].text);
		assert.equal(record.prefix_end, String(rows[i].prefix_end));
	}
});

test("there are at least 12,000 sentences, and no text twice", () => {
	assert.ok(rows.length >= 12_000);
	assert.equal(new Set(rows.map(({ text }) => text)).size, rows.length);
});

test("the split is 80 / 10 / 10", () => {
	const counts = countsOf(rows.map(({ split }) => split));
	assert.deepEqual([...counts.values()], [1260, 10_080, 1260]);
});

test("the six cells of polarity × operator are equally frequent", () => {
	const cells = countsOf(rows.map((row) => `${row.polarity} ${row.operator}`));
	assert.deepEqual([...cells.values()], new Array(6).fill(2100));
});

test("every factor is balanced: χ² against equal shares stays below its 99.9 % quantile", () => {
	const quantile: Record<number, number> = { 2: 10.83, 6: 20.52 };
	for (const factor of factorNames) {
		const counts = [
			...countsOf(rows.map((row) => factorsOf(row)[factor])).values(),
		];
		const expected = rows.length / counts.length;
		const chi2 = counts.reduce(
			(sum, n) => sum + (n - expected) ** 2 / expected,
			0,
		);
		assert.ok(chi2 < quantile[counts.length], `${factor}: ${chi2}`);
	}
});

test("no factor predicts another", () => {
	assert.ok(strongestPair(rows).v < 0.035);
});

test("Cramér's V is 0 for independent labels and 1 where one label gives the other", () => {
	assert.equal(cramersV(["a", "a", "b", "b"], ["x", "y", "x", "y"]), 0);
	assert.equal(cramersV(["a", "a", "b", "b"], ["x", "x", "y", "y"]), 1);
});

test("there are at least 150 frames, none in over 2 % of the texts", () => {
	const shares = frameShares(rows);
	assert.ok(shares.size >= 150);
	assert.ok(Math.max(...shares.values()) <= 0.02);
});

test("there are at least 600 different words", () => {
	assert.ok(new Set(rows.flatMap(({ text }) => wordsOf(text))).size >= 600);
});

test("a text takes at least 35 nats under the grammar, on average", () => {
	const total = rows.reduce((sum, { logProb }) => sum - logProb, 0);
	assert.ok(total / rows.length >= 35);
});

test("a bag of words finds the topic and not the sentiment", () => {
	assert.ok(bagAccuracy(rows, "topic") > 0.95);
	assert.ok(bagAccuracy(rows, "sentiment") <= 0.76);
});
