import { type GraphNode, OnnxGraph } from "../../formats/onnx";
import type {
	OnnxAttribute,
	OnnxFile,
	OnnxNode,
	OnnxValue,
} from "../../formats/onnx-file";
import type { OnnxTensor } from "../../formats/onnx-tensor";
import { bytesField, varintField } from "../../formats/protobuf";
import { type Spliced, splice } from "../stages";
import type { HookName } from "../types";
import { elementTypeOf } from "./element-type";
import { fedAs } from "./feeds";
import type { Locate } from "./links";
import { withNormalized } from "./norms";
import type { Structure } from "./structure";
import { formOf } from "./versions";
import { readBy, type Wiring } from "./wiring";

/** What a graph should compute. */
export interface Wanted {
	hooks: readonly HookName[];
	spliced: Spliced;
	/** The logits, as output "logits:read". */
	logits?: boolean;
	/** −log p of the tokens given as "ours:target" [batch · seq, 1], as output "ours:nats" of the same shape. */
	nats?: boolean;
	/**
	 * KL(p ‖ q) as output "ours:kl" [batch · seq, 1], p of the logits given as "ours:clean" [batch · seq, d_vocab] and
	 * q of the graph's own.
	 */
	kl?: boolean;
}

/** What a graph is cut from. */
export interface Source {
	file: OnnxFile;
	w: Wiring;
	structure: Structure;
	locate: Locate;
}

const FLOAT32 = 1; // onnx.proto, TensorProto.DataType

/** The name of the output that holds a hook's values, or the logits. */
export const readName = (what: HookName | "logits") => `${what}:read`;

/**
 * A part of the file's graph: what the wanted values need and no more, over the weights where they lie. A hook is read
 * behind its changes; everything that reads its value in the file reads the changed one.
 */
export function buildPart(source: Source, wanted: Wanted): Uint8Array {
	const { file, w, structure } = source;
	const g = new OnnxGraph("ours:");
	for (const tensor of w.graph.tensors.values())
		g.adopt("constant", tensor.name, tensor.shape, linked(source, tensor));
	for (const input of w.graph.inputs) writeInput(g, input);
	const at = new Map<string, HookName[]>();
	for (const [hook, value] of structure.hooks)
		if (wanted.hooks.includes(hook) || wanted.spliced[hook])
			at.set(value, [...(at.get(value) ?? []), hook]);
	for (const node of w.graph.nodes.flatMap((node) =>
		withNormalized(g, source, node, at, wanted),
	)) {
		const changed = node.outputs.filter((value) =>
			at.get(value)?.some((hook) => wanted.spliced[hook]),
		);
		const names = node.outputs.map((v) =>
			changed.includes(v) ? `${v}:own` : v,
		);
		g.adoptNode(adopted(source, { ...node, outputs: names }));
		for (const value of node.outputs) {
			const hooks = at.get(value);
			if (hooks) writeHooks(g, source, wanted, value, hooks);
		}
	}
	const outputs = wanted.hooks.map(readName);
	if (wanted.logits)
		outputs.push(g.op("Cast", ["logits"], { to: FLOAT32 }, readName("logits")));
	if (wanted.nats || wanted.kl) {
		const log = logProbabilities(g);
		if (wanted.nats) outputs.push(nats(g, log));
		if (wanted.kl) outputs.push(divergence(g, log));
	}
	return g.build(outputs, {
		...file,
		ir_version: formOf(file),
	});
}

/** What is fed: as the file has it, or as float32 that becomes what the file has. */
function writeInput(g: OnnxGraph, input: OnnxValue): void {
	const { name, type, shape } = input;
	const fed = fedAs(input);
	if (fed === name) g.adopt("input", name, shape, valueInfo(input));
	else g.op("Cast", [g.input(fed, "float32", shape)], { to: type }, name);
}

/** Writes the hooks of one value behind the node that makes it. */
function writeHooks(
	g: OnnxGraph,
	{ w, structure }: Source,
	{ hooks: read, spliced }: Wanted,
	value: string,
	hooks: readonly HookName[],
): void {
	const changes = hooks.some((hook) => spliced[hook]);
	const own = changes ? `${value}:own` : value;
	let x = g.op("Cast", [own], { to: FLOAT32 });
	if (changes) {
		const shape = [g.op("Shape", ["input_ids"]), g.int([-1])];
		x = g.op("Reshape", [x, g.op("Concat", shape, { axis: 0 })]); // [batch, seq, d]
	}
	for (const hook of hooks) {
		x = splice(g, hook, x, spliced[hook]);
		if (read.includes(hook)) g.op("Identity", [x], {}, readName(hook));
	}
	if (!changes) return;
	const back = g.op("Reshape", [x, g.op("Shape", [own])]);
	g.op(
		"Cast",
		[back],
		{ to: elementTypeOf(w, structure.norms.get(value)?.out ?? value) },
		value,
	);
}

/** log softmax(logits), [batch · seq, d_vocab]. What is added here is the same in every version of ONNX from 11 on. */
function logProbabilities(g: OnnxGraph): string {
	const logits = g.op("Cast", ["logits"], { to: FLOAT32 });
	const width = g.op("Gather", [g.op("Shape", [logits]), g.int([-1])]);
	const shape = g.op("Concat", [g.int([-1]), width], { axis: 0 });
	const rows = g.op("Reshape", [logits, shape]);
	return g.op("LogSoftmax", [rows], { axis: 1 });
}

/** −log p of the target. */
function nats(g: OnnxGraph, log: string): string {
	const target = g.input("ours:target", "int64", ["rows", 1]);
	return g.op(
		"Neg",
		[g.op("GatherElements", [log, target], { axis: 1 })],
		{},
		"ours:nats",
	);
}

/** Σ p (log p − log q) of each row, as the product of a row and a column. */
function divergence(g: OnnxGraph, log: string): string {
	const logits = g.input("ours:clean", "float32", ["rows", "vocabulary"]);
	const clean = g.op("LogSoftmax", [logits], { axis: 1 });
	const ratio = g.op("Sub", [clean, log]);
	const row = g.op("Reshape", [g.op("Exp", [clean]), g.int([0, 1, -1])]);
	const column = g.op("Reshape", [ratio, g.int([0, -1, 1])]);
	const sum = g.op("MatMul", [row, column]); // [rows, 1, 1]
	return g.op("Reshape", [sum, g.int([-1, 1])], {}, "ours:kl");
}

/** A node as it is in the file. */
function adopted(source: Source, node: OnnxNode): GraphNode {
	const { type, domain, inputs, outputs } = node;
	const captured = readBy(node).filter((value) => !inputs.includes(value));
	const encoded = nodeProto(source, node);
	return { type, domain, inputs, outputs, attributes: {}, encoded, captured };
}

/** NodeProto. */
function nodeProto(source: Source, node: OnnxNode): Buffer {
	return Buffer.concat([
		...node.inputs.map((value) => bytesField(1, value)),
		...node.outputs.map((value) => bytesField(2, value)),
		bytesField(4, node.type),
		...node.attributes.map((attribute) =>
			bytesField(5, attributeProto(source, attribute)),
		),
		bytesField(7, node.domain),
		...(node.overload ? [bytesField(8, node.overload)] : []),
	]);
}

function attributeProto(source: Source, attribute: OnnxAttribute): Buffer {
	const { name, bytes = Buffer.alloc(0), graph } = attribute;
	if (!graph) return bytes;
	const inner = Buffer.concat([
		...graph.nodes.map((node) => bytesField(1, nodeProto(source, node))),
		bytesField(2, name),
		...[...graph.tensors.values()].map((tensor) =>
			bytesField(5, linked(source, tensor)),
		),
		...graph.inputs.map((value) => bytesField(11, valueInfo(value))),
		...graph.outputs.map((value) => bytesField(12, valueInfo(value))),
	]);
	const isGraph = varintField(20, 5);
	return Buffer.concat([bytesField(1, name), bytesField(6, inner), isGraph]);
}

/** A constant: the numbers of a large one stay where they are. */
function linked({ locate }: Source, tensor: OnnxTensor): Buffer {
	const name = bytesField(8, tensor.name);
	if (tensor.message) return Buffer.concat([tensor.message, name]); // the last name counts
	const { location, offset, length } = locate(tensor);
	const entries = Object.entries({ location, offset, length });
	return Buffer.concat([
		...tensor.shape.map((n) => varintField(1, n)),
		varintField(2, tensor.type),
		name,
		...entries.map(([key, value]) =>
			bytesField(
				13,
				Buffer.concat([bytesField(1, key), bytesField(2, String(value))]),
			),
		),
		varintField(14, 1), // the data lies outside
	]);
}

/** ValueInfoProto. */
function valueInfo({ name, type, shape }: OnnxValue): Buffer {
	if (!type) return bytesField(1, name);
	const dims = shape.map((n) =>
		bytesField(1, typeof n === "string" ? bytesField(2, n) : varintField(1, n)),
	);
	const tensor = Buffer.concat([
		varintField(1, type),
		bytesField(2, Buffer.concat(dims)),
	]);
	return Buffer.concat([
		bytesField(1, name),
		bytesField(2, bytesField(1, tensor)),
	]);
}
