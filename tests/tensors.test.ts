import assert from "node:assert/strict";
import { test } from "node:test";
import { at, norms } from "../src/tensors";

/** [2, 3, 4], counted from 0. */
const tensor = {
	data: Float32Array.from({ length: 24 }, (_, i) => i),
	dims: [2, 3, 4],
};

test("at gives the row, the vector or the number that the indices name, row-major", () => {
	assert.deepEqual([...at(tensor, 1, 2)], [20, 21, 22, 23]);
	assert.deepEqual([...at(tensor, 0, 1, 3)], [7]);
	assert.deepEqual([...at(tensor, 1)], [...tensor.data.subarray(12)]);
	assert.equal(at(tensor).length, 24);
	assert.equal(at(tensor, 1).buffer, tensor.data.buffer);
});

test("a negative index counts from the end", () => {
	assert.deepEqual(at(tensor, -1, -3), at(tensor, 1, 0));
});

test("an index that is out of range, or one too many, is refused", () => {
	assert.throws(
		() => at(tensor, 0, 3),
		/Index 3 .* axis 1 .*\[2, 3, 4\]: it has 0 to 2/,
	);
	assert.throws(() => at(tensor, -3), /Index -3 .* axis 0/);
	assert.throws(() => at(tensor, 0.5), /Index 0\.5/);
	assert.throws(() => at(tensor, 0, 0, 0, 0), /4 indices .* 3 axes/);
});

test("norms are the lengths of the vectors along the last axis", () => {
	const two = norms({
		data: Float32Array.of(3, 4, 0, 0, -5, 12),
		dims: [1, 3, 2],
	});
	assert.deepEqual(two, { data: Float32Array.of(5, 0, 13), dims: [1, 3] });
	assert.deepEqual(
		norms({ data: new Float32Array(), dims: [0, 2] }).data.length,
		0,
	);
});
