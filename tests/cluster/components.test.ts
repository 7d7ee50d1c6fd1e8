import assert from "node:assert/strict";
import { test } from "node:test";
import { principalComponents } from "../../src/cluster/components";
import { random } from "../../src/random";
import { dense, furthest, sparse } from "../matrices";

test("points along a line and a little across come back in those coordinates", async () => {
	// Directions (3, 4)/5 and (4, −3)/5, about the mean (10, 20).
	const along = [-3, -1, 0, 1, 3];
	const across = [0.2, -0.5, 0.6, -0.5, 0.2];
	const rows = along.map((t, i) => [
		10 + 0.6 * t + 0.8 * across[i],
		20 + 0.8 * t - 0.6 * across[i],
	]);
	const projection = await principalComponents(dense(rows), 0);
	assert.ok(
		furthest(
			projection.map(([x]) => x),
			along,
		) < 1e-5,
	);
	assert.ok(
		furthest(
			projection.map(([, y]) => y),
			across,
		) < 1e-5,
	);
});

test("dense and sparse rows have the same components, for every seed", async () => {
	const draw = random(3);
	const rows = Array.from({ length: 40 }, (_, i) =>
		Array.from({ length: 12 }, (_, j) =>
			draw.uniform() < 0.6 ? 0 : draw.normal() * (j < 2 ? 5 : 0.5) + (i % 2),
		),
	);
	const first = (await principalComponents(dense(rows), 0)).flat();
	for (const seed of [0, 1, 2])
		assert.ok(
			furthest((await principalComponents(sparse(rows), seed)).flat(), first) <
				1e-3,
		);
});

test("one column has no second component, and equal rows have none", async () => {
	const one = await principalComponents(dense([[1], [3]]), 0);
	assert.deepEqual(one, [
		[-1, 0],
		[1, 0],
	]);
	const none = await principalComponents(
		dense([
			[1, 2],
			[1, 2],
		]),
		0,
	);
	assert.ok(furthest(none.flat(), [0, 0, 0, 0]) < 1e-6);
});

test("rows can be shown along the components of other rows, less the mean of those", async () => {
	const spread = dense([
		[0, 0, 0],
		[4, 0, 0],
		[2, 1, 0],
		[2, -1, 0],
	]); // mean (2, 0, 0); x is the widest direction, y the next
	const projection = await principalComponents(
		sparse([
			[3, 5, 9],
			[2, 0, 7],
		]),
		0,
		spread,
	);
	assert.ok(furthest(projection.flat(), [1, 5, 0, 0]) < 1e-5);
});
