import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { extract } from "../../src/activations";
import type { Sentences } from "../../src/dataset";
import { loadModel } from "../../src/model";
import { probe, probeLayers } from "../../src/probe";
import { writeRandomGpt2 } from "../tiny";

const text = Array.from(
	{ length: 60 },
	(_, i) => `${"xyz"[i % 3]} ${i} ${i % 7}`,
);
const sentences: Sentences = {
	kind: "sentences",
	name: "by hand",
	text,
	labels: {
		letter: text.map((t) => t[0]),
		parity: text.map((_, i) => String(i % 2)),
	},
	offsets: {},
};

test("every layer and label has the score that `probe` gives its activations", async () => {
	const folder = writeRandomGpt2(mkdtempSync(join(tmpdir(), "layers-")));
	const model = await loadModel(folder);
	try {
		const scores = await probeLayers(model, sentences, {
			labels: ["letter", "parity"],
		});
		assert.deepEqual(
			scores.map(({ layer, series }) => `${layer} ${series}`),
			["0 letter", "0 parity", "1 letter", "1 parity", "2 letter", "2 parity"],
		);
		const hook_name = "blocks.1.hook_resid_post";
		const acts = await extract(model, sentences, { hook_name });
		const { activations } = await probe(acts, { label: "letter" });
		assert.equal(scores[2].hook_name, hook_name);
		assert.equal(scores[2].value, activations.accuracy);
		assert.deepEqual(scores[2].interval, activations.interval);
		const { majority } = await probe(acts, { label: "letter" });
		assert.equal(scores[2].majority, majority.accuracy);
		const rare = { rare: text.map((_, i) => (i < 2 ? "a" : "b")) };
		const [of] = await probeLayers(
			model,
			{ ...sentences, labels: rare },
			{ labels: ["rare"] },
		);
		assert.equal(of.majority, 1);
		assert.match(`${of.notes}`, /Classes without test sentences: a\./);
		await assert.rejects(
			probeLayers(model, sentences, { labels: ["leter"] }),
			/no label "leter"/,
		);
	} finally {
		await model.dispose();
		rmSync(folder, { recursive: true });
	}
});
