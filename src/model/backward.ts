import { OnnxGraph } from "../formats/onnx";
import {
	type Activated,
	type Attended,
	attend,
	attendBackward,
	type Normalised,
	normalise,
	normaliseBackward,
	type Scope,
	think,
	thinkBackward,
} from "./blocks";
import { crossEntropy, embed, embedBackward } from "./ends";

/** The sizes of a GPT-2 that the training graph depends on. */
export interface Gpt2Sizes {
	n_layers: number;
	n_heads: number;
	d_model: number;
	d_mlp: number;
	n_ctx: number;
	d_vocab: number;
	layer_norm_epsilon: number;
}

/** Every weight of a GPT-2 with a tied head: its Hugging Face name and its shape, in the order of the layers. */
export function weightShapes(sizes: Gpt2Sizes): Record<string, number[]> {
	const { n_layers, d_model: d, d_mlp, n_ctx, d_vocab } = sizes;
	const shapes: Record<string, number[]> = {
		"transformer.wte.weight": [d_vocab, d],
		"transformer.wpe.weight": [n_ctx, d],
	};
	const pair = (name: string, weight: number[], bias: number) => {
		shapes[`${name}.weight`] = weight;
		shapes[`${name}.bias`] = [bias];
	};
	for (let layer = 0; layer < n_layers; layer++) {
		const block = `transformer.h.${layer}`;
		pair(`${block}.ln_1`, [d], d);
		pair(`${block}.attn.c_attn`, [d, 3 * d], 3 * d);
		pair(`${block}.attn.c_proj`, [d, d], d);
		pair(`${block}.ln_2`, [d], d);
		pair(`${block}.mlp.c_fc`, [d, d_mlp], d_mlp);
		pair(`${block}.mlp.c_proj`, [d_mlp, d], d);
	}
	pair("transformer.ln_f", [d], d);
	return shapes;
}

/** The output that holds the gradient of a weight or of a hook. */
export function gradientOf(name: string): string {
	return `grad.${name}`;
}

/**
 * The training graph of a GPT-2: forward, cross-entropy, and its gradient, as the bytes of an ONNX model.
 *
 * Inputs: `ids` and `targets`, int32 [batch, seq], right padded (a target of -1 is not counted), `emphasis`, float32
 * [batch, seq], how much each target matters in the gradient (1 gives the gradient of the sum), and every weight of
 * `weightShapes` by its name. Outputs: `loss`, the sum in nats over the counted targets; `count`, how many there
 * were; and what `outputs` names, by default the gradient of the sum with respect to every weight
 * (`grad.transformer.h.0.attn.c_attn.weight`, …). The gradients of the residual stream are there to ask for as well
 * (`grad.blocks.3.hook_resid_post`, flat: [batch · seq, d_model]; likewise `resid_pre`, `resid_mid`, and
 * `grad.hook_embed`), as are the hooks themselves and `nats`, the loss of each target [batch · seq, 1]. Where no gradient
 * is asked for, none is computed.
 */
export function buildBackward(
	sizes: Gpt2Sizes,
	outputs = Object.keys(weightShapes(sizes)).map(gradientOf),
): Uint8Array {
	const g = new OnnxGraph();
	for (const [name, shape] of Object.entries(weightShapes(sizes)))
		g.input(name, "float32", shape);
	const ids = g.input("ids", "int32", ["batch", "seq"]);
	const targets = g.input("targets", "int32", ["batch", "seq"]);
	const scope = openScope(g, sizes, ids);
	const { blocks, stream } = forward(scope, sizes, ids);
	const last = normalise(scope, stream, "transformer.ln_f");
	const head = crossEntropy(scope, last.output, targets);
	const dStream = backward(scope, blocks, last, head.dOutput);
	embedBackward(scope, sizes.n_ctx, ids, dStream, head.dTable);
	return g.build(["loss", "count", ...outputs]);
}

interface Block {
	before: Normalised;
	attended: Attended;
	between: Normalised;
	activated: Activated;
}

function openScope(g: OnnxGraph, sizes: Gpt2Sizes, ids: string): Scope {
	const { n_heads, d_model, n_ctx, layer_norm_epsilon } = sizes;
	const shape = g.op("Shape", [ids]);
	const with_ = (...rest: number[]) =>
		g.op("Concat", [shape, g.int(rest)], { axis: 0 });
	const seq = g.op("Shape", [ids], { start: 1 }, "seq_length");
	const mask = new Float32Array(n_ctx * n_ctx);
	for (let q = 0; q < n_ctx; q++)
		mask.fill(-1e9, q * n_ctx + q + 1, (q + 1) * n_ctx);
	const ends = g.op("Concat", [seq, seq], { axis: 0 });
	return {
		g,
		n_heads,
		d_model,
		layer_norm_epsilon,
		shapes: {
			qkv: with_(3, n_heads, d_model / n_heads),
			heads: with_(n_heads, d_model / n_heads),
			stream: g.int([-1, d_model]),
		},
		causal: g.op("Slice", [
			g.float(mask, [n_ctx, n_ctx]),
			g.int([0, 0]),
			ends,
			g.int([0, 1]),
		]),
		bare: [
			g.float(new Float32Array(d_model).fill(1)),
			g.float(new Float32Array(d_model)),
		],
		gradient: (weight, value) => {
			g.op("Identity", [value], {}, gradientOf(weight));
		},
	};
}

function forward(scope: Scope, { n_layers }: Gpt2Sizes, ids: string) {
	const { g } = scope;
	let stream = embed(scope, ids);
	const blocks: Block[] = [];
	for (let layer = 0; layer < n_layers; layer++) {
		const [block, weights] = [`blocks.${layer}`, `transformer.h.${layer}`];
		const before = normalise(scope, stream, `${weights}.ln_1`);
		const attended = attend(scope, before.output, block, weights);
		const middle = g.op(
			"Add",
			[stream, attended.output],
			{},
			`${block}.hook_resid_mid`,
		);
		const between = normalise(scope, middle, `${weights}.ln_2`);
		const activated = think(scope, between.output, block, weights);
		stream = g.op(
			"Add",
			[middle, activated.output],
			{},
			`${block}.hook_resid_post`,
		);
		blocks.push({ before, attended, between, activated });
	}
	return { blocks, stream };
}

function backward(
	scope: Scope,
	blocks: Block[],
	last: Normalised,
	dOutput: string,
): string {
	const { g } = scope;
	const top = `grad.blocks.${blocks.length - 1}.hook_resid_post`;
	let dStream = g.op(
		"Identity",
		[normaliseBackward(scope, last, "transformer.ln_f", dOutput)],
		{},
		top,
	);
	for (let layer = blocks.length - 1; layer >= 0; layer--) {
		const { before, attended, between, activated } = blocks[layer];
		const [block, weights] = [`blocks.${layer}`, `transformer.h.${layer}`];
		const dThought = thinkBackward(
			scope,
			activated,
			between.output,
			weights,
			dStream,
		);
		dStream = g.op(
			"Add",
			[dStream, normaliseBackward(scope, between, `${weights}.ln_2`, dThought)],
			{},
			`grad.${block}.hook_resid_mid`,
		);
		const dAttended = attendBackward(
			scope,
			attended,
			before.output,
			block,
			weights,
			dStream,
		);
		dStream = g.op(
			"Add",
			[dStream, normaliseBackward(scope, before, `${weights}.ln_1`, dAttended)],
			{},
			`grad.${block}.hook_resid_pre`,
		);
		if (layer > 0)
			g.op(
				"Identity",
				[dStream],
				{},
				`grad.blocks.${layer - 1}.hook_resid_post`,
			);
	}
	return dStream;
}
