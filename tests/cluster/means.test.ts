import assert from "node:assert/strict";
import { test } from "node:test";
import type { SparseMatrix } from "../../src/activations";
import { means, type Run } from "../../src/cluster/means";
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
const once = new Float64Array(rows.length).fill(1);
const start = Uint32Array.from({ length: 6 }, (_, c) => 7 * c);

test("two threads find what one finds, to the last bit", async () => {
	const x = sparse(rows) as SparseMatrix;
	const found = [1, 2].map(async (threads) => {
		const data = sparseMeans(x, 6, "euclidean", once, threads);
		const run = data.begin(centresAt(x, start));
		for (let round = 0; round < 3; round++) {
			await data.nearest([run]);
			run.move(run.nearest);
		}
		await data.release();
		const { nearest, distance } = run;
		return { nearest, distance, centres: run.centres() };
	});
	const [one, two] = await Promise.all(found);
	assert.deepEqual(two, one);
});

for (const metric of ["euclidean", "spherical"] as const)
	test(`${metric}: sparse rows are measured and moved as dense ones`, async () => {
		const found = [dense(rows), sparse(rows)].map(async (x) => {
			const data = await means(x, 6, metric);
			const assignment = Uint32Array.from(rows, (_, i) => i % 5); // none in the last
			const run = data.begin(centresAt(x, start));
			run.move(assignment);
			const centres = run.centres();
			const inertia = run.inertia();
			await data.nearest([run]);
			const [to] = await data.distancesTo([3]);
			const { nearest, distance } = run;
			return { centres, inertia, nearest, distance, to };
		});
		const [a, b] = await Promise.all(found);
		assert.deepEqual(b.nearest, a.nearest);
		assert.ok(Math.abs(a.inertia / b.inertia - 1) < 1e-5);
		for (const what of ["centres", "distance", "to"] as const)
			assert.ok(furthest(b[what], a[what]) < 1e-5, what);
		assert.deepEqual([...a.centres.subarray(5 * 40)], new Array(40).fill(0));
		assert.equal(a.to[3] < 1e-5, true);
	});

for (const [kind, lay] of Object.entries({ dense, sparse }))
	test(`${kind}: runs side by side do not see each other`, async () => {
		const x = lay(rows);
		const data = await means(x, 6, "euclidean");
		const starts = [start, start.map((row) => row + 100)];
		const rounds = async (runs: Run[]) => {
			for (let round = 0; round < 3; round++) {
				await data.nearest(runs);
				for (const run of runs) run.move(run.nearest);
			}
			return runs.map((run) => [run.nearest, run.inertia(), run.centres()]);
		};
		const begin = (at: Uint32Array) => data.begin(centresAt(x, at));
		const together = await rounds(starts.map(begin));
		const alone = [
			await rounds([begin(starts[0])]),
			await rounds([begin(starts[1])]),
		];
		assert.deepEqual(together, alone.flat());
	});
