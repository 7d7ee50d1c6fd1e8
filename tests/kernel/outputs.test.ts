import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createOutputs } from "../../src/kernel/outputs";
import type { Message } from "../../src/kernel/wire";

const request = {} as Message;

/** Outputs that are recorded as [type, content]. */
function recorded() {
	const sent: [string, object][] = [];
	const early: string[] = [];
	const outputs = createOutputs(
		(_, type, content) => sent.push([type, content]),
		(text) => early.push(text),
	);
	return { outputs, sent, early };
}

const later = (ms: number, type: string) =>
	sleep(ms).then(() => ({ type, content: {} }));

test("what is shown behind a reserved place waits for it", async () => {
	const { outputs, sent } = recorded();
	outputs.begin(request);
	outputs.reserve(later(30, "slow"));
	outputs.writer("stdout")("printed");
	outputs.reserve(later(1, "fast"));
	outputs.show("last", {});
	assert.deepEqual(sent, []);
	assert.equal(await outputs.settled(), undefined);
	assert.deepEqual(
		(sent as [string, object][]).map(([type]) => type), // the compiler took it for empty
		["slow", "stream", "fast", "last"],
	);
});

test("the first failure in making an output is told once", async () => {
	const { outputs, sent } = recorded();
	outputs.begin(request);
	outputs.reserve(Promise.reject(new Error("first")));
	outputs.reserve(Promise.reject(new Error("second")));
	outputs.show("kept", {});
	assert.deepEqual(await outputs.settled(), { reason: new Error("first") });
	assert.equal(await outputs.settled(), undefined);
	assert.deepEqual(sent, [["kept", {}]]);
});

test("a place that was given up neither holds others back nor fails a later cell", async () => {
	const { outputs, sent } = recorded();
	outputs.begin(request);
	const work = sleep(10).then(() => Promise.reject(new Error("too late")));
	outputs.reserve(work);
	outputs.show("kept", {});
	outputs.abandon();
	assert.deepEqual(sent, [["kept", {}]]);
	await work.catch(() => {});
	assert.equal(await outputs.settled(), undefined);
});

test("text of one stream is gathered, and sent before the other stream's", () => {
	const { outputs, sent } = recorded();
	outputs.begin(request);
	outputs.show("before", {});
	const out = outputs.writer("stdout");
	out("a");
	out("b");
	out("c");
	outputs.writer("stderr")("d");
	outputs.flush();
	const texts = sent.filter(([type]) => type === "stream");
	assert.equal(
		texts
			.map(([, content]) => Object.values(content as { text: string }).join(""))
			.join(" "),
		"stdouta stdoutbc stderrd",
	);
});

test("text from before the first request goes elsewhere", () => {
	const { outputs, sent, early } = recorded();
	outputs.writer("stderr")("warning");
	outputs.flush();
	assert.deepEqual([sent, early], [[], ["warning"]]);
});
