// What we write, each kind of file once, is read by the programs that others will read it with.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { extract } from "../../src/activations";
import { cluster, saveClustering } from "../../src/cluster";
import { sentencesOf } from "../../src/dataset";
import { saveJson } from "../../src/files";
import { loadModel } from "../../src/model";
import { python, root } from "../jupyter";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";
import { ask, saeLens } from "./python";
import { agreed } from "./record";

const { skip } = saeLens;
const { folder, remove } = temporaryFolder();
after(remove);

const texts = [
	"plain",
	'a "mark", a \\ and <b>',
	"émile 🙂 東京",
	"two\nlines\u2028",
	"tab\tand \u0000",
];
const sentences = {
	...sentencesOf(texts),
	labels: { kind: ["a", "b", "a", "", 'é,"x"'] },
};

test("a store of activations, with its sentences, is read by safetensors, torch, pandas, datasets and json", {
	skip,
}, async () => {
	const model = await loadModel(writeRandomGpt2(join(folder, "model")));
	const hooks = ["blocks.1.hook_resid_post", "blocks.2.attn.hook_z"] as const;
	const given = [];
	for (const dtype of ["float32", "float16"] as const) {
		const to = join(folder, dtype);
		for (const hook_name of hooks) {
			const acts = await extract(model, sentences, {
				hook_name,
				to: `${to}-${hook_name}`,
				dtype,
			});
			const rows: number[] = [];
			for await (const batch of acts.batches()) rows.push(...batch);
			given.push({
				path: `${to}-${hook_name}`,
				hook_name,
				rows,
				token: [...acts.rows.token],
				dtype,
			});
		}
	}
	await model.dispose();
	const script = `
import json, os
import pandas, datasets, torch
from safetensors.torch import load_file
def load(path):
    shard = load_file(os.path.join(path, "shard-000000.safetensors"))
    lines = os.path.join(path, "sentences.jsonl")
    return {
        "rows": {name: shard[name].float().flatten().tolist() for name in shard if "hook" in name},
        "dtype": {name: str(shard[name].dtype) for name in shard},
        "token": shard["token"].long().tolist(),
        "index": json.load(open(os.path.join(path, "index.json"))),
        "shards": [json.loads(line) for line in open(os.path.join(path, "shards.jsonl"))],
        "json": [json.loads(line)["text"] for line in open(lines, encoding="utf-8", newline="\\n")],
        "pandas": pandas.read_json(lines, lines=True).text.tolist(),
        "datasets": list(datasets.Dataset.from_json(lines, keep_in_memory=True)["text"]),
        "labels": [row["kind"] for row in datasets.Dataset.from_json(lines, keep_in_memory=True)["labels"]],
    }
result = [load(path) for path in paths]
`;
	type Store = Record<"json" | "pandas" | "datasets" | "labels", string[]> & {
		rows: Record<string, number[]>;
		dtype: Record<string, string>;
		token: number[];
		index: { n_tokens: number };
		shards: { rows: number }[];
	};
	const paths = given.map(({ path }) => path);
	const read = ask<Store[]>(saeLens, script, { paths });
	for (const [i, { hook_name, rows, token, dtype }] of given.entries()) {
		const { index, shards, ...store } = read[i];
		assert.deepEqual(store.rows, { [hook_name]: rows });
		assert.equal(store.dtype[hook_name], `torch.${dtype}`);
		assert.deepEqual(store.token, token);
		assert.equal(index.n_tokens, token.length);
		assert.equal(shards[0].rows, token.length);
		for (const reader of ["json", "pandas", "datasets"] as const)
			assert.deepEqual(store[reader], texts, reader);
		assert.deepEqual(store.labels, sentences.labels.kind);
	}
	for (const reader of ["safetensors", "pandas", "datasets"] as const)
		agreed(
			"a store of activations and its sentences, read there",
			reader,
			"equal",
		);
});

test("a clustering and a result as JSON are read by Python", {
	skip,
}, async () => {
	const model = await loadModel(writeRandomGpt2(join(folder, "for-clusters")));
	const many = sentencesOf(
		Array.from({ length: 30 }, (_, i) =>
			`text ${i} ${"ab"[i % 2].repeat(i % 5)}🙂`.slice(0, 12),
		),
	);
	const acts = await extract(model, many, {
		hook_name: "blocks.1.hook_resid_post",
	});
	const clusters = await cluster(acts, { k: 2 });
	await model.dispose();
	const path = join(folder, "clusters.safetensors");
	saveClustering(clusters, path);
	const file = join(folder, "result.json");
	saveJson(file, {
		numbers: [1.5, Number.NaN, -Infinity],
		big: 2n ** 70n,
		text: texts,
		typed: new Float32Array([0.5]),
	});
	const script = `
import json
from safetensors import safe_open
with safe_open(path, "np") as opened:
    (text,) = opened.metadata().values()
    record = json.loads(text, parse_constant=lambda name: 1 / 0)
    clusters = {name: opened.get_tensor(name).flatten().tolist() for name in opened.keys()}
value = json.load(open(file, encoding="utf-8"), parse_constant=lambda name: 1 / 0)
result = {"clusters": clusters, "texts": record["sentences"]["text"], "text": value["text"], "typed": value["typed"],
          "numbers": [float(one) for one in value["numbers"]], "big": str(int(value["big"]))}
`;
	const read = ask<{
		clusters: Record<string, number[]>;
		texts: string[];
		text: string[];
		typed: number[];
		numbers: number[];
		big: string;
	}>(saeLens, script, { path, file });
	assert.deepEqual(read.clusters.assignment, [...clusters.assignment]);
	assert.deepEqual(read.clusters.centres, [...clusters.centres]);
	assert.deepEqual(read.texts, many.text);
	assert.deepEqual(read.text, texts);
	assert.deepEqual(read.typed, [0.5]);
	assert.deepEqual(read.numbers, [1.5, Number.NaN, -Infinity]);
	assert.equal(read.big, `${2n ** 70n}`);
	agreed("a clustering, read there", "safetensors", "equal");
});

test("every notebook is valid by Jupyter's own schema", {
	skip:
		python === undefined &&
		"no Python with Jupyter was found; ./kernel-setup.sh --no-run sets it up",
}, () => {
	const names = readdirSync(join(root, "notebooks")).filter((name) =>
		name.endsWith(".ipynb"),
	);
	const script = `
import sys, nbformat
for path in sys.argv[1:]:
    nbformat.validate(nbformat.read(path, as_version=nbformat.NO_CONVERT))
    print(path)
`;
	const paths = names.map((name) => join(root, "notebooks", name));
	const { stdout, stderr, status } = spawnSync(
		python as string,
		["-W", "error", "-c", script, ...paths],
		{ encoding: "utf8" },
	);
	assert.equal(status, 0, stderr);
	assert.deepEqual(stdout.trim().split("\n"), paths);
});
