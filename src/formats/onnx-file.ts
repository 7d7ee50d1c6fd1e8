import { type OnnxTensor, readTensorProto, text } from "./onnx-tensor";
import type { Field, ProtobufFile } from "./protobuf-file";
import { openProtobuf } from "./protobuf-file";

/** The structure of an ONNX model; its large tensors stay in their files. */
export interface OnnxFile {
	file: string;
	ir_version: number;
	/** By domain ("" for ONNX's own): the version of its operators. */
	opsets: Map<string, number>;
	/** The model's own operators, encoded (FunctionProto). */
	functions: Buffer[];
	/** The versions of operators that each of these is written with, as `opsets`. */
	function_opsets: Map<string, number>[];
	graph: OnnxFileGraph;
}

export interface OnnxFileGraph {
	nodes: OnnxNode[];
	/** The constants, by name. */
	tensors: Map<string, OnnxTensor>;
	/** What must be fed, in order; constants are not among them. */
	inputs: OnnxValue[];
	outputs: OnnxValue[];
}

export interface OnnxNode {
	/** The operator, e.g. "MatMul". */
	type: string;
	/** "" for ONNX's own operators. */
	domain: string;
	/** Which of several functions of this name is meant; left out where there is one. */
	overload?: string;
	/** Names of values; "" for one left out. */
	inputs: string[];
	outputs: string[];
	attributes: OnnxAttribute[];
}

export interface OnnxAttribute {
	name: string;
	/** Encoded (AttributeProto), where it is no graph. */
	bytes?: Buffer;
	/** Its value, where it is one whole number … */
	whole?: number;
	/** … or one float. */
	float?: number;
	/** Of an operator such as If: the graph that it runs. It may read the values of the graphs around it. */
	graph?: OnnxFileGraph;
}

export interface OnnxValue {
	name: string;
	/** Number of the element type; 0 where it is not said. */
	type: number;
	/** Text for a dimension that is free. */
	shape: (number | string)[];
}

/** What may be read of a file beside its large tensors, in bytes. */
const MAX_STRUCTURE = 256 << 20;
/** How deep graphs may lie in graphs. */
const MAX_DEPTH = 8;

/**
 * Reads the structure of an ONNX file (onnx.proto, ModelProto); large tensors are skipped.
 * Throws one sentence where the file is missing, truncated, damaged or no ONNX model.
 */
export function readOnnx(file: string): OnnxFile {
	const source = openProtobuf(file, MAX_STRUCTURE);
	try {
		const model: OnnxFile = {
			file,
			ir_version: 0,
			opsets: new Map(),
			functions: [],
			function_opsets: [],
			graph: emptyGraph(),
		};
		let graphs = 0;
		for (const field of source.fields(0, source.size)) {
			const { number, wire, value, from, to } = field;
			if (number === 1 && wire === 0) model.ir_version = Number(value);
			else if (number === 7 && wire === 2) {
				readGraph(source, field, model.graph, 0);
				graphs++;
			} else if (number === 8) {
				const [domain, version] = readOpset(source, field);
				model.opsets.set(domain, version);
			} else if (number === 25) {
				model.functions.push(source.bytes(from, to));
				const imports = [...source.fields(from, to)].filter(
					({ number, wire }) => number === 9 && wire === 2,
				);
				model.function_opsets.push(
					new Map(imports.map((each) => readOpset(source, each))),
				);
			}
		}
		if (graphs === 0 || model.ir_version === 0)
			throw new Error(
				`The file ${file} is not an ONNX model: it holds no graph.`,
			);
		if (!model.opsets.has(""))
			throw new Error(
				`The file ${file} does not say the version of its operators; it is truncated or damaged.`,
			);
		return model;
	} finally {
		source.close();
	}
}

function emptyGraph(): OnnxFileGraph {
	return { nodes: [], tensors: new Map(), inputs: [], outputs: [] };
}

function readGraph(
	source: ProtobufFile,
	{ from, to }: Field,
	graph: OnnxFileGraph,
	depth: number,
): void {
	if (depth > MAX_DEPTH)
		throw new Error(
			`The file ${source.file} holds graphs inside graphs more than ${MAX_DEPTH} deep; it is damaged.`,
		);
	for (const field of source.fields(from, to)) {
		if (field.number === 1) {
			const node = readNode(source, field, depth, graph);
			if (node) graph.nodes.push(node);
		} else if (field.number === 5) {
			const tensor = readTensorProto(source, field);
			graph.tensors.set(tensor.name, tensor);
		} else if (field.number === 11) graph.inputs.push(readValue(source, field));
		else if (field.number === 12) graph.outputs.push(readValue(source, field));
		else if (field.number === 15)
			throw new Error(
				`The file ${source.file} stores constants in sparse form, which cannot be used; export it with dense ones.`,
			);
	}
	graph.inputs = graph.inputs.filter(({ name }) => !graph.tensors.has(name));
}

/** A node; a constant among the nodes goes to the graph's tensors instead. */
function readNode(
	source: ProtobufFile,
	{ from, to }: Field,
	depth: number,
	graph: OnnxFileGraph,
): OnnxNode | undefined {
	const node: OnnxNode = {
		type: "",
		domain: "",
		inputs: [],
		outputs: [],
		attributes: [],
	};
	const attributes: Field[] = [];
	for (const field of source.fields(from, to)) {
		if (field.number === 1) node.inputs.push(text(source, field));
		else if (field.number === 2) node.outputs.push(text(source, field));
		else if (field.number === 4) node.type = text(source, field);
		else if (field.number === 5) attributes.push(field);
		else if (field.number === 7) node.domain = text(source, field);
		else if (field.number === 8) node.overload = text(source, field);
	}
	if (node.domain === "ai.onnx") node.domain = "";
	for (const field of attributes) {
		const parts = [...source.fields(field.from, field.to)];
		const tensor = parts.find((part) => part.number === 5);
		if (node.type === "Constant" && tensor && node.outputs.length === 1) {
			const [name] = node.outputs;
			graph.tensors.set(name, readTensorProto(source, tensor, name));
			return undefined;
		}
		const name = parts.find((part) => part.number === 1);
		const inner = parts.find((part) => part.number === 6);
		const attribute: OnnxAttribute = { name: name ? text(source, name) : "" };
		if (inner) {
			attribute.graph = emptyGraph();
			readGraph(source, inner, attribute.graph, depth + 1);
		} else attribute.bytes = source.bytes(field.from, field.to);
		const whole = parts.find(({ number, wire }) => number === 3 && wire === 0);
		const float = parts.find(({ number, wire }) => number === 2 && wire === 5);
		if (whole) attribute.whole = Number(whole.value);
		if (float)
			attribute.float = source.bytes(float.from, float.to).readFloatLE();
		node.attributes.push(attribute);
	}
	return node;
}

/** ValueInfoProto. */
function readValue(source: ProtobufFile, { from, to }: Field): OnnxValue {
	const value: OnnxValue = { name: "", type: 0, shape: [] };
	const inside = (field: Field) => source.fields(field.from, field.to);
	for (const field of source.fields(from, to)) {
		if (field.number === 1) value.name = text(source, field);
		if (field.number !== 2) continue;
		for (const kind of inside(field)) {
			if (kind.number !== 1 || kind.wire !== 2) continue; // a tensor, no sequence or map
			for (const part of inside(kind))
				if (part.number === 1) value.type = Number(part.value);
				else if (part.number === 2)
					for (const dimension of inside(part))
						value.shape.push(readDimension(source, dimension));
		}
	}
	return value;
}

function readDimension(source: ProtobufFile, { from, to }: Field) {
	for (const field of source.fields(from, to)) {
		if (field.number === 1) return Number(field.value);
		if (field.number === 2) return text(source, field);
	}
	return "?";
}

function readOpset(source: ProtobufFile, { from, to }: Field) {
	let domain = "";
	let version = 0;
	for (const field of source.fields(from, to)) {
		if (field.number === 1) domain = text(source, field);
		else if (field.number === 2) version = Number(field.value);
	}
	return [domain === "ai.onnx" ? "" : domain, version] as const;
}

/** The tensors of a graph and of the graphs inside it. */
export function allTensors({ nodes, tensors }: OnnxFileGraph): OnnxTensor[] {
	const inner = nodes.flatMap(({ attributes }) =>
		attributes.flatMap(({ graph }) => (graph ? allTensors(graph) : [])),
	);
	return [...tensors.values(), ...inner];
}
