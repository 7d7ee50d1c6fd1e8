import { type ElementType, OnnxGraph } from "../formats/onnx";
import { attention } from "./attention";
import type { Gpt2Config } from "./config";
import { type Spliced, splice } from "./stages";
import type { HookName } from "./types";
import type { Gpt2Weights } from "./weights";

/** What a graph of the stream should compute. */
export interface Wanted {
	/** Hooks whose values are outputs, by their names. */
	hooks: readonly HookName[];
	/** Changes whose numbers are inputs. */
	spliced: Spliced;
	/** Whether keys and values of earlier tokens are fed, as "past.L.k" and "past.L.v": [batch, past, d_model]. */
	past?: boolean;
}

const elementTypes: Record<string, ElementType> = {
	F32: "float32",
	F16: "float16",
	BF16: "bfloat16",
};
const FLOAT32 = 1; // onnx.proto, TensorProto.DataType

/** The stream's graph, with only what the wanted hooks need. */
export function buildStream(
	config: Gpt2Config,
	weights: Gpt2Weights,
	wanted: Wanted,
): Uint8Array {
	const g = new OnnxGraph();
	writeStream(g, config, weightReader(g, weights), wanted);
	return g.build(wanted.hooks);
}

/**
 * Writes GPT-2 (Radford et al. 2019; the layout of Hugging Face's GPT2LMHeadModel) up to its last norm. Its input is
 * "ids": int32 [batch, seq], padded on the right. It has no attention mask: a token attends only to those before it,
 * so padding on the right reaches no token. Every hook but the norms' scales and normalized values and the heads' results,
 * which are written only where they are wanted, has a value of its name in the graph.
 */
export function writeStream(
	g: OnnxGraph,
	config: Gpt2Config,
	weight: (name: string) => string,
	wanted: Wanted,
): void {
	const hook = <T extends HookName>(name: T, value: string): string =>
		g.op("Identity", [splice(g, name, value, wanted.spliced[name])], {}, name);
	const norm = normalisation(g, config, weight, wanted, hook);
	const dense = (x: string, name: string) =>
		g.op("Add", [
			g.op("MatMul", [x, weight(`${name}.weight`)]),
			weight(`${name}.bias`),
		]);

	const ids = g.input("ids", "int32", ["batch", "seq"]);
	const { positions, attend } = attention(g, config, wanted, ids, hook);
	const everywhere = g.op("Expand", [positions, g.op("Shape", [ids])]); // [batch, seq]
	let x = g.op("Add", [
		hook("hook_embed", g.op("Gather", [weight("wte.weight"), ids])),
		hook("hook_pos_embed", g.op("Gather", [weight("wpe.weight"), everywhere])),
	]); // [batch, seq, d_model]
	for (let layer = 0; layer < config.n_layers; layer++) {
		const block = `blocks.${layer}` as const;
		const h = `h.${layer}`;
		x = hook(`${block}.hook_resid_pre`, x);
		const qkv = dense(norm(x, `${h}.ln_1`, `${block}.ln1`), `${h}.attn.c_attn`);
		const z = attend(layer, qkv); // [batch, seq, d_model]
		if (wanted.hooks.includes(`${block}.attn.hook_result`))
			headResults(g, config, z, weight(`${h}.attn.c_proj.weight`), block);
		const attn = hook(`${block}.hook_attn_out`, dense(z, `${h}.attn.c_proj`));
		x = hook(`${block}.hook_resid_mid`, g.op("Add", [x, attn]));
		const normed = norm(x, `${h}.ln_2`, `${block}.ln2`);
		const pre = hook(`${block}.mlp.hook_pre`, dense(normed, `${h}.mlp.c_fc`)); // [batch, seq, d_mlp]
		const post = hook(`${block}.mlp.hook_post`, activation(g, config, pre));
		const mlp = hook(`${block}.hook_mlp_out`, dense(post, `${h}.mlp.c_proj`));
		x = hook(`${block}.hook_resid_post`, g.op("Add", [x, mlp]));
	}
	norm(x, "ln_f", "ln_final");
}

/** Gives every tensor of the files a value in the graph at its first use, in float32. */
export function weightReader(g: OnnxGraph, weights: Gpt2Weights) {
	const values = new Map<string, string>();
	return (name: string): string => {
		let value = values.get(name);
		if (value === undefined) {
			const { dtype, ...tensor } = weights.entry(name);
			const type = elementTypes[dtype];
			value = g.external(name, { ...tensor, type });
			if (type !== "float32") value = g.op("Cast", [value], { to: FLOAT32 });
			values.set(name, value);
		}
		return value;
	};
}

/** Layer normalisation (Ba, Kiros & Hinton 2016) with its hooks: sqrt(variance + ε), (x − mean) / that, and this times the gain plus the shift. */
function normalisation(
	g: OnnxGraph,
	config: Gpt2Config,
	weight: (name: string) => string,
	{ hooks, spliced }: Wanted,
	hook: (name: HookName, value: string) => string,
) {
	const epsilon = { float: config.layer_norm_epsilon };
	const layerNorm = (inputs: string[], outputs: string[]) =>
		g.ops("LayerNormalization", inputs, { axis: -1, epsilon }, outputs);
	const same = (value: number) =>
		g.op("Expand", [g.float(value), g.int([config.d_model])]);
	return (
		x: string,
		name: string,
		place: `blocks.${number}.${"ln1" | "ln2"}` | "ln_final",
	): string => {
		const scale = `${place}.hook_scale` as const;
		const normalized = `${place}.hook_normalized` as const;
		const outputs = hooks.includes(scale)
			? ["normed", "mean", "inverse"]
			: ["normed"];
		const names = outputs.map((output) => `${place}.${output}`);
		const [gain, shift] = [weight(`${name}.weight`), weight(`${name}.bias`)];
		// Gain and shift are apart only where what is before them changes: where it is read, it is computed beside them.
		const apart = spliced[normalized] !== undefined;
		const pure = () => [x, same(1), same(0)];
		const [normed, , inverse] = layerNorm(
			apart ? pure() : [x, gain, shift],
			names,
		);
		if (inverse) g.op("Reciprocal", [inverse], {}, scale); // sqrt(variance + ε): [batch, seq, 1]
		if (!apart && hooks.includes(normalized)) layerNorm(pure(), [normalized]);
		if (!apart) return hook(`${place}.hook_out`, normed);
		const own = hook(normalized, normed);
		const scaled = g.op("Mul", [own, gain]);
		return hook(`${place}.hook_out`, g.op("Add", [scaled, shift]));
	};
}

/** What each head writes, without the bias that they share: [batch, seq, head, d_model]. */
function headResults(
	g: OnnxGraph,
	{ n_heads, d_head, d_model }: Gpt2Config,
	z: string,
	w: string,
	block: `blocks.${number}`,
): void {
	const apart = g.op("Reshape", [z, g.int([0, 0, n_heads, 1, d_head])]);
	const perHead = g.op("Reshape", [w, g.int([n_heads, d_head, d_model])]);
	const results = g.op("MatMul", [apart, perHead]); // [batch, seq, head, 1, d_model]
	g.op("Squeeze", [results, g.int([3])], {}, `${block}.attn.hook_result`);
}

function activation(g: OnnxGraph, config: Gpt2Config, x: string): string {
	if (config.activation_function === "relu") return g.op("Relu", [x]);
	const exact = config.activation_function === "gelu";
	return g.op("Gelu", [x], { approximate: exact ? "none" : "tanh" });
}
