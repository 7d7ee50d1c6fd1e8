import assert from "node:assert/strict";
import { test } from "node:test";
import { columnMoments, type DenseMatrix } from "../../src/activations";
import { agglomerate } from "../../src/cluster/agglomerative";
import { principalComponents } from "../../src/cluster/components";
import { distinctRows } from "../../src/cluster/distinct";
import { referenceFor } from "../../src/cluster/gap";
import { kMeansWithLibrary } from "../../src/cluster/library";
import { scaleRows } from "../../src/cluster/rows";
import { random } from "../../src/random";
import { dense, sparse } from "../matrices";

const draw = random(8);

test("ml-kmeans, interrupted: every centre is the mean of its rows, and the inertia is theirs", async () => {
	const rows = Array.from({ length: 300 }, () => [
		draw.uniform(),
		draw.uniform(),
	]);
	for (const seed of [1, 2, 3]) {
		const found = await kMeansWithLibrary(dense(rows), {
			...{ k: 7, seed, signal: AbortSignal.abort() },
		});
		assert.equal(found.stopped, "interrupted");
		let inertia = 0;
		for (let c = 0; c < 7; c++) {
			const own = rows.filter((_, i) => found.assignment[i] === c);
			for (const j of [0, 1]) {
				const mean = own.reduce((sum, row) => sum + row[j], 0) / own.length;
				assert.ok(Math.abs(mean - found.centres[2 * c + j]) < 1e-6);
				for (const row of own) inertia += (row[j] - mean) ** 2;
			}
		}
		assert.ok(Math.abs(inertia - found.inertia) < 1e-4);
	}
});

test("average linkage keeps every row where rows are equal, and refuses to part them", async () => {
	const angle = (degrees: number) => {
		const a = (degrees / 180) * Math.PI;
		return [Math.cos(a), Math.sin(a)];
	};
	// 1, 1, 1, 5 of the report, as directions; then six rows in three directions.
	const four = dense([10, 10, 10, 50].map(angle));
	const two = await agglomerate(four, 2);
	assert.deepEqual(
		[...two.assignment].slice(0, 3).map((c) => c === two.assignment[3]),
		[false, false, false],
	);
	assert.equal(new Set(two.assignment).size, 2);
	await assert.rejects(
		agglomerate(four, 3),
		/k is 3, but the directions differ in 2 ways only/,
	);
	const six = dense([0, 40, 80, 0, 40, 80].map(angle));
	for (const k of [1, 2, 3]) {
		const { assignment } = await agglomerate(six, k);
		assert.equal(assignment.length, 6);
		assert.equal(new Set(assignment).size, k);
		for (const i of [0, 1, 2]) assert.equal(assignment[i], assignment[i + 3]);
	}
	await assert.rejects(agglomerate(six, 4), /differ in 3 ways only/);
});

test("the reference of rows that lie in a plane lies in a plane, though 32 bits leave their products a little lopsided", async () => {
	// A turned plane in four dimensions, without noise.
	const [a, b] = [
		[0.5, 0.5, 0.5, 0.5],
		[0.7, -0.1, -0.7, 0.1],
	];
	const rows = Array.from({ length: 200 }, () => {
		const [s, t] = [draw.normal(), 3 * draw.normal()];
		return a.map((v, j) => s * v + t * b[j]);
	});
	const pooled = dense(rows);
	const scaled = scaleRows(pooled);
	const made = (await referenceFor(pooled, scaled))(1) as DenseMatrix;
	const { deviation } = columnMoments(made);
	const wide = [...deviation].filter((s) => s > 0.1);
	const flat = [...made.data].filter((v) => Math.abs(v) < 1e-3);
	assert.equal(wide.length, 2, `${deviation}`);
	assert.ok(flat.length >= 2 * 200, `${flat.length}`);
});

test("equal rows have one place among principal components, and rows that differ by the last bit are one", async () => {
	const row = [0.1, 0.2, 0.3].map((v) => v / Math.hypot(0.1, 0.2, 0.3));
	const same = dense([row, row, row, row]);
	for (const place of await principalComponents(same, 3))
		assert.ok(Math.hypot(...place) < 1e-6);
	const nearly = row.map((v, j) => v + (j === 1 ? 3e-8 : 0));
	const zero = [0, 0, 0];
	for (const matrix of [dense, sparse]) {
		const x = matrix([
			nearly,
			zero,
			row,
			[0, 1, 0],
			row,
			[-0, 0, -0],
			[0, 1, 1e-4],
		]);
		assert.deepEqual([...distinctRows(x)], [0, 1, 0, 3, 0, 1, 6]);
	}
});

test("distinct rows are those that a comparison of all pairs finds, whatever their number", () => {
	const base = Array.from({ length: 60 }, () => {
		const v = Array.from({ length: 5 }, () => draw.normal());
		const length = Math.hypot(...v);
		return v.map((x) => x / length);
	});
	const rows = Array.from({ length: 400 }, () =>
		base[draw.int(60)].map((v) => v * (1 + 1e-7 * (draw.uniform() - 0.5))),
	);
	const found = distinctRows(dense(rows));
	for (const [i, row] of rows.entries()) {
		const first = rows.findIndex(
			(other) => Math.hypot(...row.map((v, j) => v - other[j])) < 1e-6,
		);
		assert.equal(found[i], first);
	}
});
