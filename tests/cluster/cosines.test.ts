import assert from "node:assert/strict";
import { test } from "node:test";
import { cosines } from "../../src/cluster/cosines";
import { dense, furthest, sparse } from "../matrices";

test("cosines of sparse rows are those of the same rows dense, and those by hand", async () => {
	const rows = [
		[0.6, 0.8, 0],
		[0, 1, 0],
		[0, 0, 1],
		[0.8, 0, 0.6],
	];
	const expected = [
		[1, 0.8, 0, 0.48],
		[0.8, 1, 0, 0],
		[0, 0, 1, 0.6],
		[0.48, 0, 0.6, 1],
	];
	for (const x of [dense(rows), sparse(rows)]) {
		const found: number[][] = [];
		for await (const own of cosines(x)) found.push([...own]);
		assert.ok(furthest(found.flat(), expected.flat()) < 1e-6);
	}
});
