import assert from "node:assert/strict";
import test from "node:test";
import { random } from "../../../src/random";
import { randomRows } from "../../../src/sae/engine/start";
import { weightMetrics } from "../../../src/sae/evaluation/weights";
import type { Sae } from "../../../src/sae/types";

function weights(d_in: number, W_dec: number[], W_enc = W_dec) {
	const d_sae = W_dec.length / d_in;
	return {
		cfg: { d_in, d_sae } as Sae["cfg"],
		W_dec: Float32Array.from(W_dec),
		W_enc: Float32Array.from(W_enc),
		b_dec: new Float32Array(d_in),
		b_enc: Float32Array.from({ length: d_sae }, (_, i) => i / 2),
	};
}

function near(actual: ArrayLike<number>, expected: number[]) {
	assert.equal(actual.length, expected.length);
	expected.forEach((value, i) => {
		assert.ok(
			Math.abs(actual[i] - value) < 1e-6,
			`${actual[i]} is not ${value}`,
		);
	});
}

test("lengths, biases and cosines of each latent are those worked by hand", async () => {
	// Decoder rows (1,0), (0,2), (3,4), (0,0); encoder columns (2,0), (1,1), (−3,−4), (0,0).
	const sae = weights(2, [1, 0, 0, 2, 3, 4, 0, 0], [2, 1, -3, 0, 0, 1, -4, 0]);
	const m = await weightMetrics(sae);
	near(m.encoder_norm, [2, Math.SQRT2, 5, 0]);
	near(m.encoder_bias ?? [], [0, 0.5, 1, 1.5]);
	near(m.encoder_decoder_cosine_sim, [1, Math.SQRT1_2, -1, 0]);
	near(m.decoder_cosine, [0.6, 0.8, 0.8, 0]); // a row of zeros has no direction
	near([m.mean_decoder_cosine], [2.2 / 4]);
	const { b_enc: _, ...gated } = sae;
	assert.ok(!("encoder_bias" in (await weightMetrics(gated))));
});

test("a latent that is there twice has the cosine 1, at whatever length", async () => {
	const { decoder_cosine } = await weightMetrics(
		weights(2, [1, 2, -1, 0, 2, 4]),
	);
	near(decoder_cosine, [1, -1 / Math.sqrt(5), 1]);
});

test("a single latent has no other to be compared with", async () => {
	const m = await weightMetrics(weights(2, [1, 0]));
	assert.deepEqual([...m.decoder_cosine], [Number.NaN]);
	assert.ok(Number.isNaN(m.mean_decoder_cosine));
});

test("in blocks, all latents or some of them, the cosines are those of a plain loop", async () => {
	const [n, d] = [6000, 3]; // a block has 2,666 of them
	const rows = randomRows(n, d, 1, random(2));
	const sae = weights(d, Array.from(rows));
	const plain = (row: number) => {
		let best = -1;
		for (let other = 0; other < n; other++) {
			if (other === row) continue;
			let dot = 0;
			for (let i = 0; i < d; i++)
				dot += rows[row * d + i] * rows[other * d + i];
			best = Math.max(best, dot);
		}
		return best;
	};
	const all = (await weightMetrics(sae, { compared: n })).decoder_cosine;
	for (const row of [0, 1, 2665, 2666, 4000, 5332, 5999])
		near([all[row]], [plain(row)]);
	const some = await weightMetrics(sae, { compared: 3000 });
	some.decoder_cosine.forEach((cosine, row) => {
		if (row % 2) assert.ok(Number.isNaN(cosine));
		else near([cosine], [all[row]]);
	});
	const known = some.decoder_cosine.filter((_, row) => row % 2 === 0);
	near([some.mean_decoder_cosine], [known.reduce((a, b) => a + b) / 3000]);
});
