import assert from "node:assert/strict";
import { test } from "node:test";
import { type Activations, extract } from "../../../src/activations";
import { loadSentences, selectSentences } from "../../../src/dataset";
import { loadModel } from "../../../src/model";
import {
	type Architecture,
	reconstructionMetrics,
	type TrainOptions,
	trainSae,
} from "../../../src/sae";

/*
 * What a short training of each architecture came to on held-out rows of the bundled model, with the default rates. The
 * bounds lie about an eighth above the mean of two seeds, which differ by a fiftieth (those of matryoshka by a tenth): a
 * training that leaves a fifth more unexplained does not pass, nor one that pays for it with a tenth more latents a row (tried
 * with a rate of 0.0018 instead of 0.003).
 */
interface Bound {
	/** Fraction of variance unexplained. */
	fvu: number;
	/** Latents a row. */
	l0: number;
	options?: Partial<TrainOptions>;
}

const bounds: Record<Architecture, Bound> = {
	topk: { fvu: 0.0052, l0: 16 },
	batchtopk: { fvu: 0.0053, l0: 16.5 },
	matryoshka: { fvu: 0.009, l0: 16.5 },
	standard: { fvu: 0.0078, l0: 37, options: { l1_coefficient: 0.3 } },
	gated: { fvu: 0.0065, l0: 44, options: { l1_coefficient: 0.7 } },
	jumprelu: { fvu: 0.0065, l0: 33 },
};

let made: Promise<{ train: Activations; test: Activations }> | undefined;

async function makeRows() {
	const model = await loadModel("tiny-gpt2");
	const all = await loadSentences("bundled");
	const some = (which: string, every: number) =>
		extract(
			model,
			selectSentences(all, (i) => i % every === 0 && all.split?.[i] === which),
			{ hook_name: "blocks.5.hook_resid_post" },
		);
	const rows = { train: await some("train", 5), test: await some("test", 5) };
	await model.dispose();
	return rows;
}

for (const [name, bound] of Object.entries(bounds)) {
	const architecture = name as Architecture;
	test(`a short ${architecture} training leaves as little unexplained as it did when its defaults were chosen`, async () => {
		made ??= makeRows();
		const rows = await made;
		const sae = await trainSae(rows.train, {
			architecture,
			d_sae: 512,
			train_batch_size_tokens: 512,
			training_tokens: 300_000,
			device: "cpu",
			...bound.options,
		});
		const { n_tokens, d_in } = rows.test;
		const latents = await sae.encode(rows.test);
		const metrics = reconstructionMetrics(d_in);
		metrics.add(rows.test.data as Float32Array, sae.decode(latents));
		const { fvu } = metrics.result();
		const l0 = latents.indices.length / n_tokens;
		assert.ok(fvu <= bound.fvu, `${fvu} of the variance is unexplained`);
		assert.ok(l0 <= bound.l0, `${l0} latents fire on a row`);
	});
}
