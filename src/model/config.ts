import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ModelInfo } from "./types";

/** A model's shape, and what else its graph needs to know. */
export interface Gpt2Config extends ModelInfo {
	/** Whether the head is the embedding. */
	tie_word_embeddings: boolean;
	/** By layer: what query · key is multiplied by. */
	attention_scale: number[];
}

const activations = ["gelu_new", "gelu_pytorch_tanh", "gelu", "relu"];

/** Reads config.json. Throws one sentence where it is missing, broken or not a GPT-2's. */
export function readConfig(folder: string, name: string): Gpt2Config {
	const json = readJson(join(folder, "config.json"));
	if (json.model_type !== "gpt2")
		throw new Error(
			`The model in ${folder} is of type "${json.model_type}", and only "gpt2" can be loaded.`,
		);
	const activation_function = json.activation_function ?? "gelu_new";
	if (!activations.includes(String(activation_function)))
		throw new Error(
			`The activation function "${activation_function}" of the model in ${folder} is not supported; supported are ${activations.join(", ")}.`,
		);
	const count = (key: string, or?: unknown) => {
		const value = json[key] ?? or;
		if (Number.isInteger(value) && Number(value) > 0) return Number(value);
		throw new Error(
			`"${key}" in ${join(folder, "config.json")} is ${JSON.stringify(value)}, where a whole number above 0 is needed.`,
		);
	};
	const id = (key: string) =>
		typeof json[key] === "number" ? json[key] : null;
	const n_layers = count("n_layer");
	const n_heads = count("n_head");
	const d_model = count("n_embd");
	if (d_model % n_heads !== 0)
		throw new Error(
			`The model in ${folder} has n_embd ${d_model}, which its ${n_heads} heads do not divide.`,
		);
	const d_head = d_model / n_heads;
	return {
		name,
		folder,
		model_type: "gpt2",
		n_layers,
		n_heads,
		d_model,
		d_head,
		d_mlp: count("n_inner", 4 * d_model),
		n_ctx: count("n_positions", json.n_ctx),
		d_vocab: count("vocab_size"),
		activation_function: String(activation_function),
		layer_norm_epsilon: Number(json.layer_norm_epsilon ?? 1e-5),
		bos_token_id: id("bos_token_id"),
		eos_token_id: id("eos_token_id"),
		tie_word_embeddings: json.tie_word_embeddings !== false,
		attention_scale: Array.from(
			{ length: n_layers },
			(_, layer) =>
				(json.scale_attn_weights === false ? 1 : 1 / Math.sqrt(d_head)) /
				(json.scale_attn_by_inverse_layer_idx ? layer + 1 : 1),
		),
	};
}

/** The model's information without what only the graph needs. */
export function publicInfo({
	tie_word_embeddings: _,
	attention_scale: __,
	...info
}: Gpt2Config): ModelInfo {
	return info;
}

/** A JSON object from a file. */
export function readJson(file: string): Record<string, unknown> {
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch {
		throw new Error(
			`The file ${file} does not exist or cannot be read; a model's folder needs config.json and model.safetensors.`,
		);
	}
	try {
		return JSON.parse(text) as Record<string, unknown>;
	} catch {
		throw new Error(`The file ${file} is not valid JSON.`);
	}
}
