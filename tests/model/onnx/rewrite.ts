import { readFileSync, writeFileSync } from "node:fs";
import {
	type OnnxNode,
	type OnnxValue,
	readOnnx,
} from "../../../src/formats/onnx-file";
import type { OnnxTensor } from "../../../src/formats/onnx-tensor";
import {
	bytesField,
	floatField,
	varintField,
} from "../../../src/formats/protobuf";

/** Numbers with their shape, row-major. */
export interface Numbers {
	shape: number[];
	data: Float32Array;
}

/** An ONNX model with all its numbers, to be changed and written again. */
export interface Model {
	opset: number;
	nodes: OnnxNode[];
	/** Encoded (TensorProto). */
	tensors: Map<string, Buffer>;
	/** Of the floats among them … */
	floats: Map<string, Numbers>;
	/** … and of the matrices among those. */
	matrices: Map<string, Numbers>;
	inputs: OnnxValue[];
	outputs: string[];
}

export function readModel(file: string): Model {
	const { graph, opsets } = readOnnx(file);
	const bytes = readFileSync(file);
	const model: Model = {
		opset: opsets.get("") ?? 0,
		nodes: graph.nodes,
		tensors: new Map(),
		floats: new Map(),
		matrices: new Map(),
		inputs: graph.inputs,
		outputs: graph.outputs.map(({ name }) => name),
	};
	for (const own of graph.tensors.values()) {
		const { name, type, shape, message, values } = own;
		if (message) {
			model.tensors.set(name, Buffer.concat([message, bytesField(8, name)]));
			if (type === 1)
				model.floats.set(name, {
					shape,
					data: Float32Array.from(values ?? []),
				});
			continue;
		}
		const { offset, length } = own.place as NonNullable<OnnxTensor["place"]>;
		const raw = bytes.subarray(offset, offset + length);
		model.tensors.set(name, tensor(name, type, shape, raw));
		if (type !== 1) continue;
		const data = new Float32Array(new Uint8Array(raw).buffer);
		model.floats.set(name, { shape, data });
		if (shape.length === 2) model.matrices.set(name, { shape, data });
	}
	return model;
}

export function writeModel(file: string, model: Model): void {
	const version = (domain: string, n: number) =>
		bytesField(8, Buffer.concat([bytesField(1, domain), varintField(2, n)]));
	writeFileSync(
		file,
		Buffer.concat([
			varintField(1, 8),
			bytesField(7, graphProto(model)),
			version("", model.opset),
			version("com.microsoft", 1),
		]),
	);
}

/** GraphProto. */
export function graphProto({
	nodes,
	tensors,
	inputs,
	outputs,
}: Pick<Model, "nodes" | "tensors" | "inputs" | "outputs">): Buffer {
	return Buffer.concat([
		...nodes.map((node) => bytesField(1, nodeProto(node))),
		bytesField(2, "test"),
		...[...tensors.values()].map((bytes) => bytesField(5, bytes)),
		...inputs.map((input) => bytesField(11, valueProto(input))),
		...outputs.map((name) => bytesField(12, bytesField(1, name))),
	]);
}

function nodeProto({ type, domain, inputs, outputs, attributes }: OnnxNode) {
	return Buffer.concat([
		...inputs.map((name) => bytesField(1, name)),
		...outputs.map((name) => bytesField(2, name)),
		bytesField(4, type),
		...attributes.map(({ bytes = Buffer.alloc(0) }) => bytesField(5, bytes)),
		bytesField(7, domain),
	]);
}

function valueProto({ name, type, shape }: OnnxValue): Buffer {
	const dims = shape.map((n) =>
		bytesField(1, typeof n === "string" ? bytesField(2, n) : varintField(1, n)),
	);
	const tensorType = Buffer.concat([
		varintField(1, type),
		bytesField(2, Buffer.concat(dims)),
	]);
	return Buffer.concat([
		bytesField(1, name),
		bytesField(2, bytesField(1, tensorType)),
	]);
}

/** TensorProto. */
export function tensor(
	name: string,
	type: number,
	shape: readonly number[],
	raw: Uint8Array,
): Buffer {
	return Buffer.concat([
		...shape.map((n) => varintField(1, n)),
		varintField(2, type),
		bytesField(8, name),
		bytesField(9, raw),
	]);
}

/** TensorProto of numbers that lie in another file. */
export function tensorOutside(
	name: string,
	shape: readonly number[],
	entries: Record<string, string | number>,
): Buffer {
	return Buffer.concat([
		...shape.map((n) => varintField(1, n)),
		varintField(2, 1),
		bytesField(8, name),
		...Object.entries(entries).map(([key, value]) =>
			bytesField(
				13,
				Buffer.concat([bytesField(1, key), bytesField(2, String(value))]),
			),
		),
		varintField(14, 1),
	]);
}

export function node(
	type: string,
	inputs: string[],
	outputs: string[],
	attributes: Record<
		string,
		number | { float: number } | { graph: Buffer }
	> = {},
	domain = "",
): OnnxNode {
	return {
		...{ type, domain, inputs, outputs },
		attributes: Object.entries(attributes).map(([name, value]) => ({
			name,
			bytes: Buffer.concat([
				bytesField(1, name),
				...(typeof value === "number"
					? [varintField(3, value), varintField(20, 2)]
					: "float" in value
						? [floatField(2, value.float), varintField(20, 1)]
						: [bytesField(6, value.graph), varintField(20, 5)]),
			]),
		})),
	};
}
