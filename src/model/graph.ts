import { basename } from "node:path";
import { type ElementType, OnnxGraph } from "../formats/onnx";
import { type Gpt2Config, type Gpt2Weights, headName } from "./config";
import type { HookName } from "./types";

/** What a graph should compute. */
export interface Wanted {
	hooks: readonly HookName[];
	/** Logits [batch, seq, d_vocab], as output "logits". */
	logits?: boolean;
	/** Cross-entropy of each next token [batch, seq - 1], as output "loss". */
	loss?: boolean;
	/** Hooks whose values the caller changes: y = x · multiply + add, both inputs. */
	interventions: readonly HookName[];
}

/** The names of the two inputs that change a hook. */
export function interventionInputs(hook: HookName) {
	return { multiply: `${hook}.multiply`, add: `${hook}.add` };
}

const elementTypes: Record<string, ElementType> = {
	F32: "float32",
	F16: "float16",
	BF16: "bfloat16",
};
const FLOAT32 = 1; // onnx.proto, TensorProto.DataType
const LOWEST = -3.4028234663852886e38; // float32

/**
 * GPT-2 (Radford et al. 2019; the layout of Hugging Face's GPT2LMHeadModel) as an ONNX graph whose weights
 * stay in the `.safetensors` file. Its input is "ids": int32 [batch, seq], padded on the right. It has no
 * attention mask: a token attends only to those before it, so padding on the right reaches no token.
 * Only what the outputs need is in the graph.
 */
export function buildForward(
	config: Gpt2Config,
	weights: Gpt2Weights,
	wanted: Wanted,
): Uint8Array {
	const g = new OnnxGraph();
	const weight = weightReader(g, weights);
	const hook = hookPoints(g, wanted);
	const norm = (x: string, name: string, output?: string) =>
		g.op(
			"LayerNormalization",
			[x, weight(`${name}.weight`), weight(`${name}.bias`)],
			{ axis: -1, epsilon: { float: config.layer_norm_epsilon } },
			output,
		);
	const dense = (x: string, name: string) =>
		g.op("Add", [
			g.op("MatMul", [x, weight(`${name}.weight`)]),
			weight(`${name}.bias`),
		]);

	const ids = g.input("ids", "int32", ["batch", "seq"]);
	const positions = range(g, ids); // [seq]
	const mask = causalMask(g, positions); // [seq, seq]
	const attend = attention(g, config, mask);
	let x = g.op("Add", [
		hook("hook_embed", g.op("Gather", [weight("wte.weight"), ids])),
		g.op("Gather", [weight("wpe.weight"), positions]),
	]); // [batch, seq, d_model]
	for (let layer = 0; layer < config.n_layers; layer++) {
		const block = <T extends string>(name: T) =>
			`blocks.${layer}.${name}` as const;
		const h = `h.${layer}`;
		x = hook(block("hook_resid_pre"), x);
		const qkv = dense(norm(x, `${h}.ln_1`), `${h}.attn.c_attn`);
		const mixed = attend(layer, qkv);
		const attn = hook(block("hook_attn_out"), dense(mixed, `${h}.attn.c_proj`));
		x = hook(block("hook_resid_mid"), g.op("Add", [x, attn]));
		const pre = dense(norm(x, `${h}.ln_2`), `${h}.mlp.c_fc`); // [batch, seq, d_mlp]
		const post = hook(block("mlp.hook_post"), activation(g, config, pre));
		const mlp = hook(block("hook_mlp_out"), dense(post, `${h}.mlp.c_proj`));
		x = hook(block("hook_resid_post"), g.op("Add", [x, mlp]));
	}
	const last = hook("ln_final.hook_normalized", norm(x, "ln_f"));
	if (wanted.logits) logits(g, config, last, weight(headName(config)), ids);
	if (wanted.loss) loss(g, config, last, weight(headName(config)), ids);
	return g.build([
		...wanted.hooks,
		...(wanted.logits ? ["logits"] : []),
		...(wanted.loss ? ["loss"] : []),
	]);
}

/** Gives every tensor of the file a value in the graph at its first use, in float32. */
function weightReader(g: OnnxGraph, weights: Gpt2Weights) {
	const values = new Map<string, string>();
	const location = basename(weights.file);
	return (name: string): string => {
		let value = values.get(name);
		if (value === undefined) {
			const { dtype, shape, offset, length } = weights.entry(name);
			const type = elementTypes[dtype];
			value = g.external(name, { type, shape, location, offset, length });
			if (type !== "float32") value = g.op("Cast", [value], { to: FLOAT32 });
			values.set(name, value);
		}
		return value;
	};
}

/** Names the value at a hook and, where it is to be changed, changes it. */
function hookPoints(g: OnnxGraph, wanted: Wanted) {
	return (name: HookName, value: string): string => {
		if (wanted.interventions.includes(name)) {
			const { multiply, add } = interventionInputs(name);
			const shape = ["?", "?", "?"]; // each of the three is full, or 1
			const scaled = g.op("Mul", [value, g.input(multiply, "float32", shape)]);
			return g.op("Add", [scaled, g.input(add, "float32", shape)], {}, name);
		}
		if (wanted.hooks.includes(name)) g.op("Identity", [value], {}, name);
		return value;
	};
}

/** 0, 1, …, seq - 1. */
function range(g: OnnxGraph, ids: string): string {
	const seq = g.op("Squeeze", [
		g.op("Shape", [ids], { start: 1, end: 2 }),
		g.int([0]),
	]);
	return g.op("Range", [g.int(0), seq, g.int(1)]);
}

/** [seq, seq]: 0 where the key is not after the query, else the lowest float. */
function causalMask(g: OnnxGraph, positions: string): string {
	const keys = g.op("Unsqueeze", [positions, g.int([0])]);
	const queries = g.op("Unsqueeze", [positions, g.int([1])]);
	return g.op("Where", [
		g.op("LessOrEqual", [keys, queries]),
		g.float(0),
		g.float(LOWEST),
	]);
}

/** softmax(q · kᵀ · scale + mask) · v for every head; from [batch, seq, 3 d_model] to [batch, seq, d_model]. */
function attention(g: OnnxGraph, config: Gpt2Config, mask: string) {
	const split = g.int([0, 0, config.n_heads, config.d_head]);
	const merged = g.int([0, 0, config.d_model]);
	return (layer: number, qkv: string): string => {
		const block = `blocks.${layer}.attn`;
		const parts = ["q", "k", "v"].map((part) => `${block}.${part}`);
		g.ops("Split", [qkv], { axis: -1, num_outputs: 3 }, parts);
		const [q, k, v] = parts.map((part, i) =>
			g.op("Transpose", [g.op("Reshape", [part, split])], {
				perm: i === 1 ? [0, 2, 3, 1] : [0, 2, 1, 3],
			}),
		); // q, v: [batch, head, seq, d_head]; k: [batch, head, d_head, seq]
		const scale = g.float(config.attention_scale[layer]);
		const scores = g.op("Add", [
			g.op("Mul", [g.op("MatMul", [q, k]), scale]),
			mask,
		]);
		const pattern = g.op(
			"Softmax",
			[scores],
			{ axis: -1 },
			`${block}.hook_pattern`,
		);
		const mixed = g.op("Transpose", [g.op("MatMul", [pattern, v])], {
			perm: [0, 2, 1, 3],
		});
		return g.op("Reshape", [mixed, merged]);
	};
}

function activation(g: OnnxGraph, config: Gpt2Config, x: string): string {
	if (config.activation_function === "relu") return g.op("Relu", [x]);
	const exact = config.activation_function === "gelu";
	return g.op("Gelu", [x], { approximate: exact ? "none" : "tanh" });
}

function logits(
	g: OnnxGraph,
	config: Gpt2Config,
	x: string,
	head: string,
	ids: string,
): void {
	const rows = unembed(g, config, x, head);
	const shape = g.op(
		"Concat",
		[g.op("Shape", [ids]), g.int([config.d_vocab])],
		{ axis: 0 },
	);
	g.op("Reshape", [rows, shape], {}, "logits");
}

/** −log p(next token) = log Σ exp(logits) − logit of the next token. */
function loss(
	g: OnnxGraph,
	config: Gpt2Config,
	x: string,
	head: string,
	ids: string,
): void {
	const slice = (value: string, from: number, to: number) =>
		g.op("Slice", [value, g.int([from]), g.int([to]), g.int([1])]);
	const rows = unembed(g, config, slice(x, 0, -1), head);
	const next = slice(ids, 1, Number.MAX_SAFE_INTEGER); // [batch, seq - 1]
	const column = g.op("Reshape", [next, g.int([-1, 1])]);
	const chosen = g.op("GatherElements", [rows, column], { axis: 1 });
	const total = g.op("ReduceLogSumExp", [rows, g.int([1])], { keepdims: 1 });
	const nats = g.op("Sub", [total, chosen]);
	g.op("Reshape", [nats, g.op("Shape", [next])], {}, "loss");
}

/** Logits of every token of the batch, one after the other: [batch · seq, d_vocab]. */
function unembed(
	g: OnnxGraph,
	config: Gpt2Config,
	x: string,
	head: string,
): string {
	const rows = g.op("Reshape", [x, g.int([-1, config.d_model])]);
	return g.op("Gemm", [rows, head], { transB: 1 });
}
