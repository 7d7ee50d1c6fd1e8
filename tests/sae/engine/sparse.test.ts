import assert from "node:assert/strict";
import test from "node:test";
import { random } from "../../../src/random";
import { topk } from "../../../src/sae/architectures/topk";
import type { CpuTrainee } from "../../../src/sae/engine/cpu";
import {
	allocateSparse,
	openSparse,
	type SparseSizes,
} from "../../../src/sae/engine/sparse";
import { startingState } from "../../../src/sae/engine/start";
import { normals, settings } from "../architectures/oracle";

const parameters = ["W_enc", "b_enc", "W_dec", "b_dec"] as const;

/** Three latents in two dimensions, the third between the two others. */
function tiny(batch: number, sizes: SparseSizes, x: number[]) {
	const shape = { d_in: 2, d_sae: 3, batch };
	const store = allocateSparse(shape, parameters, sizes, { threads: 1 });
	store.array.W_dec.set([1, 0, 0, 1, 0.6, 0.8]);
	store.array.W_enc.set([1, 0, 0, 2, 3, 0]);
	store.array.b_dec.set([1, 0]);
	store.array.x.set(x);
	return { ...store, sparse: openSparse(store, shape, sizes) };
}

function close(actual: ArrayLike<number>, expected: number[]) {
	assert.equal(actual.length, expected.length);
	expected.forEach((value, i) => {
		assert.ok(
			Math.abs(actual[i] - value) < 1e-5,
			`[${i}] is ${actual[i]}, not ${value}`,
		);
	});
}

test("a sparse step's gradients are those worked by hand", () => {
	const sizes = { widths: [3], capacity: 3, dead_capacity: 2 };
	const { array, sparse } = tiny(2, sizes, [2, 1, 1, 3]);
	sparse.centre();
	close(array.centred, [1, 1, 0, 3]);
	// Row 0 has latent 0; row 1 latent 1, and latent 0 with the value 0, which takes no part.
	sparse.rows.indptr.set([0, 1, 3]);
	sparse.rows.indices.set([0, 1, 0]);
	sparse.rows.values.set([2, 1, 0]);
	for (const name of ["g_W_dec", "g_W_enc", "g_b_enc", "g_b_dec"] as const)
		array[name].fill(99);
	// E = (1, −1), (0, −2), and c = 1
	close(sparse.backward(1, 0).squares, [3]);
	close(array.g_W_dec, [2, -2, 0, -2, 0, 0]);
	close(array.g_W_enc, [1, 1, 0, -6, 0, 0]);
	close(array.g_b_enc, [1, -2, 0]);
	close(array.g_b_dec, [0, 1]); // (1, −3) − 1·(1, 0) + 2·(0, 2)
	close(array.along, [2, -2, 0]);
	close(array.squares, [8 - 4 + 2 + 1, 4 - 4 + 36 + 4, 0]);
	assert.deepEqual(sparse.firing(), { l0: 1, l1: 1.5 });
	assert.deepEqual(Array.from(sparse.fired), [1, 1, 0]);

	// Latent 2 is dead and is to explain row 0: its error is −1·(0.6, 0.8) + (1, −1) = (0.4, −1.8).
	sparse.dead_rows.indptr.set([0, 1, 1]);
	sparse.dead_rows.indices.set([2]);
	sparse.dead_rows.values.set([-1]);
	const { squares, dead } = sparse.backward(1, 1);
	close([...squares, dead], [3, (3.4 + 4) / 2]);
	close(array.g_W_dec, [2, -2, 0, -2, -0.4, 1.8]);
	close(array.g_W_enc, [1, 1, 0, -6, -1.2, -1.2]);
	close(array.g_b_enc, [1, -2, -1.2]);
	close(array.g_b_dec, [3.6, 1]);
	assert.deepEqual(sparse.firing(), { l0: 1, l1: 1.5 });
});

test("a latent gets the errors of every width that it is part of", () => {
	const sizes = { widths: [1, 3], capacity: 2, dead_capacity: 0 };
	const { array, sparse } = tiny(1, sizes, [2, 1]);
	sparse.centre();
	sparse.rows.indptr.set([0, 2]);
	sparse.rows.indices.set([0, 2]);
	sparse.rows.values.set([2, 1]);
	// E = (1, −1), then (1.6, −0.2); latent 0 gets their sum; c = 2
	close(sparse.backward(1, 0).squares, [2, 2.6]);
	close(array.g_W_dec, [10.4, -4.8, 0, 0, 3.2, -0.4]);
	close(array.g_b_enc, [5.2, 0, 1.6]);
	close(array.g_W_enc, [5.2, 5.2, 0, 0, 1.6, 1.6]);
	close(array.g_b_dec, [-4.8, -2.4]); // 2·(2.6, −1.2) − 5.2·(1, 0) − 1.6·(3, 0)
});

test("a row may have no latents, and all may be on one row", () => {
	const sizes = { widths: [3], capacity: 3, dead_capacity: 0 };
	const { array, sparse } = tiny(3, sizes, [1, 2, 2, 0, 1, -1]);
	sparse.centre();
	sparse.rows.indptr.set([0, 0, 3, 3]);
	sparse.rows.indices.set([2, 1, 0]);
	sparse.rows.values.set([1, 1, 1]);
	// E = (0, −2), (1.6, 1.8) − (1, 0), (0, 1)
	close(sparse.backward(1, 0).squares, [(4 + 0.36 + 3.24 + 1) / 3]);
	const c = 2 / 3;
	const g = [c * 0.6, c * 1.8];
	close(array.g_W_dec, [...g, ...g, ...g]);
});

test("steps are the same to the last bit with one, two and three threads", async () => {
	const shape = { d_in: 37, d_sae: 700, batch: 301 };
	const given = { ...settings, k: 9, matryoshka_widths: [700] };
	const states: Record<string, Float32Array>[] = [];
	for (const threads of [1, 2, 3]) {
		const trainee = (await topk.open(shape, {
			...given,
			threads,
		})) as CpuTrainee;
		const source = random(4);
		const b_dec = normals(shape.d_in, source);
		await trainee.write(startingState(topk, shape, given, b_dec, source));
		const { at, crew } = trainee.store;
		const end = Date.now() + 20_000;
		while (threads > 1 && crew.helped() === 0 && Date.now() < end)
			crew.run("centreRows", 301, 1, at.g_W_enc, at.x, at.b_dec, 37);
		assert.equal(crew.helped() > 0, threads > 1);
		for (let t = 1; t <= 6; t++) {
			trainee.x.set(normals(trainee.x.length, source, 2));
			const dead = Uint32Array.from({ length: 5 * t }, (_, i) => 7 * i);
			await trainee.step([{ t, lr: 0.01, coefficient: 0, dead }]);
		}
		const { tensors } = await trainee.read();
		const copies = Object.entries(tensors).map(([p, data]) => [
			p,
			data.slice(),
		]);
		states.push(Object.fromEntries(copies));
		await trainee.release();
	}
	assert.deepEqual(states[1], states[0]);
	assert.deepEqual(states[2], states[0]);
});
