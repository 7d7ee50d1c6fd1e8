import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gatherText } from "../../src/kernel/text";

test("text of one stream is gathered, and sent before the other stream's", () => {
	const sent: string[][] = [];
	const text = gatherText((...message) => sent.push(message));
	for (const part of ["a", "b", "c"]) text.add("stdout", part);
	text.add("stderr", "d");
	text.flush();
	assert.deepEqual(sent, [
		["stdout", "a"], // the first at once
		["stdout", "bc"],
		["stderr", "d"],
	]);
});

test("gathered text leaves by itself", async () => {
	const sent: string[] = [];
	const text = gatherText((_, part) => sent.push(part));
	text.add("stdout", "a");
	text.add("stdout", "b");
	while (sent.length < 2) await sleep(5);
	assert.deepEqual(sent, ["a", "b"]);
});
