import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { sentencesOf } from "../../../src/dataset";
import { loadModel, type Model } from "../../../src/model";
import { evaluate, type Sae } from "../../../src/sae";
import { makeSae } from "../../../src/sae/sae";
import { temporaryFolder, writeRandomGpt2 } from "../../tiny";

const { folder, remove } = temporaryFolder();
let model: Model;
before(async () => {
	model = await loadModel(writeRandomGpt2(join(folder, "model"), { seed: 3 }));
});
after(async () => {
	await model.dispose();
	remove();
});

/** Two latents a dimension, for what is above zero and what is below; `scale` times the input comes back. */
function copying(hook_name: string, d_in: number, scale = 1): Sae {
	const d_sae = 2 * d_in;
	const W_enc = new Float32Array(d_in * d_sae);
	const W_dec = new Float32Array(d_sae * d_in);
	for (let i = 0; i < d_in; i++) {
		W_enc[i * d_sae + i] = 1;
		W_enc[i * d_sae + d_in + i] = -1;
		W_dec[i * d_in + i] = scale;
		W_dec[(d_in + i) * d_in + i] = -scale;
	}
	return makeSae(
		{
			architecture: "standard",
			d_in,
			d_sae,
			dtype: "float32",
			apply_b_dec_to_input: true,
			normalize_activations: "none",
			hook_name,
			model_name: "random",
			prepend_bos: true,
		},
		{
			W_enc,
			W_dec,
			b_enc: new Float32Array(d_sae),
			b_dec: new Float32Array(d_in),
		},
	);
}

const sentences = sentencesOf(["hello there", "a longer text than that", "hi"]);

function near(actual: number, expected: number, tolerance = 1e-5): void {
	assert.ok(
		Math.abs(actual - expected) <= tolerance,
		`${actual} is not ${expected}`,
	);
}

for (const [hook, width] of [
	["blocks.1.hook_resid_post", 16],
	["blocks.0.attn.hook_z", 16], // two heads of 8, side by side
	["blocks.2.mlp.hook_post", 64],
	["hook_embed", 16],
] as const)
	test(`an SAE that copies ${hook} changes nothing, and loses nothing`, async () => {
		const e = await evaluate(copying(hook, width), model, sentences);
		assert.equal(e.n_tokens, 11 + 23 + 2);
		assert.equal(e.excluded, 3);
		near(e.explained_variance, 1);
		near(e.nmse, 0);
		near(e.cossim, 1);
		near(e.relative_reconstruction_bias, 1);
		near(e.l0, width, 0.01);
		near(e.ce_loss_with_sae, e.ce_loss_without_sae);
		near(e.kl_div_with_sae, 0);
		// The random model predicts better without its embeddings: nothing is a share of that.
		if (e.ce_loss_with_ablation < e.ce_loss_without_sae)
			assert.deepEqual([hook, e.ce_loss_score], ["hook_embed", Number.NaN]);
		else near(e.ce_loss_score, 1, 1e-3);
		near(e.kl_div_score, 1, 1e-3);
		assert.ok(e.kl_div_with_ablation > 1e-3);
	});

test("halved reconstructions are told as shrunk, and cost what halving the stream costs", async () => {
	const hook_name = "blocks.1.hook_mlp_out";
	const e = await evaluate(copying(hook_name, 16, 0.5), model, sentences);
	near(e.l2_ratio, 0.5);
	near(e.relative_reconstruction_bias, 0.5);
	near(e.nmse, 0.25);
	const counted: number[] = [];
	for (const [i, tokens] of [11, 23, 2].entries()) {
		const positions = Array.from({ length: tokens }, (_, i) => i + 1); // BOS is left as it is
		const loss = await model.loss(sentences.text[i], {
			interventions: [{ type: "scale", hook_name, factor: 0.5, positions }],
		});
		counted.push(...loss.data.subarray(1));
	}
	const mean = counted.reduce((sum, nats) => sum + nats, 0) / counted.length;
	near(e.ce_loss_with_sae, mean);
	assert.ok(Math.abs(mean - e.ce_loss_without_sae) > 1e-4);
});
