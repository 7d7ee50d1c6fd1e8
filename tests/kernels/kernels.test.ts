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
	const alpha = (lr * c2) / (1 - b1);
	kernels.adam(0, 4, at.w, at.g, at.m, at.v, 1, b1, b2, alpha, 1e-8 * c2);
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
			const { w: W, g: G, m: M, v: V } = at;
			kernels.adam(0, n, W, G, M, V, 0.25, 0.9, 0.999, alpha, eps);
			array.g.forEach((whole, i) => {
				const g = 0.25 * whole;
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

test("Adam on unit rows takes the gradient off each row, clips it, moves the row and brings it back to length 1", () => {
	for (const d of lengths.filter((n) => n > 1)) {
		const rows = 3;
		const n = rows * d;
		const { array, at, crew, kernels } = allocate({
			w: n,
			g: n,
			m: n,
			v: n,
			along: rows,
		});
		array.w.set(normals(n, 4));
		kernels.normalizeRows(at.w, rows, d);
		const w = Array.from(array.w);
		array.g.set(normals(n, 5));
		const [clip, lr] = [0.5, 0.1];
		const expected: number[] = [];
		for (let r = 0; r < rows; r++) {
			const own = w.slice(r * d, (r + 1) * d);
			const g = Array.from(array.g.subarray(r * d, (r + 1) * d));
			const along = own.reduce((sum, v, i) => sum + v * g[i], 0);
			array.along[r] = along;
			// The first step of Adam moves by lr · g / (|g| + ε·√…); a large ε makes it depend on the length of g.
			const moved = own.map((v, i) => {
				const left = clip * (g[i] - along * v);
				return v - (lr * 0.1 * left) / (Math.sqrt(0.001 * left * left) + 0.01);
			});
			const length = Math.hypot(...moved);
			expected.push(...moved.map((v) => v / length));
		}
		const where = [at.w, at.g, at.m, at.v, at.along];
		crew.run("adamUnitRows", rows, 1, d, ...where, clip, 0.9, 0.999, lr, 0.01);
		close(array.w, expected);
	}
});

test("rows are added up and multiplied four at a time, whatever is left over", () => {
	for (const n of lengths)
		for (const count of [0, 1, 3, 4, 5, 11]) {
			const sizes = {
				out: n + 4,
				x: n,
				by: 11,
				which: 11,
				dots: 12,
				rows: 7 * n,
			};
			const { array, at, kernels, memory } = allocate(sizes);
			const which = new Uint32Array(memory.buffer, at.which, 11);
			which.set([3, 0, 6, 6, 2, 1, 5, 4, 0, 3, 3]);
			for (const name of ["out", "x", "by", "rows"] as const)
				array[name].set(normals(array[name].length, name.length));
			const row = (j: number) =>
				Array.from(array.rows.subarray(which[j] * n, (which[j] + 1) * n));
			const out = Array.from(array.out);
			for (let j = 0; j < count; j++)
				row(j).forEach((v, i) => {
					out[i] += array.by[j] * v;
				});
			kernels.addRows(at.out, n, count, at.which, at.by, at.rows);
			close(array.out, out); // and nothing beyond
			const dots = Array.from({ length: 12 }, (_, j) =>
				j < count ? 2 * row(j).reduce((s, v, i) => s + v * array.x[i], 0) : 0,
			);
			kernels.dotRows(at.dots, at.x, 2, n, count, at.which, at.rows);
			close(array.dots, dots);
		}
});

test("a vector is taken off every row", () => {
	const { array, at, crew } = allocate({ out: 6, x: 6, b: 3 });
	array.x.set([1, 2, 3, 10, 20, 30]);
	array.b.set([1, 0, -1]);
	crew.run("centreRows", 2, 1, at.out, at.x, at.b, 3);
	close(array.out, [0, 2, 4, 9, 20, 31]);
});

/** Rows that a selection may meet. */
const kinds: Record<string, (draw: ReturnType<typeof random>) => number> = {
	"of all kinds": (draw) => draw.normal(),
	"with many equals": (draw) => Math.round(draw.normal()),
	"with nothing above zero": (draw) => -Math.abs(draw.normal()),
	"with little above zero": (draw) => draw.uniform() - 0.99,
	"with infinities": (draw) => 1 / draw.int(4),
	"with what is no number": (draw) => (draw.int(2) ? draw.normal() : NaN),
};

for (const [kind, draw] of Object.entries(kinds))
	test(`the k largest of rows ${kind} are those of a sort, and where they stand`, () => {
		for (const [rows, n, k] of [
			[5, 7, 3],
			[3, 61, 6],
			[2, 130, 32],
			[3, 515, 4],
			[2, 1024, 32],
			[2, 2051, 64],
			[1, 8, 8],
		]) {
			const { array, at, kernels, memory } = allocate({
				x: rows * n,
				values: rows * k,
				indices: rows * k,
				room: 8 * k + 36 + 2 * n,
			});
			assert.ok(kernels.groupsFor(k) <= 8 * k + 32);
			const source = random(n);
			array.x.forEach((_, i) => {
				array.x[i] = draw(source);
			});
			const { x, values, indices: where, room } = at;
			kernels.selectRows(rows, n, k, x, values, where, room);
			const indices = new Uint32Array(memory.buffer, where, rows * k);
			for (let r = 0; r < rows; r++) {
				const row = array.x.subarray(r * n, (r + 1) * n);
				const kept = array.values.subarray(r * k, (r + 1) * k);
				const positive = Array.from(row).filter((v) => v > 0);
				const sorted = positive.sort((a, b) => b - a).slice(0, k);
				const padded = [...sorted, ...Array(k - sorted.length).fill(0)];
				assert.deepEqual(
					Array.from(kept).sort((a, b) => b - a),
					padded,
				);
				const own = indices.subarray(r * k, r * k + sorted.length);
				assert.equal(new Set(own).size, sorted.length);
				own.forEach((i, j) => {
					assert.equal(row[i], kept[j]);
				});
			}
		}
	});
