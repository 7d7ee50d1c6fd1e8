import assert from "node:assert/strict";
import { test } from "node:test";
import { kMeans, nearestCentres } from "../../src/cluster/kmeans";
import { kMeansWithLibrary } from "../../src/cluster/library";
import { adjustedRandIndex } from "../../src/cluster/quality";
import { random } from "../../src/random";
import { dense, furthest, sparse } from "../matrices";
import { signalAtLook } from "../signals";

/** Rows around `k` corners, mostly zeros. */
function blobs(n: number, k: number, d: number, seed: number) {
	const draw = random(seed);
	const truth = Array.from({ length: n }, (_, i) => i % k);
	const rows = truth.map((c) =>
		Array.from({ length: d }, (_, j) => {
			if (j % k === c) return 3 + draw.normal();
			return draw.uniform() < 0.7 ? 0 : draw.normal();
		}),
	);
	return { rows, truth };
}

test("two pairs on a line are found, with their inertia", async () => {
	const found = await kMeans(dense([[0], [1], [10], [12]]), { k: 2, seed: 0 });
	assert.equal(found.inertia, 0.5 + 2);
	assert.deepEqual(
		[...found.centres].sort((a, b) => a - b),
		[0.5, 11],
	);
});

test("planted groups are found, dense and sparse alike", async () => {
	const { rows, truth } = blobs(300, 4, 20, 1);
	const a = await kMeans(dense(rows), { k: 4, seed: 3 });
	const b = await kMeans(sparse(rows), { k: 4, seed: 3 });
	assert.equal(adjustedRandIndex(a.assignment, truth), 1);
	assert.equal(adjustedRandIndex(b.assignment, truth), 1);
	assert.ok(Math.abs(a.inertia / b.inertia - 1) < 1e-5);
});

test("from the same start it ends where ml-kmeans ends", async () => {
	const { rows } = blobs(200, 3, 8, 2);
	for (const start of [
		[0, 3, 6, 9],
		[0, 1, 2, 3],
		[5, 50, 100, 199],
	]) {
		const options = { k: 4, seed: 0, start };
		const library = await kMeansWithLibrary(dense(rows), options);
		for (const x of [dense(rows), sparse(rows)]) {
			const own = await kMeans(x, options);
			assert.deepEqual(own.assignment, library.assignment);
			assert.ok(furthest(own.centres, library.centres) < 1e-5);
			assert.ok(Math.abs(own.inertia / library.inertia - 1) < 1e-5);
		}
	}
});

test("every row is nearest to its own centre, and every centre is the mean of its rows", async () => {
	const { rows } = blobs(150, 3, 6, 4);
	const { assignment, centres, inertia } = await kMeans(sparse(rows), {
		k: 5,
		seed: 1,
	});
	const distance = (row: number[], c: number) =>
		row.reduce((sum, v, j) => sum + (v - centres[c * 6 + j]) ** 2, 0);
	let sum = 0;
	rows.forEach((row, i) => {
		const all = [0, 1, 2, 3, 4].map((c) => distance(row, c));
		assert.equal(all.indexOf(Math.min(...all)), assignment[i]);
		sum += distance(row, assignment[i]);
	});
	assert.ok(Math.abs(sum / inertia - 1) < 1e-5);
	for (let c = 0; c < 5; c++) {
		const own = rows.filter((_, i) => assignment[i] === c);
		for (let j = 0; j < 6; j++) {
			const mean = own.reduce((s, row) => s + row[j], 0) / own.length;
			assert.ok(Math.abs(mean - centres[c * 6 + j]) < 1e-5);
		}
	}
});

test("a row that counts three times is as three rows", async () => {
	const { rows } = blobs(150, 3, 12, 5);
	const times = rows.map((_, i) => 1 + (i % 3));
	const repeated = rows.flatMap((row, i) => new Array(times[i]).fill(row));
	const first = (i: number) => times.slice(0, i).reduce((a, b) => a + b, 0);
	const start = [0, 1, 2, 3];
	for (const metric of ["euclidean", "spherical"] as const)
		for (const lay of [dense, sparse]) {
			const options = { k: 4, seed: 0, metric };
			const counts = Float64Array.from(times);
			const a = await kMeans(lay(rows), { ...options, start, counts });
			const b = await kMeans(lay(repeated), {
				...{ ...options, start: start.map(first) },
			});
			const expected = rows.map((_, i) => b.assignment[first(i)]);
			assert.deepEqual([...a.assignment], expected);
			assert.ok(furthest(a.centres, b.centres) < 1e-5);
			assert.ok(Math.abs(a.inertia / b.inertia - 1) < 1e-5);
			const best = [
				await kMeans(lay(rows), { ...options, counts }),
				await kMeans(lay(repeated), options),
			];
			assert.ok(Math.abs(best[0].inertia / best[1].inertia - 1) < 0.01);
		}
});

test("the same seed gives the same clusters", async () => {
	const { rows } = blobs(200, 3, 8, 5);
	const a = await kMeans(sparse(rows), { k: 6, seed: 9 });
	const b = await kMeans(sparse(rows), { k: 6, seed: 9 });
	assert.deepEqual(a, b);
});

test("a cluster that loses its rows is given the farthest row", async () => {
	// Started from two equal rows: the second cluster is empty in the first round.
	const x = dense([[0], [0], [1], [9]]);
	const { assignment, inertia } = await kMeans(x, {
		k: 2,
		seed: 0,
		start: [0, 1],
	});
	assert.deepEqual([...assignment], [0, 0, 0, 1]);
	assert.ok(Math.abs(inertia - 2 / 3) < 1e-6);
});

test("as many clusters as distinct rows leave no inertia", async () => {
	const x = sparse([
		[1, 0],
		[0, 1],
		[1, 0],
		[0, 2],
	]);
	const { assignment, inertia } = await kMeans(x, { k: 3, seed: 0 });
	assert.ok(inertia < 1e-6);
	assert.equal(assignment[0], assignment[2]);
	assert.equal(new Set(assignment).size, 3);
});

test("more clusters than distinct rows are refused", async () => {
	for (const kind of [dense, sparse])
		await assert.rejects(
			kMeans(
				kind([
					[1, 0],
					[1, 0],
					[0, 1],
					[0, 1],
				]),
				{ k: 3, seed: 0 },
			),
			/k is 3, but only 2 of the rows are distinct/,
		);
});

test("a signal ends it after the round at hand: the clusters so far, each centre the mean of its rows", async () => {
	const { rows } = blobs(200, 3, 8, 2);
	const options = { k: 4, seed: 0, start: [0, 1, 2, 3] };
	for (const solve of [kMeans, kMeansWithLibrary]) {
		const whole = await solve(dense(rows), options);
		const { signal } = signalAtLook(1);
		const found = await solve(dense(rows), { ...options, signal });
		assert.equal(whole.stopped, undefined);
		assert.equal(found.stopped, "interrupted");
		assert.ok(found.iterations <= 2 && whole.iterations > 2);
		assert.ok(found.inertia > whole.inertia);
		assert.ok(furthest(found.centres, meansOf(rows, found, 4)) < 1e-5);
	}
});

test("of several starts, a signal leaves the best of those that are done", async () => {
	const { rows } = blobs(200, 3, 8, 2);
	let starts = 0;
	const restarts = 100;
	const controller = new AbortController();
	const found = await kMeans(dense(rows), {
		...{ k: 4, seed: 0, signal: controller.signal, restarts },
		onStart() {
			if (++starts === 3) controller.abort();
		},
	});
	assert.ok(starts >= 3 && starts < restarts); // some are made side by side
	assert.equal(found.stopped, "interrupted");
	assert.ok(furthest(found.centres, meansOf(rows, found, 4)) < 1e-5);
});

function meansOf(
	rows: number[][],
	{ assignment }: { assignment: Uint32Array },
	k: number,
): Float64Array {
	const d = rows[0].length;
	const means = new Float64Array(k * d);
	for (let c = 0; c < k; c++) {
		const own = rows.filter((_, i) => assignment[i] === c);
		for (let j = 0; j < d; j++)
			means[c * d + j] = own.reduce((sum, row) => sum + row[j], 0) / own.length;
	}
	return means;
}

test("ml-kmeans is refused data that it would take minutes for", async () => {
	const x = {
		kind: "dense",
		rows: 1e5,
		columns: 1e3,
		data: new Float32Array(),
	} as const;
	await assert.rejects(kMeansWithLibrary(x, { k: 5, seed: 0 }), /small data/);
});

test("spherical: rows along two directions part by direction, whatever their length, and the centres have the length 1", async () => {
	const rows = [
		[1, 0, 0],
		[50, 1, 0],
		[0, 1, 0],
		[1, 90, 0],
	];
	for (const matrix of [dense, sparse]) {
		const found = await kMeans(matrix(rows), {
			k: 2,
			seed: 0,
			metric: "spherical",
		});
		const [a, b, c, d] = found.assignment;
		assert.ok(a === b && c === d && a !== c);
		for (const of of [0, 1]) {
			const centre = [...found.centres.subarray(3 * of, 3 * of + 3)];
			assert.ok(Math.abs(Math.hypot(...centre) - 1) < 1e-6);
		}
		// 2 − 2 cos of each row with the direction between the two.
		const half = Math.atan(1 / 50) / 2;
		const other = Math.atan(1 / 90) / 2;
		const expected = 4 * (1 - Math.cos(half)) + 4 * (1 - Math.cos(other));
		assert.ok(Math.abs(found.inertia - expected) < 1e-7);
	}
});

test("with 7, 18 and 65 clusters every row is at the nearest centre, as distances from the differences say", async () => {
	const rows = blobs(400, 6, 30, 8).rows.map((row) => row.map(Math.fround));
	for (const k of [7, 18, 65])
		for (const matrix of [dense, sparse]) {
			const { assignment, centres, inertia } = await kMeans(matrix(rows), {
				...{ k, seed: 2, restarts: 2 },
			});
			let sum = 0;
			rows.forEach((row, i) => {
				const to = Array.from({ length: k }, (_, c) =>
					row.reduce((s, v, j) => s + (v - centres[c * 30 + j]) ** 2, 0),
				);
				assert.ok(to[assignment[i]] <= Math.min(...to) + 1e-4);
				sum += to[assignment[i]];
			});
			assert.ok(Math.abs(sum / inertia - 1) < 1e-9);
		}
});

test("a hundred thousand equal rows have their number as their mean, to the last digit", async () => {
	const value = Math.fround(0.1);
	const rows = Array.from({ length: 100_000 }, () => [value]);
	const { centres, inertia } = await kMeans(sparse([...rows, [7]]), {
		...{ k: 2, seed: 0, restarts: 1 },
	});
	assert.ok(centres.includes(value));
	assert.ok(inertia < 1e-9);
});

test("new rows go to the nearest of the centres, the first of equal ones", async () => {
	const centres = Float32Array.of(0, 0, 4, 0, 4, 0);
	for (const matrix of [dense, sparse]) {
		const { assignment, distance } = await nearestCentres(
			matrix([
				[1, 0],
				[4, 3],
				[2, 0],
			]),
			centres,
			3,
		);
		assert.deepEqual([...assignment], [0, 1, 0]);
		assert.deepEqual([...distance], [1, 9, 4]);
	}
});

test("NaN is refused, and the row is named", async () => {
	for (const matrix of [dense, sparse])
		await assert.rejects(
			kMeans(matrix([[1], [Number.NaN], [2]]), { k: 2, seed: 0 }),
			/Row 1 is not finite \(column 0 is/,
		);
});

test("rows of zeros are one place: two clusters of them are refused", async () => {
	const zeros = [
		[0, 0],
		[0, 0],
		[0, 0],
	];
	for (const matrix of [dense, sparse])
		await assert.rejects(
			kMeans(matrix(zeros), { k: 2, seed: 0 }),
			/only 1 of the rows are distinct/,
		);
});
