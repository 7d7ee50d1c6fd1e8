import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { OnnxFile, OnnxNode } from "../../formats/onnx-file";
import { readJson } from "../config";
import { fileName } from "../name";
import type { ModelInfo } from "../types";
import { attributeOf } from "./prepare";
import type { Structure } from "./structure";
import { tensorBehind, type Wiring, weightSize } from "./wiring";

/** The folder of a model's config.json and tokenizer.json: that of its ONNX file, or the one above (Optimum's "onnx/"). */
export function homeOf(file: string): string {
	const folder = dirname(file);
	return [folder, dirname(folder)].find(hasConfig) ?? folder;
}

function hasConfig(folder: string): boolean {
	return existsSync(join(folder, "config.json"));
}

/**
 * What a decoder is made of: its sizes by its weights, the rest by config.json, or as far as the graph shows it.
 * Throws where config.json is of another model, or where the number of heads is nowhere said.
 */
export function describe(
	file: OnnxFile,
	w: Wiring,
	structure: Structure,
): ModelInfo {
	const folder = homeOf(file.file);
	const config = hasConfig(folder)
		? readJson(join(folder, "config.json"))
		: undefined;
	const said = (...keys: string[]) =>
		keys.map((key) => config?.[key]).find((value) => value != null);
	const number = (...keys: string[]) => {
		const value = said(...keys);
		return typeof value === "number" ? value : undefined;
	};
	const sizes = sizesOf(file.file, w, structure);
	const n_layers = structure.layers.length;
	const check = (what: string, found: number, ...keys: string[]) => {
		const given = number(...keys);
		if (given !== undefined && given !== found)
			throw new Error(
				`${join(folder, "config.json")} says that ${what} is ${given}, but in ${file.file} it is ${found}; they are not of the same model, or the graph is of a form that is not understood.`,
			);
		return found;
	};
	const d_model = check("d_model", sizes.d_model, ...configKeys.d_model);
	const shown = shownHeads(w, structure, sizes);
	const checked =
		shown &&
		check("the number of attention heads", shown, ...configKeys.n_heads);
	const n_heads =
		checked ?? number(...configKeys.n_heads) ?? headsOf(w, structure, sizes);
	if (!n_heads || sizes.heads % n_heads !== 0)
		throw new Error(
			`The number of attention heads of ${file.file} ${n_heads ? `cannot be ${n_heads}: their outputs are ${sizes.heads} wide` : "cannot be told from the graph"}; put the model's config.json beside it.`,
		);
	const positions = positionsOf(w, structure);
	const model_type = said("model_type");
	return {
		name: fileName(file.file, folder),
		folder,
		...(typeof model_type === "string" && { model_type }),
		n_layers: check("the number of layers", n_layers, ...configKeys.n_layers),
		n_heads,
		d_model,
		d_head: sizes.heads / n_heads,
		d_mlp: sizes.d_mlp,
		n_ctx: Math.min(
			number(...configKeys.n_ctx) ?? Number.MAX_SAFE_INTEGER,
			positions ?? Number.MAX_SAFE_INTEGER,
		),
		d_vocab: sizes.d_vocab,
		activation_function: activationOf(
			structure,
			said(...configKeys.activation_function),
		),
		layer_norm_epsilon:
			number(...configKeys.layer_norm_epsilon) ??
			epsilonOf(w, structure) ??
			1e-5,
		bos_token_id: number("bos_token_id") ?? null,
		eos_token_id: number("eos_token_id") ?? null,
	};
}

/** What the families on the hub call these. */
const configKeys = {
	n_layers: ["n_layer", "num_hidden_layers", "n_layers", "num_layers"],
	d_model: ["n_embd", "hidden_size", "d_model"],
	n_heads: ["n_head", "num_attention_heads", "n_heads", "num_heads"],
	n_ctx: ["n_positions", "max_position_embeddings", "n_ctx", "max_seq_len"],
	activation_function: [
		"activation_function",
		"hidden_act",
		"hidden_activation",
		"activation",
	],
	layer_norm_epsilon: [
		"layer_norm_epsilon",
		"layer_norm_eps",
		"rms_norm_eps",
		"norm_epsilon",
	],
};

interface Sizes {
	d_model: number;
	d_vocab: number;
	d_mlp: number;
	/** n_heads · d_head. */
	heads: number;
}

/** The sizes that the weights have: a matrix to or from the stream has d_model times as many numbers as its other side is wide. */
function sizesOf(
	file: string,
	w: Wiring,
	{ layers, table, head }: Structure,
): Sizes {
	const [d_vocab, d_model] = tensorBehind(w, table)?.shape ?? [];
	const side = (nodes: readonly OnnxNode[] = []) =>
		nodes.length ? (weightSize(w, nodes[0]) ?? 0) / d_model : 0;
	const { attn } = layers.find(({ attn }) => attn) ?? {};
	const { mlp } = layers.find(({ mlp }) => mlp) ?? {};
	const sizes = {
		d_model,
		d_vocab: side(head.last) || d_vocab,
		d_mlp: side(mlp?.way.last),
		heads: side(attn?.way.last),
	};
	const odd = Object.values(sizes).find((n) => !Number.isInteger(n));
	if (odd !== undefined || !sizes.heads)
		throw new Error(
			`The sizes of the weights of ${file} do not fit each other, so it is damaged, or of a form that is not understood.`,
		);
	return sizes;
}

/** How many positions the table of learned positions has, where there is one. */
function positionsOf(w: Wiring, structure: Structure): number | undefined {
	const table = tensorBehind(w, structure.table);
	for (const { type, inputs } of w.graph.nodes) {
		if (!type.startsWith("Gather") || !w.isConstant(inputs[0])) continue;
		const found = tensorBehind(w, inputs[0]);
		if (!found || found === table || found.shape.length !== 2) continue;
		if (found.shape[1] === table?.shape[1]) return found.shape[0];
	}
	return undefined;
}

/** The number of heads that a fused attention or the shape of a cache has. */
function shownHeads(
	w: Wiring,
	{ layers }: Structure,
	{ heads }: Sizes,
): number | undefined {
	const nodes = layers.find(({ attn }) => attn)?.attn?.way.nodes ?? [];
	for (const node of nodes) {
		const said = attributeOf(node, "num_heads")?.whole;
		if (said) return said;
	}
	const past = w.graph.inputs.find(({ name }) => /^past/.test(name));
	const width = past?.shape.at(-1);
	return typeof width === "number" ? heads / width : undefined;
}

/** The number of heads by how the values are reshaped. */
function headsOf(
	w: Wiring,
	{ layers }: Structure,
	{ heads }: Sizes,
): number | undefined {
	const nodes = layers.find(({ attn }) => attn)?.attn?.way.nodes ?? [];
	for (const { type, inputs } of nodes) {
		if (type !== "Reshape") continue;
		const [n, width] = lastTwo(w, inputs[1]);
		// [heads, d_head], or with query, key and value side by side
		if (n > 0 && (n * width === heads || n * width === 3 * heads)) return n;
	}
	return undefined;
}

/** The last two numbers of a shape, where they are constant. */
function lastTwo(w: Wiring, shape: string): number[] {
	const known = w.graph.tensors.get(shape)?.values;
	if (known) return known.slice(-2);
	const maker = w.maker(shape);
	if (maker?.type !== "Concat") return [];
	return maker.inputs
		.slice(-2)
		.flatMap((value) => w.graph.tensors.get(value)?.values ?? [Number.NaN]);
}

/** The activation function as config.json calls it, unless the operators of an MLP show another one. */
function activationOf({ layers }: Structure, said: unknown): string {
	const nodes = layers.find(({ mlp }) => mlp)?.mlp?.way.nodes ?? [];
	const types = new Set(nodes.map(({ type }) => type));
	const named: [string, string[]][] = [
		["gelu_new", ["FastGelu", "Tanh"]],
		["gelu", ["Gelu", "BiasGelu", "Erf"]],
		["silu", ["Sigmoid", "Silu", "QuickGelu", "Swish"]],
		["relu", ["Relu"]],
	];
	const shown = named.find(([, ops]) => ops.some((type) => types.has(type)));
	if (!shown) return String(said ?? "unknown");
	const [name] = shown;
	const fits = alike[name]?.includes(String(said));
	return fits ? String(said) : name;
}

/** Names of config.json for functions of the same operators. */
const alike: Record<string, string[]> = {
	gelu_new: ["gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_accurate"],
	silu: ["silu", "swish", "quick_gelu"],
};

/** What a norm adds to the variance. */
function epsilonOf(w: Wiring, { head }: Structure): number | undefined {
	for (const node of head.nodes) {
		const said = attributeOf(node, "epsilon")?.float;
		if (said !== undefined) return said;
		for (const value of node.type === "Add" ? node.inputs : []) {
			const { values } = w.graph.tensors.get(value) ?? {};
			if (values?.length === 1) return values[0];
		}
	}
	return undefined;
}
