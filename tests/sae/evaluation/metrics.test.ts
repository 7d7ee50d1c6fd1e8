import assert from "node:assert/strict";
import test from "node:test";
import { reconstructionMetrics } from "../../../src/sae";

/** Metrics of rows of width 2, added in batches of `size` rows. */
function measure(x: number[], reconstruction: number[], size = x.length / 2) {
	const metrics = reconstructionMetrics(2);
	for (let from = 0; from < x.length; from += 2 * size) {
		const part = (all: number[]) =>
			Float32Array.from(all.slice(from, from + 2 * size));
		metrics.add(part(x), part(reconstruction));
	}
	return metrics.result();
}

function close(actual: number, expected: number): void {
	assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);
}

// Off centre on purpose: their mean is (11, 0).
const x = [10, 1, 12, 1, 10, -1, 12, -1];

test("explained variance is 0 for always answering with the mean, by both definitions", () => {
	const m = measure(x, [11, 0, 11, 0, 11, 0, 11, 0]);
	close(m.explained_variance, 0);
	close(m.explained_variance_legacy, 0);
	close(m.fvu, 1);
	close(m.mse, 2);
});

test("explained variance is 1 for a perfect copy", () => {
	const m = measure(x, x);
	close(m.explained_variance, 1);
	close(m.explained_variance_legacy, 1);
	close(m.mse, 0);
	close(m.cossim, 1);
	close(m.l2_ratio, 1);
	assert.equal(m.n, 4);
});

test("answering with zero is worse than with the mean", () => {
	// E‖x‖² = 123, E‖x‖² − ‖E x‖² = 2
	close(
		measure(
			x,
			x.map(() => 0),
		).explained_variance,
		1 - 123 / 2,
	);
});

test("explained variance does not depend on the batches, and is not the mean of the batches'", () => {
	const y = [10.5, 1, 12, 0, 10, -1, 12, -1];
	close(measure(x, y).explained_variance, 1 - 1.25 / 4 / 2);
	close(measure(x, y, 2).explained_variance, 1 - 1.25 / 4 / 2);
	close(measure(x, y, 1).explained_variance, 1 - 1.25 / 4 / 2);
});

test("the legacy explained variance is the mean over rows of each row's ratio", () => {
	// Rows (0,0), (2,0), (10,0): mean (4,0), spreads 16, 4, 36; errors 1, 1, 0.
	const m = measure([0, 0, 2, 0, 10, 0], [1, 0, 2, 1, 10, 0]);
	close(m.explained_variance_legacy, (1 - 1 / 16 + 1 - 1 / 4 + 1) / 3);
	close(m.explained_variance, 1 - 2 / 56);
});

test("cosine and length ratio are means over rows", () => {
	const m = measure([3, 4, 1, 0], [6, 8, 0, 5]);
	close(m.cossim, 0.5);
	close(m.l2_ratio, (2 + 5) / 2);
});

test("the lengths are means over rows, and a row of almost no length is not divided by", () => {
	const m = measure([3, 4, 0, 0], [6, 8, 0, 5]);
	close(m.l2_norm_in, 2.5);
	close(m.l2_norm_out, 7.5);
	close(m.l2_ratio, (2 + 5) / 2);
});

test("NMSE divides each row's error by its own squared length: 1 for answering with zero", () => {
	close(measure([3, 4, 1, 0], [0, 0, 0, 0]).nmse, 1);
	close(measure([3, 4, 1, 0], [3, 4, 1, 0.5]).nmse, 0.25 / 2);
	close(measure([0, 0, 1, 0], [0, 0, 1, 0]).nmse, 0);
	// Far from the origin the same error is next to nothing, while explained variance sees it.
	const far = measure([100, 1, 100, -1], [100, 0, 100, 0]);
	assert.ok(far.nmse < 1e-3);
	close(far.explained_variance, 0);
});

test("the relative reconstruction bias of rows shrunk to a share is that share", () => {
	const shrunk = x.map((value) => 0.8 * value);
	close(measure(x, shrunk).relative_reconstruction_bias, 0.8);
	// E‖x̂‖² / E[x · x̂], not a mean of ratios: (36 + 64 + 25) / (18 + 32 + 0)
	close(
		measure([3, 4, 1, 0], [6, 8, 0, 5]).relative_reconstruction_bias,
		125 / 50,
	);
});

test("rows that are all alike have no variance to explain, whatever the last digits of their sums", () => {
	const alike = measure(
		[0.1, 0.2, 0.1, 0.2, 0.1, 0.2],
		[0.1, 0.25, 0.1, 0.2, 0.1, 0.2],
	);
	for (const name of [
		"explained_variance",
		"explained_variance_legacy",
		"fvu",
	] as const)
		assert.equal(alike[name], Number.NaN, name);
	assert.equal(measure([1, 2], [1, 3]).explained_variance, Number.NaN);
});

test("reconstructions that point away from the rows have no bias that could be told", () => {
	assert.equal(
		measure([3, 4, 1, 0], [-6, -8, 0, 5]).relative_reconstruction_bias,
		Number.NaN,
	);
	assert.equal(
		measure([3, 4, 1, 0], [0, 0, 0, 0]).relative_reconstruction_bias,
		Number.NaN,
	);
});
