import assert from "node:assert/strict";
import test from "node:test";
import { random } from "../../../src/random";
import {
	makeOptimizer,
	type OptimizerParts,
} from "../../../src/sae/engine/optimizer";
import { allocateSparse } from "../../../src/sae/engine/sparse";
import { allocateStore } from "../../../src/sae/engine/store";

const shape = { d_in: 7, d_sae: 11, batch: 1 };
const parameters = ["W_enc", "b_enc", "W_dec", "b_dec"] as const;

/** Adam in double precision, with the gradient over all numbers cut at a length. */
function plainAdam(start: Record<string, number[]>, max_grad_norm: number) {
	const w = structuredClone(start);
	const zeros = () =>
		Object.fromEntries(
			Object.entries(start).map(([p, data]) => [p, data.map(() => 0)]),
		);
	const [m, v] = [zeros(), zeros()];
	return (t: number, lr: number, g: Record<string, number[]>) => {
		const length = Math.hypot(...Object.values(g).flat());
		const clip = Math.min(1, max_grad_norm / length);
		for (const p of parameters)
			w[p].forEach((_, i) => {
				const own = clip * g[p][i];
				m[p][i] = 0.9 * m[p][i] + 0.1 * own;
				v[p][i] = 0.999 * v[p][i] + 0.001 * own * own;
				const root = Math.sqrt(v[p][i] / (1 - 0.999 ** t)) + 1e-8;
				w[p][i] -= (lr * (m[p][i] / (1 - 0.9 ** t))) / root;
			});
		return w;
	};
}

/** Adam's steps on a store with weights and gradients at random. */
function assertSteps(parts: OptimizerParts) {
	const unit = parts.unit_decoder;
	const { array, at, kernels } = parts.store;
	const draw = random(3);
	const fill = (data: Float32Array) => {
		data.forEach((_, i) => {
			data[i] = draw.normal();
		});
		return Array.from(data);
	};
	for (const p of parameters) fill(array[p]);
	if (unit) kernels.normalizeRows(at.W_dec, shape.d_sae, shape.d_in);
	const start = Object.fromEntries(
		parameters.map((p) => [p, Array.from(array[p])]),
	);
	const adam = plainAdam(start, parts.settings.max_grad_norm);
	const optimize = makeOptimizer(parts);
	for (let t = 1; t <= 4; t++) {
		const g = Object.fromEntries(
			parameters.map((p) => [p, fill(array[`g_${p}`])]),
		);
		if (unit) project(parts, g);
		const w = adam(t, 0.05, g);
		optimize({ t, lr: 0.05 });
		if (unit)
			for (let i = 0; i < shape.d_sae; i++) {
				const row = w.W_dec.slice(i * shape.d_in, (i + 1) * shape.d_in);
				const length = Math.hypot(...row);
				row.forEach((value, j) => {
					w.W_dec[i * shape.d_in + j] = value / length;
				});
			}
		for (const p of parameters)
			w[p].forEach((value, i) => {
				assert.ok(Math.abs(array[p][i] - value) < 1e-5, `${p}[${i}]`);
			});
	}
}

/** What a sparse step leaves: the part of g along each row of W_dec, and the squared length of a latent's gradients. */
function project({ store }: OptimizerParts, g: Record<string, number[]>) {
	const { d_in, d_sae } = shape;
	const array = store.array as Record<string, Float32Array>;
	const square = (sum: number, v: number) => sum + v * v;
	for (let i = 0; i < d_sae; i++) {
		const own = Array.from({ length: d_in }, (_, j) => i * d_in + j);
		const along = own.reduce((sum, j) => sum + g.W_dec[j] * array.W_dec[j], 0);
		array.along[i] = along;
		for (const j of own) g.W_dec[j] -= along * array.W_dec[j];
		array.squares[i] = own
			.flatMap((j) => [g.W_dec[j], g.W_enc[j]])
			.reduce(square, g.b_enc[i] ** 2);
	}
}

for (const max_grad_norm of [1e9, 0.5])
	test(`the optimizer is Adam on a gradient of length ${max_grad_norm} at most`, () => {
		const store = allocateStore(shape, parameters, {});
		const parts = { store, parameters, shape, settings: { max_grad_norm } };
		assertSteps({ ...parts, unit_decoder: false });
	});

test("a unit decoder's gradient is kept off its rows before it is clipped, and they keep the length 1", () => {
	const sizes = { widths: [11], capacity: 1, dead_capacity: 0 };
	const store = allocateSparse(shape, parameters, sizes, { threads: 1 });
	const settings = { max_grad_norm: 0.5 };
	const parts = { store, parameters, shape, settings, unit_decoder: true };
	assertSteps(parts);
});
