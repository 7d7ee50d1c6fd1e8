import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { extract } from "../../src/activations";
import { loadSentences, selectSentences } from "../../src/dataset";
import { loadModel } from "../../src/model";
import { evaluate, loadSae, trainSae } from "../../src/sae";

test("a short training on the bundled model explains it and keeps its predictions", async () => {
	const all = await loadSentences("bundled");
	const sentences = selectSentences(all, (i) => i % 12 === 0);
	const model = await loadModel("tiny-gpt2");
	const hook_name = "blocks.5.hook_resid_post";
	const acts = await extract(model, sentences, { hook_name });
	const sae = await trainSae(acts, {
		architecture: "topk",
		d_sae: 1024,
		k: 16,
		training_tokens: 200_000,
	});
	const latents = await sae.encode(acts);
	const e = await evaluate(sae, model, sentences, { latents });
	assert.ok(e.l0 <= 16);
	assert.ok(e.explained_variance >= 0.99, `EV ${e.explained_variance}`);
	assert.ok(e.ce_loss_score >= 0.95, `CE score ${e.ce_loss_score}`);
	assert.ok(e.dead_fraction <= 0.1, `dead ${e.dead_fraction}`);

	const folder = mkdtempSync(join(tmpdir(), "sae-"));
	try {
		sae.save(folder);
		const { seconds: _, ...again } = await evaluate(
			await loadSae(folder),
			model,
			sentences,
		);
		const { seconds: __, ...first } = e;
		assert.deepEqual(again, first);
	} finally {
		rmSync(folder, { recursive: true });
		await model.dispose();
	}
});
