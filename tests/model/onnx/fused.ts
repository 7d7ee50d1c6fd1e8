import { OnnxGraph } from "../../../src/formats/onnx";
import type { Model } from "./rewrite";

const microsoft = "com.microsoft";

/**
 * The fixtures' GPT-2 as ONNX Runtime's transformer optimiser would leave it: attention, GELU with its bias, and each
 * sum with the norm and bias next to it are one operator each. `bare`: it takes nothing but ids, and has no mask.
 */
export function fusedGpt2(model: Model, bare: boolean): Uint8Array {
	const g = new OnnxGraph();
	const given = (name: string) => {
		const bytes = model.tensors.get(name);
		if (!bytes) throw new Error(`no ${name}`);
		if (!g.has(name)) g.adopt("constant", name, [], bytes);
		return name;
	};
	/** A matrix of PyTorch's, [out, in], as [in, out]. */
	const turned = (name: string) => {
		const { shape, data } = model.matrices.get(name) ?? { shape: [0, 0] };
		const [rows, columns] = shape;
		const values = Float32Array.from(
			{ length: rows * columns },
			(_, i) => data?.[(i % rows) * columns + Math.floor(i / rows)] ?? 0,
		);
		return g.float(values, [columns, rows]);
	};
	const norm = (name: string) => [
		given(`${name}.weight`),
		given(`${name}.bias`),
	];
	const ids = g.input("input_ids", "int64", ["batch", "seq"]);
	const mask = bare
		? []
		: [
				g.op("Cast", [g.input("attention_mask", "int64", ["batch", "seq"])], {
					to: 6,
				}),
			];
	const length = () =>
		g.op("Squeeze", [g.op("Shape", [ids], { start: 1, end: 2 }), g.int([0])]);
	const positions = bare
		? g.op("Range", [g.int(0), length(), g.int(1)])
		: g.input("position_ids", "int64", ["batch", "seq"]);
	let x = g.op("Add", [
		g.op("Gather", [given("embed.weight"), ids]),
		g.op("Gather", [given("places.weight"), positions]),
	]);
	let [normed] = g.ops(
		"LayerNormalization",
		[x, ...norm("blocks.0.ln1")],
		{ axis: -1, epsilon: { float: 1e-5 } },
		1,
	);
	const join = (inputs: string[], ln: string, bias: string) => {
		const names = [...inputs, ...norm(ln), given(bias)];
		const epsilon = { float: 1e-5 };
		const [out, , , sum] = g.ops(
			"SkipLayerNormalization",
			names,
			{ epsilon },
			4,
			microsoft,
		);
		return [out, sum];
	};
	for (let layer = 0; layer < 3; layer++) {
		const b = `blocks.${layer}`;
		const [z] = g.ops(
			"Attention",
			[
				normed,
				turned(`${b}.attn.qkv.weight`),
				given(`${b}.attn.qkv.bias`),
				...mask,
			],
			{ num_heads: 4, unidirectional: 1 },
			1,
			microsoft,
		);
		const attn = g.op("MatMul", [z, turned(`${b}.attn.out.weight`)]);
		const [normed2, mid] = join([attn, x], `${b}.ln2`, `${b}.attn.out.bias`);
		const up = g.op("MatMul", [normed2, turned(`${b}.mlp.up.weight`)]);
		const bias = given(`${b}.mlp.up.bias`);
		const [post] = g.ops("FastGelu", [up, bias], {}, 1, microsoft);
		const mlp = g.op("MatMul", [post, turned(`${b}.mlp.down.weight`)]);
		const next = layer === 2 ? "ln_final" : `blocks.${layer + 1}.ln1`;
		[normed, x] = join([mid, mlp], next, `${b}.mlp.down.bias`);
	}
	g.op("MatMul", [normed, turned("embed.weight")], {}, "logits");
	return g.build(["logits"]);
}
