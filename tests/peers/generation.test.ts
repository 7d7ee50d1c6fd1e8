import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadModel } from "../../src/model";
import { random } from "../../src/random";
import { largestDifference } from "../numbers";
import { type RandomGpt2, temporaryFolder, writeRandomGpt2 } from "../tiny";
import { ask, saeLens } from "./python";
import { agreed } from "./record";

const { folder, remove } = temporaryFolder();
after(remove);

/** Nine kinds of what a config.json may say, and one of how the weights may be called. */
const kinds: RandomGpt2[] = [
	{},
	{ activation_function: "gelu" },
	{ activation_function: "relu" },
	{ tie_word_embeddings: false },
	{ n_inner: 24 },
	{ n_head: 4 },
	{ scale_attn_by_inverse_layer_idx: true },
	{ scale_attn_weights: false },
	{ reorder_and_upcast_attn: true, layer_norm_epsilon: 1e-3 },
	{ prefix: "" },
];

test("logits, loss and greedy generation with a cache are transformers', for ten kinds of GPT-2, with and without BOS", {
	skip: saeLens.skip,
}, async () => {
	const draw = random(6);
	const cases = kinds.flatMap((kind, i) => {
		const path = writeRandomGpt2(join(folder, String(i)), {
			...kind,
			seed: 20 + i,
		});
		return [[256], []].map((bos) => ({
			path,
			ids: [...bos, ...Array.from({ length: 7 }, () => 97 + draw.int(26))],
		}));
	});
	const script = `
import torch
from transformers import GPT2LMHeadModel
result = []
for case in cases:
    model = GPT2LMHeadModel.from_pretrained(case["path"], dtype=torch.float32)
    ids = torch.tensor([case["ids"]])
    with torch.no_grad():
        out = model(ids, labels=ids)
        new = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False, use_cache=True,
                             eos_token_id=None, pad_token_id=0)
    result.append({"logits": out.logits.flatten().tolist(), "loss": out.loss.item(), "new": new[0, ids.shape[1]:].tolist()})
`;
	const answers = ask<{ logits: number[]; loss: number; new: number[] }[]>(
		saeLens,
		script,
		{ cases },
	);
	for (const [i, { path, ids }] of cases.entries()) {
		const model = await loadModel(path);
		const batch = model.batch([Int32Array.from(ids)]);
		const { logits } = await model.run(batch);
		assert.ok(logits);
		const size = Math.max(...answers[i].logits.map(Math.abs));
		const off = largestDifference(logits.data, answers[i].logits) / size;
		assert.ok(off < 5e-6, `${JSON.stringify(kinds[i >> 1])}: ${off}`);
		agreed("logits of ten kinds of GPT-2", "transformers", off);
		const { data } = await model.loss(batch);
		const loss = data.reduce((sum, x) => sum + x, 0) / data.length;
		assert.ok(Math.abs(loss - answers[i].loss) < 1e-5);
		const bos = ids[0] === 256;
		const own = await model.generate(
			String.fromCharCode(...ids.slice(bos ? 1 : 0)),
			{
				max_new_tokens: 12,
				temperature: 0,
				stop_at_eos: false,
				prepend_bos: bos,
			},
		);
		assert.deepEqual([...own.ids], answers[i].new);
		agreed("greedy generation with a cache", "transformers", "the same tokens");
		await model.dispose();
	}
});
