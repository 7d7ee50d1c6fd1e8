import assert from "node:assert/strict";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { appendToFile, ofPart, saveJson, writeFileAtomic } from "../src/files";
import { temporaryFolder } from "./tiny";

const { folder, remove } = temporaryFolder();
after(remove);
const at = (...names: string[]) => join(folder, ...names);

test("a file is written in pieces, and its folder is made", () => {
	writeFileAtomic(at("new", "deep", "file"), ["a", Buffer.from("é"), "c"]);
	assert.equal(readFileSync(at("new", "deep", "file"), "utf8"), "aéc");
	assert.deepEqual(readdirSync(at("new", "deep")), ["file"]);
});

test("where a piece fails, the file stays as it was and nothing is left beside it", () => {
	mkdirSync(at("kept"));
	writeFileSync(at("kept", "file"), "before");
	function* pieces() {
		yield "half";
		throw new Error("no more");
	}
	assert.throws(
		() => writeFileAtomic(at("kept", "file"), pieces()),
		/^Error: no more$/,
	);
	assert.equal(readFileSync(at("kept", "file"), "utf8"), "before");
	assert.deepEqual(readdirSync(at("kept")), ["file"]);
});

test("the name of a part that was left behind says whose it is", () => {
	const part = "a.json.01234567-89ab-cdef-0123-456789abcdef.part";
	assert.equal(ofPart(part), "a.json");
	assert.equal(ofPart("a.json"), undefined);
	assert.equal(ofPart("a.part"), undefined);
});

test("text is added at the end", () => {
	appendToFile(at("lines"), "one\n");
	appendToFile(at("lines"), "two\n");
	assert.equal(readFileSync(at("lines"), "utf8"), "one\ntwo\n");
});

test("a place that cannot be written to is named in one sentence", () => {
	writeFileSync(at("file"), "");
	for (const write of [writeFileAtomic, appendToFile])
		assert.throws(
			() => write(at("file", "below"), "x"),
			/file\/below cannot be written: a part of its path is a file, where a folder was expected\.$/,
		);
	mkdirSync(at("folder", "inner"), { recursive: true });
	assert.throws(
		() => writeFileAtomic(at("folder"), "x"),
		/cannot be written: a folder has that name\.$/,
	);
	assert.throws(
		() => writeFileAtomic(at("x".repeat(300)), "x"),
		/its name is too long; give a shorter one\.$/,
	);
});

test("what JSON has no word for is saved as a text and never as null", () => {
	const file = at("odd.json");
	saveJson(file, {
		nan: Number.NaN,
		ends: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
		typed: Float32Array.of(1, Number.NaN),
		big: 2n ** 64n,
		bigs: BigInt64Array.of(-1n),
		set: new Set(["a"]),
		map: new Map([["a", Number.NaN]]),
		zero: 0,
		nothing: null,
	});
	assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), {
		nan: "NaN",
		ends: ["Infinity", "-Infinity"],
		typed: [1, "NaN"],
		big: "18446744073709551616",
		bigs: ["-1"],
		set: ["a"],
		map: { a: "NaN" },
		zero: 0,
		nothing: null,
	});
});

test("what cannot be saved as JSON is refused in a sentence, and no file is made", () => {
	const file = at("none.json");
	const save = (value: unknown) => () => saveJson(file, value);
	const odd = new Map<unknown, number>([[{}, 1]]);
	const circular: Record<string, unknown> = {};
	circular.self = circular;
	assert.throws(save(circular), /is not written: the value holds itself/);
	assert.throws(
		save({ a: Promise.resolve(1) }),
		/field a is a promise: put await/,
	);
	assert.throws(save(Promise.resolve(1)), /given is a promise: put await/);
	assert.throws(
		save({ m: odd }),
		/field m is a Map whose keys are not all texts/,
	);
	assert.throws(save(undefined), /was given nothing/);
	assert.throws(
		save(() => 1),
		/was given a function/,
	);
	assert.ok(!existsSync(file));
});
