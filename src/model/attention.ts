import type { OnnxGraph } from "../formats/onnx";
import type { Gpt2Config } from "./config";
import { withoutDenormals } from "./denormals";
import type { Wanted } from "./graph";
import type { HookName } from "./types";

/**
 * Causal self-attention for every head: softmax(q · kᵀ · scale + mask) · v, from qkv [batch, seq, 3 d_model] to
 * z [batch, seq, d_model], and the positions of the tokens, [seq]. Earlier tokens' keys and values stand before the new ones'
 * where they are fed.
 */
export function attention(
	g: OnnxGraph,
	config: Gpt2Config,
	{ past }: Wanted,
	ids: string,
	hook: (name: HookName, value: string) => string,
) {
	const earlier = (layer: number, part: "k" | "v") =>
		g.input(`past.${layer}.${part}`, "float32", ["batch", "past", "width"]);
	const k0 = past ? earlier(0, "k") : undefined;
	const { positions, mask } = places(g, ids, k0);
	const split = g.int([0, 0, config.n_heads, config.d_head]);
	const merged = g.int([0, 0, config.d_model]);
	const heads = (x: string, perm: number[]) =>
		g.op("Transpose", [g.op("Reshape", [x, split])], { perm });

	const attend = (layer: number, qkv: string): string => {
		const block = `blocks.${layer}.attn` as const;
		const parts = ["q", "k", "v"].map((part) => `${block}.${part}`);
		g.ops("Split", [qkv], { axis: -1, num_outputs: 3 }, parts);
		const q = hook(`${block}.hook_q`, parts[0]);
		let k = hook(`${block}.hook_k`, parts[1]);
		let v = hook(`${block}.hook_v`, parts[2]);
		if (k0) {
			k = g.op("Concat", [layer ? earlier(layer, "k") : k0, k], { axis: 1 });
			v = g.op("Concat", [earlier(layer, "v"), v], { axis: 1 });
		}
		const products = g.op("MatMul", [
			heads(q, [0, 2, 1, 3]), // [batch, head, query, d_head]
			heads(k, [0, 2, 3, 1]), // [batch, head, d_head, key]
		]);
		const scaled = g.op("Mul", [
			products,
			g.float(config.attention_scale[layer]),
		]);
		const scores = hook(
			`${block}.hook_attn_scores`,
			g.op("Add", [scaled, mask]),
		);
		const shares = g.op("Softmax", [scores], { axis: -1 });
		const pattern = hook(
			`${block}.hook_pattern`,
			withoutDenormals(g, shares, shares),
		);
		const mixed = g.op("MatMul", [pattern, heads(v, [0, 2, 1, 3])]);
		const z = g.op("Transpose", [mixed], { perm: [0, 2, 1, 3] });
		return hook(`${block}.hook_z`, g.op("Reshape", [z, merged]));
	};
	return { positions, attend };
}

/** The tokens' positions [seq], and [seq, past + seq]: 0 where the key is not after the query, else −∞. */
function places(g: OnnxGraph, ids: string, pastKeys?: string) {
	const second = (x: string) =>
		g.op("Squeeze", [g.op("Shape", [x], { start: 1, end: 2 }), g.int([0])]);
	const from = pastKeys ? second(pastKeys) : g.int(0);
	const to = pastKeys ? g.op("Add", [from, second(ids)]) : second(ids);
	const positions = g.op("Range", [from, to, g.int(1)]);
	const keys = pastKeys ? g.op("Range", [g.int(0), to, g.int(1)]) : positions;
	const causal = g.op("LessOrEqual", [
		g.op("Unsqueeze", [keys, g.int([0])]),
		g.op("Unsqueeze", [positions, g.int([1])]),
	]);
	const mask = g.op("Where", [
		causal,
		g.float(0),
		g.float(Number.NEGATIVE_INFINITY),
	]);
	return { positions, mask };
}
