import { join } from "node:path";
import { listenTo } from "../interrupt";
import { batchOf } from "./batch";
import { type Gpt2Config, publicInfo, readConfig } from "./config";
import { makeRuns } from "./decoder";
import { fingerprintOf } from "./fingerprint";
import { makeGenerate } from "./generate";
import { makeGradients } from "./gradients";
import { hookNames, parseHook } from "./hooks";
import { type Located, type LocateOptions, locateModel } from "./locate";
import { makeLogitLens } from "./logit-lens";
import { folderName } from "./name";
import { type Gpt2, makeEngine } from "./run";
import { endingAt, keptOf, openSessions } from "./sessions";
import { loadTokenizer } from "./tokenizer";
import { makeTokens } from "./tokens";
import type { Model } from "./types";
import { makeWeightTensors } from "./weight-tensors";
import {
	expectedShapes,
	type Gpt2Weights,
	hasOwnHead,
	headName,
	openWeights,
} from "./weights";

/**
 * Loads a GPT-2: a bundled name ("tiny-gpt2"), a folder in Hugging Face layout (config.json, model.safetensors or its
 * shards, tokenizer.json), or a hub id such as "openai-community/gpt2", which is fetched where it is not in the local
 * Hugging Face cache. The weights stay in their files; nothing is copied.
 * Throws one sentence where something is missing, broken or not a GPT-2.
 */
export async function loadModel(
	id: string,
	options: LocateOptions = {},
): Promise<Model> {
	const signal = listenTo(options.signal);
	const located = await locateModel(id, { ...options, signal });
	signal?.throwIfAborted();
	const name = located.revision ? id : folderName(located.folder);
	return openGpt2(name, located);
}

const OWN_HEAD =
	"config.json says that the head is the embedding (tie_word_embeddings), but the weights hold a head of their own, lm_head.weight, that differs from it: that one is used, as transformers does.";

/** The model in a folder, by the name that it shall have. */
export async function openGpt2(
	id: string,
	{ folder, revision }: Located,
): Promise<Model> {
	const config = readConfig(folder, id);
	let weights = openWeights(config);
	if (config.tie_word_embeddings && hasOwnHead(weights)) {
		config.tie_word_embeddings = false;
		config.notes = [OWN_HEAD];
		weights = openWeights(config); // which checks the head
	}
	const tokenizer = await loadTokenizer(folder);
	if (tokenizer) config.bos_token_id ??= tokenizer.bos_token_id ?? null;
	const info = {
		...publicInfo(config),
		fingerprint: fingerprintOfGpt2(config, weights),
		...(revision && { revision }),
	};
	const { toTokens, toStrTokens, toSingleToken } = makeTokens(info, tokenizer);
	const sessions = openSessions(id, weights.folder, keptOf(weights.bytes));
	const hook_names = hookNames(info);
	const decode = tokenizer?.decode ?? ((...ids: number[]) => ids.join(" "));
	const gpt2: Gpt2 = {
		info,
		hook_names,
		toTokens,
		config,
		weights,
		sessions,
		decode,
	};
	return {
		kind: "model",
		info,
		hook_names,
		toTokens,
		toStrTokens,
		toSingleToken,
		batch: (tokens) => batchOf(info, tokens),
		...makeRuns(gpt2, (signal) => makeEngine(endingAt(gpt2, signal))),
		generate: makeGenerate(gpt2),
		logitLens: makeLogitLens(gpt2),
		runWithGradients: makeGradients(gpt2),
		weights: makeWeightTensors(config, weights),
		unembedding: () => weights.read(headName(config)),
		neuronOutput(layer) {
			parseHook(gpt2, `blocks.${layer}.mlp.hook_post`);
			return weights.read(`h.${layer}.mlp.c_proj.weight`);
		},
		dispose: () => sessions.dispose(),
	};
}

/** Of the tensors that a GPT-2 has, whatever else is in its files. */
function fingerprintOfGpt2(config: Gpt2Config, weights: Gpt2Weights): string {
	const { name: _, folder: __, model_type: ___, notes: ____, ...rest } = config;
	const { bos_token_id, eos_token_id, ...use } = rest; // a tokenizer may give them
	const names = new Set(expectedShapes(config).map(([name]) => name));
	if (weights.has("lm_head.bias")) names.add("lm_head.bias");
	const tensors = [...names].map((name) => {
		const { dtype, shape, location, offset, length } = weights.entry(name);
		const file = join(weights.folder, location);
		const form = `${dtype} [${shape}]`;
		return { name, form, place: { file, offset, length } };
	});
	return fingerprintOf(use, tensors);
}
