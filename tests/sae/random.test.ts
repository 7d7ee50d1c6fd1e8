import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { loadSae, randomSae } from "../../src/sae";
import { fakeActivations } from "../fake-activations";
import { furthest } from "../matrices";
import { temporaryFolder } from "../tiny";

const sizes = { d_in: 6, d_sae: 40, k: 3 };
const text = Array.from({ length: 20 }, (_, i) => `w${i} w${(7 * i) % 20}`);
const acts = fakeActivations(text, (w) =>
	Array.from({ length: 6 }, (_, j) => Math.sin(Number(w.slice(1)) * 5 + j * j)),
);

test("a random SAE has unit directions as decoder, their transpose as encoder, and no biases", () => {
	const { W_dec, W_enc, b_dec, b_enc } = randomSae(sizes);
	for (let latent = 0; latent < 40; latent++) {
		const row = W_dec.subarray(latent * 6, latent * 6 + 6);
		assert.ok(Math.abs(Math.hypot(...row) - 1) < 1e-6);
		for (let j = 0; j < 6; j++) assert.equal(W_enc[j * 40 + latent], row[j]);
	}
	assert.deepEqual(b_dec, new Float32Array(6));
	assert.deepEqual(b_enc, new Float32Array(40));
});

test("it keeps k latents a row: those whose directions the row points to most", async () => {
	const sae = randomSae({ ...sizes, hook_name: acts.hook_name });
	const latents = await sae.encode(acts);
	assert.equal(latents.d_sae, 40);
	const x = acts.data.subarray(0, 6);
	const products = Array.from({ length: 40 }, (_, latent) =>
		x.reduce((sum, v, j) => sum + v * sae.W_dec[latent * 6 + j], 0),
	);
	const best = [...products.keys()]
		.sort((a, b) => products[b] - products[a])
		.slice(0, 3)
		.sort((a, b) => a - b);
	assert.deepEqual([...latents.indices.subarray(0, 3)], best);
	assert.ok(
		furthest(
			latents.values.subarray(0, 3),
			best.map((latent) => products[latent]),
		) < 1e-6,
	);
	for (let row = 0; row < acts.n_tokens; row++)
		assert.equal(latents.indptr[row + 1] - latents.indptr[row], 3);
});

test("the seed makes the weights, and b_dec is taken off the rows", async () => {
	const one = randomSae({ ...sizes, seed: 1 });
	assert.deepEqual(one.W_dec, randomSae({ ...sizes, seed: 1 }).W_dec);
	assert.notDeepEqual(one.W_dec, randomSae(sizes).W_dec);
	const b_dec = acts.data.slice(0, 6);
	const { indices } = await randomSae({ ...sizes, b_dec }).encodeRows(
		acts.data.slice(0, 6),
	);
	assert.equal(indices.length, 0);
});

test("another SAE's config can be spread in, and a random SAE saves and loads", async () => {
	const { folder, remove } = temporaryFolder();
	try {
		const sae = randomSae({ ...sizes, model_name: "tiny", prepend_bos: false });
		const again = randomSae({ ...sae.cfg, k: 5 });
		assert.deepEqual(again.cfg, { ...sae.cfg, k: 5 });
		assert.deepEqual(again.W_dec, sae.W_dec);
		sae.save(join(folder, "sae"));
		const loaded = await loadSae(join(folder, "sae"));
		assert.deepEqual(loaded.W_enc, sae.W_enc);
		assert.equal(loaded.cfg.k, 3);
	} finally {
		remove();
	}
});

test("sizes that cannot be are refused in a sentence", () => {
	assert.throws(
		() => randomSae({ ...sizes, k: 41 }),
		/k is 41 and d_sae is 40/,
	);
	assert.throws(() => randomSae({ ...sizes, d_in: 0 }), /d_in is 0, where/);
	assert.throws(() => randomSae({ ...sizes, k: 1.5 }), /k is 1\.5, where/);
	assert.throws(
		() => randomSae({ ...sizes, b_dec: new Float32Array(5) }),
		/b_dec has 5 numbers and d_in is 6/,
	);
});
