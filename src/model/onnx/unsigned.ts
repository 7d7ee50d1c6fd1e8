import type { OnnxFileGraph, OnnxNode } from "../../formats/onnx-file";
import type { OnnxTensor } from "../../formats/onnx-tensor";
import { bytesField, varintField } from "../../formats/protobuf";
import { attributeOf } from "./prepare";

/** Numbers of element types (onnx.proto, TensorProto.DataType). */
const [UINT8, INT8, INT32] = [2, 3, 6];

/** Where a product of whole numbers has its weights, their zero point, and its other factor. */
interface Places {
	weights: number;
	zero: number;
	/** Absent where the operator takes weights of either kind beside both kinds of the other factor. */
	other?: number;
}

/**
 * Products that ONNX Runtime computes wrongly on x64 processors without VNNI where the second factor is int8 and the
 * first uint8: it adds pairs of products in 16 bits, which 255 · 127 + 255 · 127 exceeds.
 */
const products: Record<string, Places> = {
	MatMulInteger: { weights: 1, zero: 3 },
	DynamicQuantizeMatMul: { weights: 1, zero: 3 },
	MatMulIntegerToFloat: { weights: 1, zero: 5, other: 0 },
	QLinearMatMul: { weights: 3, zero: 5, other: 0 },
	QLinearConv: { weights: 3, zero: 5, other: 0 },
	QGemm: { weights: 3, zero: 5, other: 0 },
	QAttention: { weights: 1, zero: 7 },
};

/**
 * The graph with uint8 in the place of int8 weights: 128 is added to the weights and to their zero point, so that every
 * number that is computed stays the one that ONNX defines, and it is the same on every processor. The file's own bytes
 * stay where they are: ONNX Runtime adds once, when a session is made, and holds the sums, a byte a weight (and for a
 * moment eight).
 */
export function withUnsignedWeights(graph: OnnxFileGraph): OnnxFileGraph {
	return recode(graph, () => undefined, "ours:");
}

/** `around`: the types of the values of the graphs around it. `prefix`: what the names that are made begin with. */
function recode(
	graph: OnnxFileGraph,
	around: TypeOf,
	prefix: string,
): OnnxFileGraph {
	const makers = new Map<string, OnnxNode>();
	for (const node of graph.nodes)
		for (const value of node.outputs) makers.set(value, node);
	const typeOf: TypeOf = (value) => {
		const { type } = graph.tensors.get(value) ?? {};
		const maker = makers.get(value);
		return type ?? (maker ? madeType(maker, typeOf) : around(value));
	};
	const { tensors, nodes, raised, zeroOf } = raiser(graph, prefix);
	const isWeights = dequantisedWeights(graph, makers, typeOf);
	for (const [i, node] of graph.nodes.entries()) {
		const { weights, zero, other } = products[node.type] ?? {
			...{ weights: 0, zero: 2, other: undefined },
		};
		const inputs = [...node.inputs];
		const signed = (at: number) => typeOf(inputs[at]) === INT8;
		const chosen =
			node.type in products
				? signed(weights) && !(other !== undefined && signed(other)) // int8 beside int8 is computed right
				: isWeights(node);
		if (chosen) {
			// the zero point of what is made float again has its scale's shape
			const shape = node.type in products ? [] : shapeOf(graph, inputs[1]);
			inputs[weights] = raised(inputs[weights]);
			while (inputs.length <= zero) inputs.push("");
			inputs[zero] = zeroOf(inputs[zero], shape ?? []);
		}
		const attributes = node.attributes.map((attribute, j) =>
			attribute.graph
				? {
						...attribute,
						graph: recode(attribute.graph, typeOf, `${prefix}${i}.${j}:`),
					}
				: attribute,
		);
		nodes.push({ ...node, inputs, attributes });
	}
	return { ...graph, nodes, tensors };
}

/** A graph's tensors and nodes as they grow, and what adds 128 to a value in it. */
function raiser(graph: OnnxFileGraph, prefix: string) {
	const tensors = new Map(graph.tensors);
	const nodes: OnnxNode[] = [];
	const done = new Set<string>();
	/** The value plus 128, as uint8. */
	const raised = (value: string): string => {
		const name = (part: string) => `${prefix}${value}:${part}`;
		if (done.has(value)) return name("uint8");
		done.add(value);
		const half = `${prefix}128`;
		tensors.set(half, filled(half, INT32, [], 128));
		nodes.push(
			operation("Cast", [value], name("int32"), INT32),
			operation("Add", [name("int32"), half], name("raised")),
			operation("Cast", [name("raised")], name("uint8"), UINT8),
		);
		return name("uint8");
	};
	/** The zero point plus 128; none means 0. */
	const zeroOf = (value: string, shape: readonly number[]): string => {
		if (value) return raised(value);
		const name = `${prefix}zero [${shape}]`;
		tensors.set(name, filled(name, UINT8, shape, 128));
		return name;
	};
	return { tensors, nodes, raised, zeroOf };
}

/**
 * Tells which nodes make int8 weights float again in a graph that quantises other values too: of these ONNX Runtime makes
 * products of whole numbers. Tables that are only looked up are none.
 */
function dequantisedWeights(
	graph: OnnxFileGraph,
	makers: Map<string, OnnxNode>,
	typeOf: TypeOf,
): (node: OnnxNode) => boolean {
	const quantises = graph.nodes.some(({ type }) => type === "QuantizeLinear");
	const multiplied = new Set(
		graph.nodes
			.filter(({ type }) => !type.startsWith("Gather"))
			.flatMap(({ inputs }) => inputs),
	);
	return ({ type, inputs: [x, scale, zero], outputs }) =>
		quantises &&
		type === "DequantizeLinear" &&
		typeOf(x) === INT8 &&
		!isComputed(x, makers) &&
		multiplied.has(outputs[0]) &&
		Boolean(zero || shapeOf(graph, scale));
}

function shapeOf({ tensors }: OnnxFileGraph, value: string) {
	return tensors.get(value)?.shape;
}

/** Whether a value that was quantised is none of the graph's constants. */
function isComputed(value: string, makers: Map<string, OnnxNode>): boolean {
	const node = makers.get(value);
	if (!node) return false;
	return node.type === "QuantizeLinear"
		? makers.has(node.inputs[0])
		: isComputed(node.inputs[0], makers);
}

/** The element type of a value, where it is known. */
type TypeOf = (value: string) => number | undefined;

/** Operators whose output has the type of their first input. */
const sameType = new Set(
	"Identity Transpose Reshape Squeeze Unsqueeze Flatten Slice Gather Concat".split(
		" ",
	),
);

function madeType(node: OnnxNode, typeOf: TypeOf): number | undefined {
	const { type, inputs } = node;
	if (type === "Cast") return attributeOf(node, "to")?.whole;
	if (type === "DynamicQuantizeLinear") return UINT8;
	if (type === "QuantizeLinear")
		return inputs[2]
			? typeOf(inputs[2])
			: (attributeOf(node, "output_dtype")?.whole ?? UINT8);
	return sameType.has(type) ? typeOf(inputs[0]) : undefined;
}

function operation(
	type: string,
	inputs: string[],
	output: string,
	to?: number,
): OnnxNode {
	const bytes = Buffer.concat([
		bytesField(1, "to"),
		varintField(3, to ?? 0),
		varintField(20, 2),
	]);
	const attributes = to ? [{ name: "to", whole: to, bytes }] : [];
	return { type, domain: "", inputs, outputs: [output], attributes };
}

/** A tensor of one number, as often as its shape needs. */
function filled(
	name: string,
	type: number,
	shape: readonly number[],
	value: number,
): OnnxTensor {
	const count = shape.reduce((a, b) => a * b, 1);
	const values = new Array<number>(count).fill(value);
	const message = Buffer.concat([
		...shape.map((n) => varintField(1, n)),
		varintField(2, type),
		...values.map((n) => varintField(5, n)), // int32_data, of uint8 as well
		bytesField(8, name),
	]);
	return { name, type, shape: [...shape], message };
}
