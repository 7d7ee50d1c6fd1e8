import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { toFloat16 } from "../../../src/formats/half";
import type { OnnxNode } from "../../../src/formats/onnx-file";
import { bytesField } from "../../../src/formats/protobuf";
import {
	graphProto,
	type Model,
	type Numbers,
	node,
	tensor,
	tensorOutside,
} from "./rewrite";

/** A float scalar. */
function scalar(name: string, value: number): [string, Buffer] {
	return [
		name,
		tensor(name, 1, [], new Uint8Array(Float32Array.of(value).buffer)),
	];
}

/** Int8 with one scale for the whole matrix, as [in, out]. */
function quantise(
	model: Model,
	name: string,
	transposed: boolean,
): { weights: string; scale: string; zero: string } {
	const { shape, data } = model.matrices.get(name) as Numbers;
	const scale = data.reduce((a, b) => Math.max(a, Math.abs(b)), 0) / 127;
	const [rows, columns] = transposed ? [...shape].reverse() : shape;
	const at = (i: number, j: number) =>
		transposed ? j * rows + i : i * columns + j;
	const bytes = Int8Array.from({ length: data.length }, (_, k) =>
		Math.round(data[at(Math.floor(k / columns), k % columns)] / scale),
	);
	const names = {
		weights: `${name}_quantized`,
		scale: `${name}_scale`,
		zero: `${name}_zero_point`,
	};
	model.tensors.set(
		names.weights,
		tensor(names.weights, 3, [rows, columns], new Uint8Array(bytes.buffer)),
	);
	model.tensors.set(...scalar(names.scale, scale));
	model.tensors.set(names.zero, tensor(names.zero, 3, [], Uint8Array.of(0)));
	return names;
}

/** A new output name, the matrix and the bias of a product with weights; undefined for other nodes. */
function productOf(model: Model, { type, inputs, outputs }: OnnxNode) {
	if (type !== "MatMul" && type !== "Gemm") return undefined;
	if (!model.matrices.has(inputs[1])) return undefined;
	const transposed = type === "Gemm"; // as torch exports addmm
	return { transposed, x: inputs[0], bias: inputs[2], y: outputs[0] };
}

/** As onnxruntime.quantization.quantize_dynamic: inputs are quantised as they come, products are of whole numbers. */
export function quantiseDynamically(model: Model): Model {
	const nodes = model.nodes.flatMap((own) => {
		const product = productOf(model, own);
		if (!product) return [own];
		const { x, y, bias, transposed } = product;
		const { weights, scale, zero } = quantise(model, own.inputs[1], transposed);
		const q = [`${y}.q`, `${y}.q_scale`, `${y}.q_zero`];
		const out = bias ? `${y}.product` : y;
		return [
			node("DynamicQuantizeLinear", [x], q),
			node("MatMulInteger", [q[0], weights, q[2], zero], [`${y}.whole`]),
			node("Cast", [`${y}.whole`], [`${y}.float`], { to: 1 }),
			node("Mul", [q[1], scale], [`${y}.scale`]),
			node("Mul", [`${y}.float`, `${y}.scale`], [out]),
			...(bias ? [node("Add", [out, bias], [y])] : []),
		];
	});
	return { ...model, nodes };
}

/** Weights of eight bits that the graph itself makes float again. */
export function quantiseWeights(model: Model): Model {
	const nodes = model.nodes.flatMap((own) => {
		const product = productOf(model, own);
		if (!product) return [own];
		const { x, y, bias, transposed } = product;
		const { weights, scale, zero } = quantise(model, own.inputs[1], transposed);
		const out = bias ? `${y}.product` : y;
		return [
			node("DequantizeLinear", [weights, scale, zero], [`${y}.weights`]),
			node("MatMul", [x, `${y}.weights`], [out]),
			...(bias ? [node("Add", [out, bias], [y])] : []),
		];
	});
	return { ...model, nodes };
}

/** As Optimum merges a decoder without and one with a cache: an If on "use_cache_branch", the weights that both have around it. */
export function merge(plain: Model, past: Model): Model {
	const shared = new Map(
		[...plain.tensors].filter(
			([name, bytes]) =>
				plain.matrices.has(name) && past.tensors.get(name)?.equals(bytes),
		),
	);
	const branch = (model: Model, mark: string) => {
		const inside = new Set([
			...[...model.tensors.keys()].filter((name) => !shared.has(name)),
			...model.nodes.flatMap(({ outputs }) => outputs),
		]);
		const name = (value: string) => (inside.has(value) ? value + mark : value);
		return {
			graph: graphProto({
				nodes: model.nodes.map((own) => ({
					...own,
					inputs: own.inputs.map(name),
					outputs: own.outputs.map(name),
				})),
				tensors: new Map(
					[...model.tensors]
						.filter(([value]) => !shared.has(value))
						.map(([value, bytes]) => [
							value,
							Buffer.concat([bytes, bytesField(8, name(value))]),
						]),
				),
				inputs: [],
				outputs: model.outputs.map(name),
			}),
		};
	};
	const branches = {
		then_branch: branch(past, " with past"),
		else_branch: branch(plain, ""),
	};
	const { outputs } = plain;
	return {
		...plain,
		nodes: [node("If", ["use_cache_branch"], outputs, branches)],
		tensors: shared,
		inputs: [...past.inputs, { name: "use_cache_branch", type: 9, shape: [1] }],
		outputs,
	};
}

/** Moves the matrices into a file beside the model's. */
export function moveOut(model: Model, file: string, location: string): Model {
	const tensors = new Map(model.tensors);
	const pieces: Buffer[] = [];
	let offset = 0;
	for (const [name, { shape, data }] of model.matrices) {
		const bytes = Buffer.from(data.buffer);
		const length = bytes.length;
		tensors.set(name, tensorOutside(name, shape, { location, offset, length }));
		pieces.push(bytes);
		offset += length;
	}
	writeFileSync(join(dirname(file), location), Buffer.concat(pieces));
	return { ...model, tensors };
}

/** Fuses each sum with the norm that reads it, as ONNX Runtime's optimiser does for graphs of some layouts. */
export function fuseSkipNorms(model: Model): Model {
	const sums = new Map(
		model.nodes
			.filter(
				({ type, outputs }) => type === "Add" && outputs[0].includes("Add"),
			)
			.map((own) => [own.outputs[0], own]),
	);
	const fused = new Set<OnnxNode>();
	const nodes = model.nodes.flatMap((own) => {
		const sum = sums.get(own.inputs[0]);
		if (own.type !== "LayerNormalization" || !sum) return [own];
		const tables = sum.inputs.every((name) => name.includes("Gather"));
		if (tables) return [own]; // the embeddings' sum
		fused.add(sum);
		const [, gamma, beta] = own.inputs;
		const outputs = [own.outputs[0], "", "", sum.outputs[0]];
		const inputs = [...sum.inputs, gamma, beta];
		return [
			node(
				"SkipLayerNormalization",
				inputs,
				outputs,
				{ epsilon: { float: 1e-5 } },
				"com.microsoft",
			),
		];
	});
	return { ...model, nodes: nodes.filter((own) => !fused.has(own)) };
}

/** Reads the last sum through an If that both ways gives it as it is; the graphs inside take it from around them. */
export function branchAtTheEnd(model: Model): Model {
	const sums = model.nodes.filter(
		({ type, inputs }) =>
			type === "Add" && !inputs.some((name) => model.tensors.has(name)),
	);
	const [value] = sums[sums.length - 1].outputs;
	const branch = (name: string) => ({
		graph: graphProto({
			nodes: [node("Identity", [value], [name])],
			tensors: new Map(),
			inputs: [],
			outputs: [name],
		}),
	});
	const branches = { then_branch: branch("a"), else_branch: branch("b") };
	const through = node("If", ["always"], ["through"], branches);
	const nodes = model.nodes.flatMap((own) => {
		const inputs = own.inputs.map((v) => (v === value ? "through" : v));
		const renamed = { ...own, inputs };
		return own.outputs[0] === value ? [renamed, through] : [renamed];
	});
	const always = tensor("always", 9, [1], Uint8Array.of(1));
	return {
		...model,
		nodes,
		tensors: new Map([...model.tensors, ["always", always]]),
	};
}

/** Every float of the model, weights and values alike, in half precision. */
export function halve(model: Model): Model {
	const tensors = new Map(model.tensors);
	for (const [name, { shape, data }] of model.floats) {
		const halves = toFloat16(data);
		tensors.set(name, tensor(name, 10, shape, new Uint8Array(halves.buffer)));
	}
	const nodes = model.nodes.map((own) =>
		own.type === "Cast" && own.attributes[0].whole === 1
			? node("Cast", own.inputs, own.outputs, { to: 10 })
			: own,
	);
	return { ...model, nodes, tensors };
}
