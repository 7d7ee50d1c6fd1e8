import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createOutputs } from "../../../src/kernel/cell/outputs";

/** Outputs that are recorded as [what, body]: the type of a message, or the stream of a text. */
function recorded() {
	const sent: [string, string][] = [];
	const outputs = createOutputs((report, body) => {
		const what =
			report.kind === "text"
				? report.stream
				: report.kind === "publish"
					? report.type
					: report.kind;
		sent.push([what, body]);
	});
	outputs.begin(1);
	return { outputs, sent };
}

const later = (ms: number, type: string) =>
	sleep(ms).then(() => ({ type, content: {} }));

test("what is shown behind a reserved place waits for it", async () => {
	const { outputs, sent } = recorded();
	outputs.reserve(later(30, "slow"));
	outputs.writer("stdout")("printed");
	outputs.reserve(later(1, "fast"));
	outputs.show("last", {});
	assert.deepEqual(sent, []);
	assert.equal(await outputs.settled(), undefined);
	assert.deepEqual(
		(sent as string[][]).map(([what]) => what), // the compiler took it for empty
		["slow", "stdout", "fast", "last"],
	);
});

test("the first failure in making an output is told once", async () => {
	const { outputs, sent } = recorded();
	outputs.reserve(Promise.reject(new Error("first")));
	outputs.reserve(Promise.reject(new Error("second")));
	outputs.show("kept", {});
	assert.deepEqual(await outputs.settled(), { reason: new Error("first") });
	assert.equal(await outputs.settled(), undefined);
	assert.deepEqual(sent, [["kept", "{}"]]);
});

test("a place that was given up neither holds others back nor fails a later cell", async () => {
	const { outputs, sent } = recorded();
	const work = sleep(10).then(() => Promise.reject(new Error("too late")));
	outputs.reserve(work);
	outputs.show("kept", {});
	outputs.abandon();
	assert.deepEqual(sent, [["kept", "{}"]]);
	await work.catch(() => {});
	assert.equal(await outputs.settled(), undefined);
});

test("printed text leaves at once, in the order of the prints and displays", () => {
	const { outputs, sent } = recorded();
	outputs.writer("stdout")("a");
	outputs.show("display", { b: 1 });
	outputs.writer("stderr")("c");
	assert.deepEqual(sent, [
		["stdout", "a"],
		["display", '{"b":1}'],
		["stderr", "c"],
	]);
});

test("what cannot be sent throws where it is shown, and is a failure where it comes later", async () => {
	const { outputs, sent } = recorded();
	const circular: Record<string, unknown> = {};
	circular.self = circular;
	assert.throws(() => outputs.show("display", circular), /circular/);
	outputs.reserve(Promise.resolve({ type: "display", content: circular }));
	assert.match(String((await outputs.settled())?.reason), /circular/);
	assert.deepEqual(sent, []);
});

test("an outcome that cannot be sent is a failure", () => {
	const { outputs, sent } = recorded();
	const data: Record<string, unknown> = {};
	data.self = data;
	outputs.end(1, { data, assigned: ["a"], stopped: false });
	const [[what, body]] = sent;
	assert.equal(what, "done");
	assert.match(JSON.parse(body).failure.evalue, /circular/);
	assert.deepEqual(JSON.parse(body).assigned, ["a"]);
});

test("what one cell prints beyond 32 million characters is counted instead", async () => {
	const { outputs, sent } = recorded();
	const print = outputs.writer("stdout");
	for (let i = 0; i < 5; i++) print("x".repeat(1e7));
	await outputs.settled();
	const length = sent
		.filter(([what]) => what === "stdout")
		.reduce((sum, [, body]) => sum + body.length, 0);
	assert.equal(length, 32e6);
	assert.match(sent.at(-1)?.[1] ?? "", /printed 50,000,000 characters/);
	outputs.begin(2);
	print("next");
	assert.deepEqual(sent.at(-1), ["stdout", "next"]);
});
