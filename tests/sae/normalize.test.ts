import assert from "node:assert/strict";
import test from "node:test";
import { random } from "../../src/random";
import { normalizeRows, restoreRows } from "../../src/sae/normalize";
import type { Normalization } from "../../src/sae/types";

function near(actual: Iterable<number>, expected: number[]): void {
	const values = [...actual];
	assert.equal(values.length, expected.length);
	for (const [i, v] of values.entries())
		assert.ok(Math.abs(v - expected[i]) < 1e-5, `${values} is not ${expected}`);
}

test("constant_norm_rescale gives every row the length √d_in", () => {
	const x = Float32Array.of(3, 4, 0, 0, 0, 0, 0, -0.5);
	const scaling = normalizeRows(x, 4, "constant_norm_rescale");
	assert.ok(scaling);
	near(x, [1.2, 1.6, 0, 0, 0, 0, 0, -2]); // lengths of 2
	near(scaling.shift, [0, 0]);
	near(scaling.scale, [2.5, 0.25]);
});

test("layer_norm takes out the mean and divides by the standard deviation of n − 1, plus 1e-5", () => {
	const x = Float32Array.of(1, 2, 3, 10, 10, 16);
	const scaling = normalizeRows(x, 3, "layer_norm");
	assert.ok(scaling);
	near(scaling.shift, [2, 12]);
	const deviation = Math.sqrt((4 + 4 + 16) / 2);
	near(scaling.scale, [1, deviation]); // SAELens undoes it without the 1e-5
	near(x, [
		-0.99999,
		0,
		0.99999,
		-2 / deviation,
		-2 / deviation,
		4 / deviation,
	]);
});

test("rows of zeros, rows that are all alike and rows of one value stay finite", () => {
	for (const mode of ["constant_norm_rescale", "layer_norm"] as const) {
		const zeros = new Float32Array(6);
		normalizeRows(zeros, 3, mode);
		near(zeros, [0, 0, 0, 0, 0, 0]);
		const alike = Float32Array.of(5, 5, 5);
		normalizeRows(alike, 3, mode);
		assert.ok(alike.every(Number.isFinite));
		const single = Float32Array.of(-7);
		normalizeRows(single, 1, mode);
		near(single, [mode === "layer_norm" ? 0 : -1]);
	}
});

test("what was normalised can be restored", () => {
	const source = random(3);
	const rows = Float32Array.from({ length: 50 * 7 }, () => 9 * source.normal());
	for (const mode of ["constant_norm_rescale", "layer_norm"] as const) {
		const x = rows.slice();
		const scaling = normalizeRows(x, 7, mode);
		assert.ok(scaling);
		assert.notDeepEqual(x, rows);
		restoreRows(x, 7, scaling);
		const { shift, scale } = scaling;
		const added = mode === "layer_norm" ? 1e-5 : 0;
		const back = [...rows].map((value, i) => {
			const [mean, size] = [shift[Math.floor(i / 7)], scale[Math.floor(i / 7)]];
			return mean + ((value - mean) * size) / (size + added);
		});
		near(x, back);
	}
});

test("the other modes touch no row", () => {
	for (const mode of ["none", "expected_average_only_in"] as Normalization[]) {
		const x = Float32Array.of(3, 4);
		assert.equal(normalizeRows(x, 2, mode), undefined);
		assert.deepEqual(x, Float32Array.of(3, 4));
	}
});
