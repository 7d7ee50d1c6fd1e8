import assert from "node:assert/strict";
import test from "node:test";
import {
	type Architecture,
	recovery,
	type TrainOptions,
	trainSae,
} from "../../src/sae";
import { planted } from "./fakes";

const { acts, directions } = planted(40_000, {
	d_in: 64,
	d_true: 128,
	active: 4,
});

const changes: Record<Architecture, Partial<TrainOptions>> = {
	standard: {},
	topk: {},
	batchtopk: {},
	jumprelu: {
		l0_coefficient: 0.7,
		jumprelu_bandwidth: 2,
		jumprelu_init_threshold: 0.2,
	},
	gated: { l1_coefficient: 2.5 },
	matryoshka: { matryoshka_widths: [64, 256] },
};

for (const [name, change] of Object.entries(changes)) {
	const architecture = name as Architecture;
	test(`${architecture} finds a planted dictionary of 128 directions in 64 dimensions, and is saved as what it was trained to be`, async () => {
		const sae = await trainSae(acts, {
			architecture,
			d_sae: 256,
			k: 4,
			lr: 0.003,
			train_batch_size_tokens: 256,
			training_tokens: 400_000,
			...change,
		});
		const { recovered, mean_max_cosine } = await recovery(directions, sae);
		assert.ok(recovered >= 0.95, `${recovered} of them are found`);
		assert.ok(
			mean_max_cosine >= 0.97,
			`the mean best cosine is ${mean_max_cosine}`,
		);
		// The weights of the last steps, and the threshold of batchtopk, reconstruct with as many latents as in training.
		const trained = sae.history.records.at(-1)?.l0 ?? Number.NaN;
		const latents = await sae.encode(acts);
		const l0 = latents.indices.length / acts.n_tokens;
		assert.ok(
			Math.abs(l0 / trained - 1) < 0.05,
			`${l0} latents a row, and ${trained} in training`,
		);
	});
}
