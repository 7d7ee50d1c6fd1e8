import assert from "node:assert/strict";
import test from "node:test";
import { allocate } from "../../src/kernels";
import { random } from "../../src/random";

/** Lengths with and without a tail. */
const lengths = [1, 3, 4, 7, 8, 13, 48, 128, 131];

function normals(n: number, seed = 1): Float32Array {
	const r = random(seed);
	return Float32Array.from({ length: n }, () => r.normal());
}

function close(actual: ArrayLike<number>, expected: number[], within = 1e-5) {
	assert.equal(actual.length, expected.length);
	expected.forEach((value, i) => {
		assert.ok(
			Math.abs(actual[i] - value) <= within * Math.max(1, Math.abs(value)),
			`[${i}] is ${actual[i]}, not ${value}`,
		);
	});
}

test("arrays begin at multiples of 64 bytes, do not overlap and hold zeros", () => {
	const { at, array } = allocate({ a: 3, b: 17, c: 0, d: 5 });
	for (const offset of Object.values(at)) assert.equal(offset % 64, 0);
	assert.equal(at.b - at.a, 64);
	assert.equal(at.d - at.b, 128);
	array.a.fill(1);
	assert.ok(array.b.every((v) => v === 0));
});

test("a size that is no whole number, or more than 4 GiB, is refused", () => {
	assert.throws(() => allocate({ a: 1.5 }), /"a" was given the size 1.5/);
	assert.throws(() => allocate({ a: 2 ** 31 }), /8.0 GiB/);
});

test("the first Adam step moves every weight by the learning rate against its gradient", () => {
	const { array, at, kernels } = allocate({ w: 4, g: 4, m: 4, v: 4 });
	array.w.set([1, 2, 3, 4]);
	array.g.set([5, -0.01, 100, 0]);
	const [lr, b1, b2] = [0.1, 0.9, 0.999];
	const c2 = Math.sqrt(1 - b2);
	kernels.adam(
		at.w,
		at.g,
		at.m,
		at.v,
		4,
		b1,
		b2,
		(lr * c2) / (1 - b1),
		1e-8 * c2,
	);
	close(array.w, [0.9, 2.1, 2.9, 4]);
});

test("Adam follows the published algorithm over 50 steps, at every length", () => {
	for (const n of lengths) {
		const { array, at, kernels } = allocate({ w: n, g: n, m: n, v: n });
		array.w.set(normals(n));
		const w = Array.from(array.w);
		const m = w.map(() => 0);
		const v = w.map(() => 0);
		for (let t = 1; t <= 50; t++) {
			array.g.set(normals(n, t));
			const c1 = 1 - 0.9 ** t;
			const c2 = 1 - 0.999 ** t;
			const alpha = (0.01 * Math.sqrt(c2)) / c1;
			const eps = 1e-8 * Math.sqrt(c2);
			kernels.adam(at.w, at.g, at.m, at.v, n, 0.9, 0.999, alpha, eps);
			array.g.forEach((g, i) => {
				m[i] = 0.9 * m[i] + 0.1 * g;
				v[i] = 0.999 * v[i] + 0.001 * g * g;
				w[i] -= (0.01 * (m[i] / c1)) / (Math.sqrt(v[i] / c2) + 1e-8);
			});
		}
		close(array.w, w, 1e-5);
	}
});

test("dot, axpy, scale and sumSquares agree with plain loops at every length, and write nothing beyond", () => {
	for (const n of lengths) {
		const { array, at, kernels } = allocate({ x: n, y: n + 8 });
		const x = normals(n, 2);
		const y = normals(n + 8, 3);
		array.x.set(x);
		array.y.set(y);
		const dot = x.reduce((sum, value, i) => sum + value * y[i], 0);
		close([kernels.dot(at.x, at.y, n)], [dot]);
		close(
			[kernels.sumSquares(at.x, n)],
			[x.reduce((sum, value) => sum + value * value, 0)],
		);
		kernels.axpy(at.y, at.x, 0.5, n);
		kernels.scale(at.y, 3, n);
		const expected = Array.from(y, (value, i) =>
			i < n ? 3 * (value + 0.5 * x[i]) : value,
		);
		close(array.y, expected);
	}
});

test("columnSums adds the scaled sum over the rows", () => {
	const { array, at, kernels } = allocate({ out: 3, x: 6 });
	array.out.set([1, 1, 1]);
	array.x.set([1, 2, 3, 10, 20, 30]);
	kernels.columnSums(at.out, at.x, -2, 2, 3);
	close(array.out, [-21, -43, -65]);
});

test("rows become unit vectors, and a projected gradient has no part along them", () => {
	const { array, at, kernels } = allocate({ w: 4, g: 4 });
	array.w.set([3, 4, 0, 0]);
	array.g.set([1, 1, 1, 1]);
	kernels.normalizeRows(at.w, 2, 2);
	close(array.w, [0.6, 0.8, 0, 0]);
	kernels.projectRows(at.g, at.w, 2, 2);
	close(array.g, [0.16, -0.12, 1, 1]); // (1,1) − 1.4·(0.6,0.8)
});

test("the sparse backward pass gives the gradient worked by hand", () => {
	// One row, d = 2, three latents, latents 2 and 0 chosen; latent 0 has the value 0 and takes no part.
	const { array, at, kernels, memory } = allocate({
		indices: 2,
		values: 2,
		target: 2,
		x: 2,
		W: 6,
		gd: 6,
		ge: 6,
		gb: 3,
		error: 2,
		gradient: 2,
	});
	new Int32Array(memory.buffer, at.indices, 2).set([2, 0]);
	array.values.set([2, 0]);
	array.target.set([1, 1]);
	array.x.set([5, 7]);
	array.W.set([9, 9, 9, 9, 0, 1]);
	const loss = kernels.sparseBackward(
		1,
		2,
		2,
		0.5,
		at.indices,
		at.values,
		at.target,
		at.x,
		at.W,
		at.gd,
		at.ge,
		at.gb,
		at.error,
		at.gradient,
	);
	// error = 2·(0,1) − (1,1) = (−1,1); 2c·error = (−1,1); along W[2]: 1
	close([loss], [2]);
	close(array.error, [-1, 1]);
	close(array.gd, [0, 0, 0, 0, -2, 2]);
	close(array.ge, [0, 0, 0, 0, 5, 7]);
	close(array.gb, [0, 0, 1]);
});
