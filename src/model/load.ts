import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { type InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { openSafetensors, readTensor } from "../formats/safetensors";
import { batchOf, checkBatch, textsOf } from "./batch";
import { headName, openWeights, publicInfo, readConfig } from "./config";
import { interventionInputs, type Wanted } from "./graph";
import { parseHook } from "./hooks";
import { type Affine, changesOf, foldInterventions } from "./interventions";
import { locateModel } from "./locate";
import { openSessions } from "./sessions";
import { loadTokenizer } from "./tokenizer";
import { makeTokens } from "./tokens";
import type { HookName, Model, RunOptions, Tensor, TokenBatch } from "./types";

/** Logits of at most this many bytes are held at once while the loss is computed. */
const LOSS_BYTES = 256e6;

/**
 * Loads a GPT-2: a bundled name ("tiny-gpt2"), a folder in Hugging Face layout (config.json, model.safetensors,
 * tokenizer.json), or a hub id such as "openai-community/gpt2" that is in the local Hugging Face cache.
 * The weights stay in their file; nothing is copied or downloaded.
 * Throws one sentence where something is missing, broken or not a GPT-2.
 */
export async function loadModel(id: string): Promise<Model> {
	const { folder, revision } = locateModel(id);
	const config = readConfig(folder, id);
	const file = join(folder, "model.safetensors");
	if (!existsSync(file))
		throw new Error(
			`The folder ${folder} has no model.safetensors; a model's folder needs config.json and model.safetensors.`,
		);
	const weights = openWeights(config, realpathSync(file));
	const tokenizer = await loadTokenizer(folder);
	if (tokenizer) config.bos_token_id ??= tokenizer.bos_token_id ?? null;
	const info = { ...publicInfo(config), ...(revision && { revision }) };
	const { toTokens, toStrTokens } = makeTokens(info, tokenizer);
	const sessions = openSessions(config, weights);
	const tensor = (name: string) =>
		readTensor(openSafetensors(weights.file), weights.nameOf(name));

	const asBatch = (input: string | string[] | TokenBatch): TokenBatch => {
		if (typeof input === "string") return batchOf(info, [toTokens(input)]);
		if (Array.isArray(input))
			return batchOf(
				info,
				input.map((text) => toTokens(text)),
			);
		checkBatch(info, input);
		return input;
	};
	const runGraph = (
		tokens: TokenBatch,
		wanted: Omit<Wanted, "interventions">,
		changes: Map<HookName, Affine>,
	) => {
		const feeds: Record<string, OrtTensor> = {
			ids: new OrtTensor("int32", tokens.ids, [tokens.batch, tokens.seq]),
		};
		for (const [hook, affine] of changes) {
			const names = interventionInputs(hook);
			feeds[names.multiply] = ortTensor(affine.multiply);
			feeds[names.add] = ortTensor(affine.add);
		}
		return sessions.run(
			{ ...wanted, interventions: [...changes.keys()].sort() },
			feeds,
		);
	};

	return {
		kind: "model",
		info,
		toTokens,
		toStrTokens,
		batch: (tokens) => batchOf(info, tokens),
		async run(input, options: RunOptions = {}) {
			const tokens = asBatch(input);
			const names = (options.hooks ?? []).map((name) => parseHook(info, name));
			const hooks = [...new Set(names)].sort();
			const logits = options.logits ?? hooks.length === 0;
			if (!logits && hooks.length === 0)
				throw new Error(
					"The run would return nothing: it has no hooks, and logits are false.",
				);
			const out = await runGraph(
				tokens,
				{ hooks, logits },
				foldInterventions(info, tokens, options.interventions),
			);
			const cache = Object.fromEntries(
				hooks.map((hook) => [hook, plain(out[hook])]),
			);
			return { tokens, cache, ...(logits && { logits: plain(out.logits) }) };
		},
		async loss(input, options = {}) {
			const tokens = asBatch(input);
			if (tokens.seq < 2)
				throw new Error(
					`The loss needs texts of at least 2 tokens, and the longest has ${tokens.seq}.`,
				);
			const changes = foldInterventions(info, tokens, options.interventions);
			const perText = 4 * info.d_vocab * tokens.seq;
			const rows = Math.max(1, Math.floor(LOSS_BYTES / perText));
			const width = tokens.seq - 1;
			const data = new Float32Array(tokens.batch * width);
			for (let from = 0; from < tokens.batch; from += rows) {
				const out = await runGraph(
					textsOf(tokens, from, from + rows),
					{ hooks: [], loss: true },
					changesOf(changes, from, from + rows),
				);
				data.set(plain(out.loss).data, from * width);
			}
			for (let row = 0; row < tokens.batch; row++)
				data.fill(
					0,
					row * width + Math.max(0, tokens.lengths[row] - 1),
					(row + 1) * width,
				);
			return { data, dims: [tokens.batch, width] };
		},
		unembedding: () => tensor(headName(config)),
		neuronOutput(layer) {
			parseHook(info, `blocks.${layer}.mlp.hook_post`);
			return tensor(`h.${layer}.mlp.c_proj.weight`);
		},
		dispose: () => sessions.dispose(),
	};
}

function ortTensor({ data, dims }: Tensor): OrtTensor {
	return new OrtTensor("float32", data, dims);
}

function plain(value: InferenceSession.OnnxValueMapType[string]): Tensor {
	return { data: value.data as Float32Array, dims: [...value.dims] };
}
