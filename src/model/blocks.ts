import type { OnnxGraph } from "../formats/onnx";

/** What the blocks share while a training graph is written. N is batch × seq, the rows of the flat stream. */
export interface Scope {
	g: OnnxGraph;
	n_heads: number;
	d_model: number;
	layer_norm_epsilon: number;
	/** [batch, seq, 3, heads, d_head] and its parts, as shapes for Reshape. */
	shapes: { qkv: string; heads: string; stream: string };
	/** 0 where a query may look, a large negative number where not: [seq, seq]. */
	causal: string;
	/** The scale and shift of a bare normalisation: ones and zeros, [d_model]. */
	bare: [string, string];
	/** Where the gradient of each weight is put down. */
	gradient(weight: string, value: string): void;
}

const microsoft = "com.microsoft";
/** sqrt(2 / π), and the cubic term of GPT-2's GELU (Hendrycks & Gimpel 2016, the tanh form). */
const c1 = 2 * Math.sqrt(2 / Math.PI);
const c3 = c1 * 0.044715;

/** Matrix product of stacks, either side transposed, times `alpha`. */
function matmul(
	g: OnnxGraph,
	a: string,
	b: string,
	{ transA = 0, transB = 0, alpha = 1 },
	output: string,
): string {
	const attributes = { transA, transB, alpha: { float: alpha } };
	return g.ops("FusedMatMul", [a, b], attributes, [output], microsoft)[0];
}

/** x · W + b, with W as [in, out]. */
export function linear(
	{ g }: Scope,
	x: string,
	weights: string,
	output?: string,
): string {
	return g.op("Gemm", [x, `${weights}.weight`, `${weights}.bias`], {}, output);
}

/** Gradients of `linear`: puts down those of W and b, returns that of x. */
export function linearBackward(
	{ g, gradient }: Scope,
	x: string,
	weights: string,
	dy: string,
): string {
	gradient(`${weights}.weight`, g.op("Gemm", [x, dy], { transA: 1 }));
	gradient(`${weights}.bias`, sumRows(g, dy));
	return g.op("Gemm", [dy, `${weights}.weight`], { transB: 1 });
}

/** Sum over the rows of [N, d]: [d]. */
function sumRows(g: OnnxGraph, x: string): string {
	return g.op("ReduceSum", [x, g.int([0])], { keepdims: 0 });
}

export interface Normalised {
	/** (x − mean) / sqrt(variance + ε): [N, d_model]. */
	bare: string;
	/** 1 / sqrt(variance + ε): [N, 1]. */
	inverse: string;
	/** bare · weight + bias. */
	output: string;
}

/** Layer normalisation (Ba, Kiros & Hinton 2016) that keeps what its gradient needs. */
export function normalise(
	{ g, bare, layer_norm_epsilon }: Scope,
	x: string,
	weights: string,
	output?: string,
): Normalised {
	const epsilon = { float: layer_norm_epsilon };
	const [hat, , inverse] = g.ops(
		"LayerNormalization",
		[x, ...bare],
		{ axis: -1, epsilon },
		[`${weights}.bare`, `${weights}.mean`, `${weights}.inverse`],
	);
	const scaled = g.op("Mul", [hat, `${weights}.weight`]);
	return {
		bare: hat,
		inverse,
		output: g.op("Add", [scaled, `${weights}.bias`], {}, output),
	};
}

/** dx = inverse · (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) with dx̂ = dy · weight; the means as products with weight / d. */
export function normaliseBackward(
	{ g, d_model, gradient }: Scope,
	{ bare, inverse }: Normalised,
	weights: string,
	dy: string,
): string {
	const along = g.op("Mul", [dy, bare]);
	gradient(`${weights}.weight`, sumRows(g, along));
	gradient(`${weights}.bias`, sumRows(g, dy));
	const share = g.op("Reshape", [
		g.op("Mul", [`${weights}.weight`, g.float(1 / d_model)]),
		g.int([d_model, 1]),
	]);
	const dHat = g.op("Mul", [dy, `${weights}.weight`]);
	const slope = g.op("MatMul", [along, share]);
	const mean = g.op("MatMul", [dy, share]);
	const flat = g.op("Sub", [dHat, g.op("Mul", [bare, slope])]);
	return g.op("Mul", [g.op("Sub", [flat, mean]), inverse]);
}

export interface Attended {
	q: string;
	k: string;
	v: string;
	/** [batch, heads, seq, seq] */
	pattern: string;
	/** The heads' outputs side by side: [N, d_model]. */
	z: string;
	output: string;
}

/** Causal self-attention. `block` is the hook prefix, `weights` the weight prefix. */
export function attend(
	scope: Scope,
	x: string,
	block: string,
	weights: string,
): Attended {
	const { g, n_heads, d_model, shapes } = scope;
	const alpha = 1 / Math.sqrt(d_model / n_heads);
	const packed = g.op(
		"Transpose",
		[g.op("Reshape", [linear(scope, x, `${weights}.attn.c_attn`), shapes.qkv])],
		{ perm: [2, 0, 3, 1, 4] },
	); // [3, batch, heads, seq, d_head]
	const parts = ["q", "k", "v"].map((name) => `${block}.attn.${name}.packed`);
	const [q, k, v] = g
		.ops("Split", [packed], { axis: 0, num_outputs: 3 }, parts)
		.map((part) => g.op("Squeeze", [part, g.int([0])]));
	const scores = matmul(g, q, k, { transB: 1, alpha }, `${block}.attn.scores`);
	const pattern = g.op(
		"Softmax",
		[g.op("Add", [scores, scope.causal])],
		{ axis: -1 },
		`${block}.attn.hook_pattern`,
	);
	const heads = g.op("Transpose", [g.op("MatMul", [pattern, v])], {
		perm: [0, 2, 1, 3],
	});
	const z = g.op("Reshape", [heads, shapes.stream]);
	const output = linear(
		scope,
		z,
		`${weights}.attn.c_proj`,
		`${block}.hook_attn_out`,
	);
	return { q, k, v, pattern, z, output };
}

/** The gradient of attention with respect to its input, from that of its output. */
export function attendBackward(
	scope: Scope,
	saved: Attended,
	x: string,
	block: string,
	weights: string,
	dOutput: string,
): string {
	const { g, n_heads, d_model, shapes } = scope;
	const { q, k, v, pattern, z } = saved;
	const alpha = 1 / Math.sqrt(d_model / n_heads);
	const named = (name: string) => `grad.${block}.attn.${name}`;
	const dz = linearBackward(scope, z, `${weights}.attn.c_proj`, dOutput);
	const dHeads = g.op("Transpose", [g.op("Reshape", [dz, shapes.heads])], {
		perm: [0, 2, 1, 3],
	});
	const dv = matmul(g, pattern, dHeads, { transA: 1 }, named("v"));
	const dPattern = matmul(g, dHeads, v, { transB: 1 }, named("hook_pattern"));
	// softmax: ds = p · (dp − Σ p · dp)
	const product = g.op("Mul", [pattern, dPattern]);
	const total = g.op("ReduceSum", [product, g.int([-1])], { keepdims: 1 });
	const ds = g.op("Sub", [product, g.op("Mul", [pattern, total])]);
	const dq = matmul(g, ds, k, { alpha }, named("q"));
	const dk = matmul(g, ds, q, { transA: 1, alpha }, named("k"));
	const packed = g.op(
		"Concat",
		[dq, dk, dv].map((part) => g.op("Unsqueeze", [part, g.int([0])])),
		{ axis: 0 },
	);
	const dPacked = g.op("Reshape", [
		g.op("Transpose", [packed], { perm: [1, 3, 0, 2, 4] }),
		g.int([-1, 3 * d_model]),
	]);
	return linearBackward(scope, x, `${weights}.attn.c_attn`, dPacked);
}

export interface Activated {
	/** c3·x² + c1, so that the gate is sigmoid(x · curve). */
	curve: string;
	gate: string;
	/** x · gate = gelu_new(x): [N, d_mlp]. */
	post: string;
	output: string;
}

/** The MLP. 0.5·x·(1 + tanh(u)) = x · sigmoid(2u), with u = sqrt(2/π)·(x + 0.044715·x³). */
export function think(
	scope: Scope,
	x: string,
	block: string,
	weights: string,
): Activated {
	const { g } = scope;
	const pre = linear(scope, x, `${weights}.mlp.c_fc`, `${block}.mlp.hook_pre`);
	const square = g.op("Mul", [pre, pre]);
	const curve = g.op("Add", [g.op("Mul", [square, g.float(c3)]), g.float(c1)]);
	const gate = g.op("Sigmoid", [g.op("Mul", [curve, pre])]);
	const post = g.op("Mul", [pre, gate], {}, `${block}.mlp.hook_post`);
	const output = linear(
		scope,
		post,
		`${weights}.mlp.c_proj`,
		`${block}.hook_mlp_out`,
	);
	return { curve, gate, post, output };
}

/** gelu'(x) = gate + (1 − gate) · post · (3·curve − 2·c1): no transcendental function again. */
export function thinkBackward(
	scope: Scope,
	{ curve, gate, post }: Activated,
	x: string,
	weights: string,
	dOutput: string,
): string {
	const { g } = scope;
	const dPost = linearBackward(scope, post, `${weights}.mlp.c_proj`, dOutput);
	const steep = g.op("Sub", [
		g.op("Mul", [curve, g.float(3)]),
		g.float(2 * c1),
	]);
	const rest = g.op("Mul", [g.op("Sub", [g.float(1), gate]), post]);
	const slope = g.op("Add", [g.op("Mul", [rest, steep]), gate]);
	const dPre = g.op("Mul", [dPost, slope]);
	return linearBackward(scope, x, `${weights}.mlp.c_fc`, dPre);
}
