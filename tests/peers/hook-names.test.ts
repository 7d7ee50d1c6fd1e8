import assert from "node:assert/strict";
import { after, test } from "node:test";
import { knownHook, loadModel } from "../../src/model";
import { type AnyHookName, notAHook } from "../../src/model/hook-names";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";
import { ask, transformerLens } from "./python";

const { folder, remove } = temporaryFolder();
after(remove);

/** Every value of the bridge under every name it has, and what each module of transformers gives. */
const script = `
import torch
from transformers import GPT2LMHeadModel
from transformer_lens.model_bridge import TransformerBridge
ids = torch.tensor([ids])
result = {}
def keep(name, x):
    x = x[0] if isinstance(x, tuple) else x
    if torch.is_tensor(x) and x.dtype == torch.float32: result[name] = x.flatten().tolist()
plain = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32).eval()
for name, module in plain.named_modules():
    module.register_forward_hook(lambda module, given, out, name=name: keep(name, out))
with torch.no_grad(): plain(ids)
bridge = TransformerBridge.boot_transformers(folder, device="cpu", dtype=torch.float32)
with torch.no_grad(): _, cache = bridge.run_with_cache(ids)
for name, x in cache.items(): keep(name, x)
`;

test("what has equal names here has equal values in TransformerLens 4's bridge and in transformers' modules", {
	skip: transformerLens.skip,
}, async () => {
	writeRandomGpt2(folder);
	const ids = [256, 84, 104, 101, 32, 99, 97, 116];
	const theirs = ask<Record<string, number[]>>(transformerLens, script, {
		folder,
		ids,
	});
	const model = await loadModel(folder);
	const known = Object.keys(theirs).filter((name) => knownHook(name));
	const { cache } = await model.run(model.batch([Int32Array.from(ids)]), {
		hooks: known as AnyHookName[],
	});
	for (const name of known) {
		const ours = cache[name].data;
		assert.equal(ours.length, theirs[name].length, name);
		for (const [i, value] of theirs[name].entries()) {
			if (/attn_scores/.test(name) && ours[i] === Number.NEGATIVE_INFINITY)
				continue;
			assert.ok(
				Math.abs(ours[i] - value) < 2e-5 * Math.max(1, Math.abs(value)),
				`${name}: ${ours[i]} and ${value}`,
			);
		}
	}
	const unknown = Object.keys(theirs)
		.filter((name) => !known.includes(name) && !/\.[12]\./.test(name))
		.sort();
	for (const name of unknown)
		assert.ok(notAHook(name), `${name} is neither known nor explained`);
	assert.equal(unknown.length, 10);
	await model.dispose();
});
