import type { OnnxFileGraph, OnnxNode } from "../../formats/onnx-file";
import { type OnnxTensor, shown } from "../../formats/onnx-tensor";

/** Who makes each value of a graph, who reads it, and what is constant. */
export interface Wiring {
	graph: OnnxFileGraph;
	/** The node that makes a value; undefined for what is fed or constant. */
	maker(value: string): OnnxNode | undefined;
	readers(value: string): readonly OnnxNode[];
	/** The place of its maker among the nodes; -1 for what is fed or constant. */
	order(value: string): number;
	/** Whether a value is the same in every run. */
	isConstant(value: string): boolean;
	/** The value that this one holds in another shape, type or precision. */
	root(value: string): string;
	/** Whether a node multiplies by constant weights. */
	isWeighted(node: OnnxNode): boolean;
}

/** The nodes on the ways from one value to another. */
export interface Way {
	nodes: OnnxNode[];
	/** Those with constant weights that no other such node stands before … */
	first: OnnxNode[];
	/** … or behind. */
	last: OnnxNode[];
}

/** Where the weights stand among the inputs of matrix products; those of ONNX Runtime's own among them. */
const weightInput: Record<string, number> = {
	MatMul: 1,
	Gemm: 1,
	MatMulInteger: 1,
	FusedMatMul: 1,
	FusedGemm: 1,
	MatMulIntegerToFloat: 1,
	DynamicQuantizeMatMul: 1,
	MatMulNBits: 1,
	MatMulBnb4: 1,
	Attention: 1,
	QAttention: 1,
	Conv: 1,
	QLinearMatMul: 3,
	QGemm: 3,
};

/** Nodes whose first output is their first input in another form. */
const transparent = new Set([
	"Identity",
	"Cast",
	"Dropout",
	"Reshape",
	"Flatten",
	"Squeeze",
	"Unsqueeze",
	"DynamicQuantizeLinear",
	"QuantizeLinear",
	"DequantizeLinear",
]);

/** Throws where a value is read before it is made, or made twice. */
export function wire(file: string, graph: OnnxFileGraph): Wiring {
	const makers = new Map<string, { node: OnnxNode; at: number }>();
	const readers = new Map<string, OnnxNode[]>();
	const constants = new Set(graph.tensors.keys());
	const given = new Set(graph.inputs.map(({ name }) => name));
	for (const [at, node] of graph.nodes.entries()) {
		const read = readBy(node);
		for (const value of read) {
			if (!makers.has(value) && !constants.has(value) && !given.has(value))
				throw new Error(
					`The file ${file} reads ${shown(value)} before it is computed; it is damaged.`,
				);
			const list = readers.get(value);
			if (list) list.push(node);
			else readers.set(value, [node]);
		}
		const constant =
			!node.type.startsWith("Random") &&
			node.attributes.every(({ graph }) => !graph) &&
			read.every((value) => constants.has(value));
		for (const value of node.outputs) {
			if (value === "") continue;
			if (makers.has(value) || constants.has(value) || given.has(value))
				throw new Error(
					`The file ${file} computes ${shown(value)} twice; it is damaged.`,
				);
			makers.set(value, { node, at });
			if (constant) constants.add(value);
		}
	}
	const maker = (value: string) => makers.get(value)?.node;
	const isConstant = (value: string) => constants.has(value);
	return {
		graph,
		maker,
		readers: (value) => readers.get(value) ?? [],
		order: (value) => makers.get(value)?.at ?? -1,
		isConstant,
		root(value) {
			for (;;) {
				const node = maker(value);
				if (!node || !transparent.has(node.type) || isConstant(value))
					return value;
				if (node.outputs[0] !== value) return value;
				value = node.inputs[0];
			}
		},
		isWeighted: ({ type, inputs }) => {
			const at = weightInput[type];
			return at !== undefined && !!inputs[at] && isConstant(inputs[at]);
		},
	};
}

/** Every value that a node reads, those that graphs inside it take from outside among them. */
export function readBy(node: OnnxNode): string[] {
	const inner = node.attributes.flatMap(({ graph }) =>
		graph ? capturedBy(graph) : [],
	);
	return [...node.inputs.filter((value) => value !== ""), ...inner];
}

function capturedBy(graph: OnnxFileGraph): string[] {
	const own = new Set([
		...graph.tensors.keys(),
		...graph.inputs.map(({ name }) => name),
		...graph.nodes.flatMap(({ outputs }) => outputs),
	]);
	const read = [
		...graph.nodes.flatMap(readBy),
		...graph.outputs.map(({ name }) => name),
	];
	return read.filter((value) => !own.has(value));
}

/** The values on which a node's numbers depend; a shape is none. */
function dataInputs(w: Wiring, node: OnnxNode): string[] {
	return readBy(node).filter((value) => {
		const type = w.maker(value)?.type;
		return !w.isConstant(value) && type !== "Shape" && type !== "Size";
	});
}

/** The way from a value (a root) to another. */
export function wayBetween(w: Wiring, from: string, to: string): Way {
	const start = w.order(from);
	const before = new Map<number, OnnxNode>();
	const open = [to];
	for (let value = open.pop(); value !== undefined; value = open.pop()) {
		if (w.root(value) === from) continue;
		const at = w.order(value);
		if (at <= start || before.has(at)) continue;
		const node = w.graph.nodes[at];
		before.set(at, node);
		open.push(...dataInputs(w, node));
	}
	const nodes: OnnxNode[] = [];
	const reached = new Set<string>();
	const weighted = new Set<string>(); // values behind weights
	const first: OnnxNode[] = [];
	for (const [, node] of [...before].sort(([a], [b]) => a - b)) {
		const inputs = dataInputs(w, node);
		if (!inputs.some((v) => reached.has(v) || w.root(v) === from)) continue;
		nodes.push(node);
		const behind = inputs.some((value) => weighted.has(value));
		if (w.isWeighted(node) && !behind) first.push(node);
		for (const value of node.outputs) {
			reached.add(value);
			if (behind || w.isWeighted(node)) weighted.add(value);
		}
	}
	return { nodes, first, last: lastWeighted(w, nodes) };
}

function lastWeighted(w: Wiring, nodes: readonly OnnxNode[]): OnnxNode[] {
	const leads = new Set<string>(); // values that weights stand behind
	const last: OnnxNode[] = [];
	for (const node of [...nodes].reverse()) {
		const ahead = node.outputs.some((value) => leads.has(value));
		if (w.isWeighted(node) && !ahead) last.push(node);
		if (ahead || w.isWeighted(node))
			for (const value of dataInputs(w, node)) leads.add(value);
	}
	return last;
}

/** The one value that all these nodes multiply by their weights, as its root. */
export function commonInput(
	w: Wiring,
	nodes: readonly OnnxNode[],
): string | undefined {
	const roots = new Set(nodes.map(({ inputs }) => w.root(inputs[0])));
	const [only] = roots;
	return roots.size === 1 ? only : undefined;
}

/** How many numbers a node's weights are. */
export function weightSize(w: Wiring, node: OnnxNode): number | undefined {
	const whole = (name: string) =>
		node.attributes.find((attribute) => attribute.name === name)?.whole;
	const [K, N] = [whole("K"), whole("N")]; // packed weights say what they are
	if (K && N) return K * N;
	const tensor = tensorBehind(w, node.inputs[weightInput[node.type]]);
	return tensor?.shape.reduce((a, b) => a * b, 1);
}

/** The tensor that a constant value is made of. */
export function tensorBehind(w: Wiring, value: string): OnnxTensor | undefined {
	const tensor = w.graph.tensors.get(value);
	const input = w.maker(value)?.inputs[0];
	return tensor ?? (input ? tensorBehind(w, input) : undefined);
}
