import assert from "node:assert/strict";
import { test } from "node:test";
import { minimise } from "../../src/probe/lbfgs";

test("Rosenbrock's valley is followed to its floor at (1, 1)", async () => {
	const found = await minimise(
		async ([x, y], g) => {
			g[0] = -2 * (1 - x) - 400 * x * (y - x * x);
			g[1] = 200 * (y - x * x);
			return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
		},
		Float64Array.of(-1.2, 1),
		{ tolerance: 1e-10, maxIterations: 200 },
	);
	assert.equal(found.converged, true);
	assert.ok(Math.abs(found.x[0] - 1) < 1e-8 && Math.abs(found.x[1] - 1) < 1e-8);
	assert.ok(found.iterations < 60);
});

test("a quadratic of condition 10,000 is solved", async () => {
	const curvature = Array.from({ length: 50 }, (_, i) => 10 ** (i / 12.25));
	const found = await minimise(
		async (x, g) => {
			let value = 0;
			for (let i = 0; i < x.length; i++) {
				g[i] = curvature[i] * (x[i] - i);
				value += 0.5 * curvature[i] * (x[i] - i) ** 2;
			}
			return value;
		},
		new Float64Array(50),
		{ tolerance: 1e-8, maxIterations: 2000 },
	);
	assert.equal(found.converged, true);
	for (let i = 0; i < 50; i++) assert.ok(Math.abs(found.x[i] - i) < 1e-7);
});

test("running out of iterations is told", async () => {
	const found = await minimise(
		async ([x], g) => {
			g[0] = 4 * x ** 3;
			return x ** 4;
		},
		Float64Array.of(3),
		{ tolerance: 1e-30, maxIterations: 2 },
	);
	assert.equal(found.converged, false);
	assert.equal(found.iterations, 2);
});

test("a signal stops it", async () => {
	const signal = AbortSignal.abort();
	await assert.rejects(
		minimise(
			async ([x], g) => {
				g[0] = 2 * x;
				return x * x;
			},
			Float64Array.of(3),
			{ tolerance: 1e-30, maxIterations: 9, signal },
		),
		/aborted/,
	);
});
