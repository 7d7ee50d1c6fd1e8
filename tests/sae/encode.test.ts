import assert from "node:assert/strict";
import test from "node:test";
import { type Architecture, trainSae } from "../../src/sae";
import { makeSae } from "../../src/sae/sae";
import type { SaeConfig, SaeWeights } from "../../src/sae/types";
import { activations, planted } from "./fakes";

const cfg: SaeConfig = {
	architecture: "topk",
	d_in: 2,
	d_sae: 3,
	k: 2,
	dtype: "float32",
	apply_b_dec_to_input: true,
	normalize_activations: "none",
	hook_name: "blocks.0.hook_resid_post",
	model_name: "fake",
	prepend_bos: true,
};

/** Latents that read x₀, x₁ and x₀ + x₁ of x − (1, 1), and write (1,0), (0,1), (1,1)/2. */
const weights: SaeWeights = {
	W_enc: Float32Array.of(1, 0, 1, 0, 1, 1),
	b_enc: Float32Array.of(0, 0, -1),
	W_dec: Float32Array.of(1, 0, 0, 1, 0.5, 0.5),
	b_dec: Float32Array.of(1, 1),
};

// x − b_dec: (2, 3), (−1, −2), (4, −5); pre: (2, 3, 4), (−1, −2, −4), (4, −5, −2)
const x = Float32Array.of(3, 4, 0, -1, 5, -4);

test("topk keeps the k largest pre-activations, and of them those above zero", async () => {
	const sparse = await makeSae(cfg, weights).encodeRows(x);
	assert.deepEqual([...sparse.indptr], [0, 2, 2, 3]);
	assert.deepEqual([...sparse.indices], [1, 2, 0]);
	assert.deepEqual([...sparse.values], [3, 4, 4]);
});

test("standard keeps everything above zero", async () => {
	const sae = makeSae({ ...cfg, architecture: "standard" }, weights);
	const sparse = await sae.encodeRows(x);
	assert.deepEqual([...sparse.indptr], [0, 3, 3, 4]);
	assert.deepEqual([...sparse.indices], [0, 1, 2, 0]);
	assert.deepEqual([...sparse.values], [2, 3, 4, 4]);
});

test("decoding adds the directions of what fires to b_dec, for the rows asked for", async () => {
	const sae = makeSae(cfg, weights);
	const sparse = await sae.encodeRows(x);
	const all = [3, 6, 1, 1, 5, 1];
	assert.deepEqual([...sae.decode(sparse)], all);
	assert.deepEqual([...sae.decode(sparse, { from: 1 })], all.slice(2));
	assert.deepEqual(
		[...sae.decode(sparse, { from: 1, to: 2 })],
		all.slice(2, 4),
	);
	assert.deepEqual([...(await sae.reconstruct(x))], all);
	assert.throws(() => sae.decode(sparse, { to: 4 }), /Rows 0 to 4 .* are 3/);
});

for (const architecture of ["standard", "topk"] as Architecture[])
	test(`${architecture} latents of a trained SAE are rows with ascending indices and no zeros`, async () => {
		const { acts } = planted(5000, { d_in: 19, d_true: 40, active: 3 });
		const options = { architecture, d_sae: 60, k: 7, training_tokens: 50_000 };
		const sae = await trainSae(acts, options);
		const latents = await sae.encode(acts);
		assert.equal(latents.indptr.length, 5001);
		assert.equal(latents.indptr[5000], latents.indices.length);
		assert.equal(latents.indices.length, latents.values.length);
		assert.ok(latents.values.every((v) => v > 0));
		for (let row = 0; row < 5000; row++) {
			const [from, to] = [latents.indptr[row], latents.indptr[row + 1]];
			assert.ok(to >= from);
			if (architecture === "topk") assert.ok(to - from <= 7);
			for (let j = from; j < to; j++) {
				assert.ok(latents.indices[j] < 60);
				if (j > from) assert.ok(latents.indices[j] > latents.indices[j - 1]);
			}
		}
		// The whole set at once or a few rows: the same latents.
		const few = await sae.encodeRows(acts.data.subarray(19 * 4990));
		const from = latents.indptr[4990];
		assert.deepEqual(few.indices, latents.indices.slice(from));
	});

test("rows that are not whole, not finite, or of another width are refused", async () => {
	const sae = makeSae(cfg, weights);
	await assert.rejects(sae.encodeRows(new Float32Array(3)), /whole rows of 2/);
	await assert.rejects(
		sae.encodeRows(Float32Array.of(0, 0, 0, Number.NaN)),
		/Row 1 .* NaN/,
	);
	await assert.rejects(
		sae.encode(activations(new Float32Array(6), 3)),
		/are 3 wide and this SAE reads 2/,
	);
});

test("no rows give no latents", async () => {
	const sparse = await makeSae(cfg, weights).encodeRows(new Float32Array(0));
	assert.deepEqual([...sparse.indptr], [0]);
	assert.equal(sparse.values.length, 0);
});
