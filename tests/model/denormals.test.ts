import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { Tensor } from "onnxruntime-node";
import { OnnxGraph } from "../../src/formats/onnx";
import { withoutDenormals } from "../../src/model/denormals";
import { openSessions } from "../../src/model/sessions";

test("denormal numbers become 0, whatever their sign; all others, NaN among them, stay as they are", async () => {
	const sessions = openSessions("fake", tmpdir(), 2);
	const given = [
		...[2 ** -127, -(2 ** -149), Number.NaN, 2 ** -126, -(2 ** -126)],
		...[Number.NEGATIVE_INFINITY, 0, 1, -3],
	];
	const build = () => {
		const g = new OnnxGraph();
		const x = g.input("x", "float32", ["n"]);
		g.op("Identity", [withoutDenormals(g, x)], {}, "y");
		return g.build(["y"]);
	};
	const x = new Tensor("float32", Float32Array.from(given), [given.length]);
	const { y } = await sessions.run("y", build, { x });
	const expected = [
		...[0, 0, Number.NaN, 2 ** -126, -(2 ** -126)],
		...[Number.NEGATIVE_INFINITY, 0, 1, -3],
	];
	assert.deepEqual(Array.from(y.data as Float32Array), expected);
	await sessions.dispose();
});
