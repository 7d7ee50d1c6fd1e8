import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { Tensor } from "onnxruntime-node";
import { OnnxGraph } from "../../src/formats/onnx";
import { openSessions } from "../../src/model/sessions";

/** Sessions of graphs that add their key to x, and the keys of those built. */
function adders(kept: number) {
	const built: number[] = [];
	const sessions = openSessions("fake", tmpdir(), kept);
	const add = async (key: number, to = 1) => {
		const out = await sessions.run(
			String(key),
			() => {
				built.push(key);
				const g = new OnnxGraph();
				const x = g.input("x", "float32", [1]);
				g.op("Add", [x, g.float([key])], {}, "y");
				return g.build(["y"]);
			},
			{ x: new Tensor("float32", [to], [1]) },
		);
		return Number(out.y.data[0]);
	};
	return { built, add, sessions };
}

test("a graph is built once for each key, also when it is asked for many times at once", async () => {
	const { built, add, sessions } = adders(3);
	assert.equal(await add(5), 6);
	const sums = await Promise.all([5, 5, 7, 7, 5].map((key) => add(key, key)));
	assert.deepEqual(sums, [10, 10, 14, 14, 10]);
	assert.deepEqual(built, [5, 7]);
	await sessions.dispose();
});

test("only those used last are kept; one that was dropped is built again", async () => {
	const { built, add, sessions } = adders(2);
	for (const key of [1, 2, 1, 3, 1, 2]) await add(key);
	assert.deepEqual(built, [1, 2, 3, 2]); // 3 took the place of 2, which was used before 1
	await sessions.dispose();
});

test("more keys at once than are kept all get their answers", async () => {
	const { add, sessions } = adders(2);
	const keys = Array.from({ length: 12 }, (_, i) => i);
	const sums = await Promise.all(keys.map((key) => add(key)));
	assert.deepEqual(
		sums,
		keys.map((key) => key + 1),
	);
	await sessions.dispose();
});

test("a graph that cannot be made fails, and is tried anew the next time", async () => {
	const { add, sessions } = adders(2);
	let tries = 0;
	const broken = () =>
		sessions.run(
			"broken",
			() => {
				tries++;
				return new Uint8Array([1, 2, 3]);
			},
			{},
		);
	await assert.rejects(broken());
	await assert.rejects(broken());
	assert.equal(tries, 2);
	assert.equal(await add(1), 2);
	await sessions.dispose();
});

test("after dispose nothing runs", async () => {
	const { add, sessions } = adders(2);
	await add(1);
	await sessions.dispose();
	await assert.rejects(add(1), /"fake" was disposed of/);
});
