// Everything that comes with the project is read once by the programs it is meant for.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadSentences } from "../../src/dataset";
import { loadModel, type Model } from "../../src/model";
import { random } from "../../src/random";
import { root } from "../jupyter";
import { ask, saeLens, transformerLens } from "./python";
import { agreed } from "./record";

const folder = join(root, "data/models/tiny-gpt2");
const sentence = "Paul scares Lucy at sea because";
let model: Model;
let texts: string[];
before(async () => {
	model = await loadModel("tiny-gpt2");
	const { text } = await loadSentences("bundled");
	texts = [sentence, ...text.filter((_, i) => i % 9 === 0), ...randomTexts()];
});
after(() => model.dispose());

/** Texts with what a sentence has not: other scripts, spaces in a row, apostrophes, digits, control characters. */
function randomTexts(): string[] {
	const draw = random(4);
	const parts = [
		..."aeinrst  \n\t'\"<&0379éß東🙂\u0301",
		" the",
		"'s",
		" grudge",
		"Paul",
		" 12",
	];
	return Array.from({ length: 300 }, () =>
		Array.from(
			{ length: 1 + draw.int(12) },
			() => parts[draw.int(parts.length)],
		).join(""),
	);
}

const idsOf = (text: string) => [
	...model.toTokens(text, { prepend_bos: false, truncate: false }).ids,
];

test("the bundled model's tokenizer gives our ids in transformers and tokenizers, for bundled and random texts", {
	skip: saeLens.skip,
}, () => {
	assert.equal(idsOf(sentence).length, 6);
	const script = `
from transformers import AutoTokenizer
import tokenizers
auto = AutoTokenizer.from_pretrained(folder)
fast = tokenizers.Tokenizer.from_file(folder + "/tokenizer.json")
ids = auto(texts).input_ids
result = {
    "auto": ids, "fast": [one.ids for one in fast.encode_batch(texts)],
    "back": [auto.decode(one) for one in ids],
    "special": [auto.bos_token_id, auto.eos_token_id, auto.model_max_length, len(auto)],
}
`;
	const theirs = ask<
		Record<"auto" | "fast", number[][]> & { back: string[]; special: number[] }
	>(saeLens, script, { folder, texts });
	const ours = texts.map(idsOf);
	assert.deepEqual(theirs.auto, ours);
	assert.deepEqual(theirs.fast, ours);
	assert.deepEqual(theirs.back, texts);
	assert.deepEqual(theirs.special, [999, 999, 128, 1000]);
	agreed("token ids of the bundled model", "transformers", "the same");
	agreed("token ids of the bundled model", "tokenizers", "the same");
});

test("the bundled model's loss and greedy continuation are ours in transformers and on TransformerLens's bridge", {
	skip: saeLens.skip || transformerLens.skip,
}, async () => {
	const few = texts.slice(1, 6);
	const inTransformers = `
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
result = {"loss": []}
for text in few:
    ids = tokenizer("<|endoftext|>" + text, return_tensors="pt").input_ids
    with torch.no_grad():
        result["loss"].append(model(ids, labels=ids).loss.item())
ids = tokenizer("<|endoftext|>" + sentence, return_tensors="pt").input_ids
result["next"] = tokenizer.decode(model.generate(ids, max_new_tokens=8, do_sample=False)[0, ids.shape[1]:])
`;
	const onBridge = `
from transformer_lens.model_bridge import TransformerBridge
model = TransformerBridge.boot_transformers(folder, device="cpu")
result = {"loss": [], "ids": model.to_tokens(sentence, prepend_bos=False)[0].tolist()}
for text in few:  # one at a time: it counts padding in a batch's loss
    result["loss"].append(model(model.to_tokens(text, prepend_bos=True), return_type="loss").item())
`;
	const given = { folder, few, sentence };
	const own = [];
	for (const text of few) {
		const { data } = await model.loss(text);
		own.push(data.reduce((sum, x) => sum + x, 0) / data.length);
	}
	const hugging = ask<{ loss: number[]; next: string }>(
		saeLens,
		inTransformers,
		given,
	);
	const lens = ask<{ loss: number[]; ids: number[] }>(
		transformerLens,
		onBridge,
		given,
	);
	assert.deepEqual(lens.ids, idsOf(sentence));
	for (const [i, loss] of own.entries()) {
		assert.ok(loss > 0.5 && loss < 2.5, `${loss}`);
		for (const theirs of [hugging.loss[i], lens.loss[i]])
			assert.ok(Math.abs(theirs - loss) < 1e-5, `${theirs}, ours ${loss}`);
		agreed(
			"loss of the bundled model, nats",
			"transformers",
			Math.abs(hugging.loss[i] - loss),
		);
		agreed(
			"loss of the bundled model, nats",
			"TransformerLens 4",
			Math.abs(lens.loss[i] - loss),
		);
	}
	const { text } = await model.generate(sentence, {
		max_new_tokens: 8,
		temperature: 0,
	});
	assert.equal(text, hugging.next);
});

test("the bundled tables are read by pandas, polars, pyarrow and datasets with our texts and labels", {
	skip: saeLens.skip,
}, async () => {
	const sentences = await loadSentences("bundled");
	const script = `
import io, json
import pandas, polars, pyarrow.csv, datasets
result = {
    "pandas": pandas.read_csv(path, keep_default_na=False).text.tolist(),
    "polars": polars.read_csv(path)["text"].to_list(),
    "pyarrow": pyarrow.csv.read_csv(path, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True))["text"].to_pylist(),
    "datasets": list(datasets.Dataset.from_csv(path, keep_in_memory=True)["text"]),
    "log": [json.loads(line, parse_constant=lambda name: 1 / 0) for line in open(log)][-1],
    "choices": len(pandas.read_csv(choices)),
}
`;
	const theirs = ask<
		Record<"pandas" | "polars" | "pyarrow" | "datasets", string[]> & {
			log: object;
			choices: number;
		}
	>(saeLens, script, {
		path: join(root, "data/sentences.csv"),
		choices: join(root, "data/choices.csv"),
		log: join(folder, "training-log.jsonl"),
	});
	for (const reader of ["pandas", "polars", "pyarrow", "datasets"] as const) {
		assert.deepEqual(theirs[reader], sentences.text);
		agreed("texts of the bundled sentences", reader, "the same");
	}
	assert.ok("loss" in theirs.log);
	assert.ok(theirs.choices > 0);
});
