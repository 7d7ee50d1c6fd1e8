import assert from "node:assert/strict";
import { test } from "node:test";
import type { SparseMatrix } from "../../src/activations";
import { means } from "../../src/cluster/means";
import { sparseMeans } from "../../src/cluster/means-sparse";
import { centresAt } from "../../src/cluster/start";
import { random } from "../../src/random";
import { dense, furthest, sparse } from "../matrices";

const draw = random(4);
const rows = Array.from({ length: 1500 }, () =>
	Array.from({ length: 40 }, () =>
		draw.uniform() < 0.8 ? 0 : Math.fround(draw.normal()),
	),
);
const start = Uint32Array.from({ length: 6 }, (_, c) => 7 * c);

test("two threads find what one finds, to the last bit", async () => {
	const x = sparse(rows) as SparseMatrix;
	const found = [1, 2].map(async (threads) => {
		const data = sparseMeans(x, 6, "euclidean", threads);
		const assignment = new Uint32Array(x.rows);
		const distance = new Float64Array(x.rows);
		data.place(centresAt(x, start));
		for (let round = 0; round < 3; round++) {
			await data.nearest(assignment, distance);
			data.move(assignment);
		}
		const centres = data.centres();
		await data.release();
		return { assignment, distance, centres };
	});
	const [one, two] = await Promise.all(found);
	assert.deepEqual(two, one);
});

for (const metric of ["euclidean", "spherical"] as const)
	test(`${metric}: sparse rows are measured and moved as dense ones`, async () => {
		const found = [dense(rows), sparse(rows)].map(async (x) => {
			const data = await means(x, 6, metric);
			const assignment = Uint32Array.from(rows, (_, i) => i % 5); // none in the last
			const distance = new Float64Array(x.rows);
			data.place(centresAt(x, start));
			data.move(assignment);
			const centres = data.centres();
			await data.nearest(assignment, distance);
			const [to] = await data.distancesTo([3]);
			return { centres, assignment, distance, to };
		});
		const [a, b] = await Promise.all(found);
		assert.deepEqual(b.assignment, a.assignment);
		for (const what of ["centres", "distance", "to"] as const)
			assert.ok(furthest(b[what], a[what]) < 1e-5, what);
		assert.deepEqual([...a.centres.subarray(5 * 40)], new Array(40).fill(0));
		assert.equal(a.to[3] < 1e-5, true);
	});
