import assert from "node:assert/strict";
import { test } from "node:test";
import {
	decodeMessage,
	encodeMessage,
	type Message,
} from "../../src/kernel/wire";

const parent = {
	identity: [Buffer.from("route")],
	header: { msg_id: "1", username: "ada" },
	parent: {},
	content: {},
} as Message;

test("a message that was written reads back, with its route and its parent", () => {
	const frames = encodeMessage("key", parent, "stream", { text: "é😀" });
	const message = decodeMessage("key", frames);
	assert.deepEqual(message.content, { text: "é😀" });
	assert.equal(message.header.msg_type, "stream");
	assert.deepEqual(message.parent, parent.header);
	assert.deepEqual(message.identity, parent.identity);
});

test("a message that was changed on the way is refused", () => {
	const frames = encodeMessage("key", parent, "stream", { text: "a" });
	frames[frames.length - 1] = Buffer.from('{"text":"b"}');
	assert.throws(() => decodeMessage("key", frames), /wrong signature/);
});

test("an empty key turns signing off", () => {
	const frames = encodeMessage("", parent, "stream", { text: "a" });
	assert.deepEqual(decodeMessage("", frames).content, { text: "a" });
});

test("frames without a delimiter are refused", () => {
	assert.throws(
		() => decodeMessage("key", [Buffer.from("a"), Buffer.from("b")]),
		/without a delimiter/,
	);
});
