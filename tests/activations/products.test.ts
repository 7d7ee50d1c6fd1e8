import assert from "node:assert/strict";
import { test } from "node:test";
import { products } from "../../src/activations";
import { random } from "../../src/random";
import { dense, furthest, sparse } from "../matrices";

const draw = random(2);
/** 7 rows of 5 columns, more than half of it zeros; one row and one column are nothing else. */
const x = Array.from({ length: 7 }, (_, i) =>
	Array.from({ length: 5 }, (_, j) =>
		i === 3 || j === 2 || draw.uniform() < 0.4 ? 0 : draw.normal(),
	),
);
const turned = x[0].map((_, j) => x.map((row) => row[j]));

const times = (a: number[][], w: Float32Array, k: number) =>
	a.flatMap((row) =>
		Array.from({ length: k }, (_, c) =>
			row.reduce((sum, v, j) => sum + v * w[j * k + c], 0),
		),
	);

const kinds = Object.entries({ dense, sparse });
for (const [kind, matrix, threads] of [
	...kinds.map((kind) => [...kind, 1] as const),
	["sparse", sparse, 3] as const,
])
	test(`${kind} rows times a thin matrix, and turned round, are the plain sums at any width, with ${threads} threads`, async () => {
		const data = await products(matrix(x), threads);
		for (const k of [1, 3, 4, 18, 2]) {
			const w = Float32Array.from({ length: 5 * k }, () => draw.normal());
			const r = Float32Array.from({ length: 7 * k }, () => draw.normal());
			assert.ok(furthest(await data.times(w, k), times(x, w, k)) < 1e-5);
			const back = await data.transposedTimes(r, k);
			assert.ok(furthest(back, times(turned, r, k)) < 1e-5);
		}
		await data.release();
	});
