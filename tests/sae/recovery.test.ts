import assert from "node:assert/strict";
import test from "node:test";
import { random } from "../../src/random";
import { recovery } from "../../src/sae";
import { randomRows } from "../../src/sae/engine/start";

const rows = (d_in: number, ...values: number[]) => ({
	W_dec: Float32Array.from(values),
	cfg: { d_in },
});

test("recovery finds the nearest latent of each direction, whatever their lengths", async () => {
	// Directions (1, 0), (0, 2), (−3, 0); latents (0, 5), (4, 3), zeros.
	const found = await recovery(
		Float32Array.of(1, 0, 0, 2, -3, 0),
		rows(2, 0, 5, 4, 3, 0, 0),
		{ threshold: 0.8 },
	);
	const expected = [0.8, 1, 0];
	found.best.forEach((c, i) => {
		assert.ok(Math.abs(c - expected[i]) < 1e-6);
	});
	assert.deepEqual([...found.latent.slice(0, 2)], [1, 0]);
	assert.ok(Math.abs(found.mean_max_cosine - 0.6) < 1e-6);
	assert.equal(found.recovered, 2 / 3);
	assert.equal(found.kind, "recovery");
});

test("a threshold above what was reached recovers less, and it is 0.9 where none is given", async () => {
	const directions = Float32Array.of(1, 0, 0, 1);
	const sae = rows(2, 0, 1, 4, 3);
	assert.equal((await recovery(directions, sae)).recovered, 0.5);
	const found = await recovery(directions, sae, { threshold: 0.7 });
	assert.equal(found.recovered, 1);
});

test("more directions and latents than fit in one block give what a plain loop gives", async () => {
	const [d_in, d_true, d_sae] = [5, 1100, 9000];
	const source = random(2);
	const directions = randomRows(d_true, d_in, 2, source);
	const W_dec = randomRows(d_sae, d_in, 3, source);
	const found = await recovery(directions, { W_dec, cfg: { d_in } });
	for (let t = 0; t < d_true; t += 37) {
		let [best, latent] = [-2, 0];
		for (let l = 0; l < d_sae; l++) {
			let dot = 0;
			for (let i = 0; i < d_in; i++)
				dot += (directions[t * d_in + i] * W_dec[l * d_in + i]) / 6;
			if (dot > best) [best, latent] = [dot, l];
		}
		assert.equal(found.latent[t], latent);
		assert.ok(Math.abs(found.best[t] - best) < 1e-6);
	}
});

test("random latents recover nothing of a planted dictionary", async () => {
	const source = random(3);
	const directions = randomRows(512, 128, 1, source);
	const W_dec = randomRows(1024, 128, 1, source);
	const found = await recovery(directions, { W_dec, cfg: { d_in: 128 } });
	assert.equal(found.recovered, 0);
	assert.ok(found.mean_max_cosine < 0.4, `${found.mean_max_cosine}`);
});

test("directions of another width, values that are not finite and a threshold that is no cosine are refused", async () => {
	const sae = rows(2, 0, 1);
	await assert.rejects(
		recovery(Float32Array.of(1, 2, 3), sae),
		/directions has 3 values, which do not make rows of 2/,
	);
	await assert.rejects(
		recovery(Float32Array.of(1, 2, Number.NaN, 0), sae),
		/Row 1 of directions is not finite \(column 0 is NaN\): /,
	);
	await assert.rejects(
		recovery(Float32Array.of(1, 2), sae, { threshold: 2 }),
		/threshold is 2/,
	);
});
