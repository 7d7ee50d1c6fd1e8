import { bytesField, floatField, varintField } from "./protobuf";

/** ONNX element types (onnx.proto, TensorProto.DataType). */
export const elementType = {
	float32: 1,
	int32: 6,
	int64: 7,
	bool: 9,
	float16: 10,
	float64: 11,
	bfloat16: 16,
} as const;
export type ElementType = keyof typeof elementType;

/** A whole number, a list of them, or text; a float is wrapped, since JavaScript cannot tell 1 from 1.0. */
export type Attribute = number | number[] | string | { float: number };

/** Numbers that lie in another file: nothing of them is read to write the graph. */
export interface ExternalTensor {
	type: ElementType;
	shape: readonly number[];
	/** The file, relative to the folder that the session is given. */
	location: string;
	/** In bytes, from the start of that file. */
	offset: number;
	length: number;
}

/** One operation of a graph. */
export interface GraphNode {
	readonly type: string;
	/** "com.microsoft" for ONNX Runtime's own operators, otherwise empty. */
	readonly domain: string;
	readonly inputs: readonly string[];
	/** An output that nothing uses may be "". */
	readonly outputs: readonly string[];
	readonly attributes: Readonly<Record<string, Attribute>>;
	/** Of an operation that was adopted: as another model has it (NodeProto), … */
	readonly encoded?: Buffer;
	/** … and the values that graphs inside it read. */
	readonly captured?: readonly string[];
}

/** What a model file says of itself beside its graph. */
export interface ModelHeader {
	ir_version: number;
	/** By domain: the version of its operators. */
	opsets: ReadonlyMap<string, number>;
	/** Operators of its own, encoded (FunctionProto). */
	functions: readonly Buffer[];
}

/** A value that no operation makes: what is fed, and what is constant. */
interface Given {
	shape: readonly (number | string)[];
	/** The numbers of an int64 constant. */
	ints?: readonly number[];
	bytes: Buffer;
}

const ours: ModelHeader = {
	ir_version: 9,
	opsets: new Map([
		["", 20],
		["com.microsoft", 1],
	]),
	functions: [],
};

/**
 * Writes an ONNX graph, node by node. Values are known by name; every method returns the name it made.
 *
 * ```ts
 * const g = new OnnxGraph();
 * const x = g.input("x", "float32", ["batch", 4]);
 * g.op("Relu", [x], {}, "y");
 * const bytes = g.build(["y"]);
 * ```
 */
export class OnnxGraph {
	#nodes: GraphNode[] = [];
	#producer = new Map<string, GraphNode>();
	#inputs = new Map<string, Given>();
	#initializers = new Map<string, Given>();
	#names = 0;
	#prefix: string;

	/** `prefix`: what the names that it makes begin with, so that they are none of a model that is adopted. */
	constructor(prefix = "") {
		this.#prefix = prefix;
	}

	/** A value that the caller feeds. A dimension given as text is free. */
	input(
		name: string,
		type: ElementType,
		shape: readonly (number | string)[],
	): string {
		this.#declare(name);
		this.#inputs.set(name, { shape, bytes: valueInfo(name, type, shape) });
		return name;
	}

	/** Float32 numbers inside the graph; a plain number is a scalar. */
	float(
		values: number | ArrayLike<number>,
		shape?: readonly number[],
		name?: string,
	): string {
		const data = Float32Array.from(
			typeof values === "number" ? [values] : Array.from(values),
		);
		const dims = shape ?? (typeof values === "number" ? [] : [data.length]);
		return this.#initializer("float32", dims, Buffer.from(data.buffer), name);
	}

	/** Int64 numbers inside the graph; a plain number is a scalar. */
	int(
		values: number | readonly number[],
		shape?: readonly number[],
		name?: string,
	): string {
		const list = typeof values === "number" ? [values] : values;
		const data = BigInt64Array.from(list.map(BigInt));
		const dims = shape ?? (typeof values === "number" ? [] : [data.length]);
		const bytes = Buffer.from(data.buffer);
		return this.#initializer("int64", dims, bytes, name, list);
	}

	/** Numbers that stay in another file. */
	external(name: string, tensor: ExternalTensor): string {
		this.#declare(name);
		const where = {
			location: tensor.location,
			offset: String(tensor.offset),
			length: String(tensor.length),
		};
		this.#initializers.set(name, {
			shape: tensor.shape,
			bytes: Buffer.concat([
				...tensor.shape.map((n) => varintField(1, n)),
				varintField(2, elementType[tensor.type]),
				bytesField(8, name),
				...Object.entries(where).map(([key, value]) =>
					bytesField(
						13,
						Buffer.concat([bytesField(1, key), bytesField(2, value)]),
					),
				),
				varintField(14, 1), // the data lies outside
			]),
		});
		return name;
	}

	/** One operation with one output; the name of that output. */
	op(
		type: string,
		inputs: string[],
		attributes: Record<string, Attribute> = {},
		output = this.#name(type),
	): string {
		return this.ops(type, inputs, attributes, [output])[0];
	}

	/**
	 * One operation with several outputs: their names, or how many there are.
	 * `domain` is "com.microsoft" for ONNX Runtime's own operators.
	 */
	ops(
		type: string,
		inputs: string[],
		attributes: Record<string, Attribute>,
		outputs: readonly string[] | number,
		domain = "",
	): string[] {
		const names =
			typeof outputs === "number"
				? Array.from({ length: outputs }, () => this.#name(type))
				: [...outputs];
		const node = { type, domain, inputs, outputs: names, attributes };
		this.#nodes.push(node);
		for (const name of names) {
			this.#declare(name);
			this.#producer.set(name, node);
		}
		return [...names];
	}

	/** The name of output number `index` of an operation; an optional one that was left out is asked for now. */
	outputOf(node: GraphNode, index: number): string {
		const outputs = node.outputs as string[];
		while (outputs.length <= index) outputs.push("");
		if (outputs[index] === "") {
			const name = this.#name(`${node.type}.${index}`);
			this.#declare(name);
			this.#producer.set(name, node);
			outputs[index] = name;
		}
		return outputs[index];
	}

	/** The operations so far, in the order in which they were written. */
	get nodes(): readonly GraphNode[] {
		return this.#nodes;
	}

	/** The values that no operation makes: inputs and constants, with their shapes and an int64 constant's numbers. */
	get given(): ReadonlyMap<string, Pick<Given, "shape" | "ints">> {
		return new Map([...this.#inputs, ...this.#initializers]);
	}

	/** Whether a value of this name exists. */
	has(name: string): boolean {
		return (
			this.#producer.has(name) ||
			this.#inputs.has(name) ||
			this.#initializers.has(name)
		);
	}

	/**
	 * The model file's bytes, with only what the outputs need (ONNX Runtime would compute the rest too).
	 * Inputs that no output needs are left out as well.
	 */
	build(outputs: readonly string[], header = ours): Uint8Array {
		const needed = new Set<GraphNode>();
		const seen = new Set<string>();
		const open = [...outputs];
		for (let name = open.pop(); name !== undefined; name = open.pop()) {
			if (seen.has(name) || name === "") continue;
			if (!this.has(name))
				throw new Error(`The graph has no value named "${name}".`);
			seen.add(name);
			const node = this.#producer.get(name);
			if (node) {
				needed.add(node);
				open.push(...node.inputs, ...(node.captured ?? []));
			}
		}
		const graph = Buffer.concat([
			...this.#nodes
				.filter((node) => needed.has(node))
				.map((node) => bytesField(1, nodeBytes(node))),
			bytesField(2, "sparselens"),
			...pick(this.#initializers, seen).map((tensor) => bytesField(5, tensor)),
			...pick(this.#inputs, seen).map((info) => bytesField(11, info)),
			...outputs.map((name) => bytesField(12, valueInfo(name))),
		]);
		const opset = ([domain, version]: [string, number]) =>
			bytesField(
				8,
				Buffer.concat([bytesField(1, domain), varintField(2, version)]),
			);
		return Buffer.concat([
			varintField(1, header.ir_version),
			bytesField(2, "sparselens"),
			bytesField(7, graph),
			...[...header.opsets].map(opset),
			...header.functions.map((bytes) => bytesField(25, bytes)),
		]);
	}

	#initializer(
		type: ElementType,
		shape: readonly number[],
		data: Buffer,
		name = this.#name("const"),
		ints?: readonly number[],
	): string {
		this.#declare(name);
		this.#initializers.set(name, {
			shape,
			ints,
			bytes: Buffer.concat([
				...shape.map((n) => varintField(1, n)),
				varintField(2, elementType[type]),
				bytesField(8, name),
				bytesField(9, data),
			]),
		});
		return name;
	}

	/** Takes over an operation of another model; its outputs may be "". */
	adoptNode(node: GraphNode): void {
		this.#nodes.push(node);
		for (const name of node.outputs) {
			if (name === "") continue;
			this.#declare(name);
			this.#producer.set(name, node);
		}
	}

	/** Takes over what another model is fed (ValueInfoProto), or a constant of it (TensorProto). */
	adopt(
		kind: "input" | "constant",
		name: string,
		shape: readonly (number | string)[],
		bytes: Buffer,
	): void {
		this.#declare(name);
		const to = kind === "input" ? this.#inputs : this.#initializers;
		to.set(name, { shape, bytes });
	}

	#name(prefix: string): string {
		return `${this.#prefix}${prefix}_${this.#names++}`;
	}

	#declare(name: string): void {
		if (this.has(name))
			throw new Error(`The graph has a value named "${name}" already.`);
	}
}

function pick(from: Map<string, Given>, names: Set<string>): Buffer[] {
	return [...from]
		.filter(([name]) => names.has(name))
		.map(([, { bytes }]) => bytes);
}

function nodeBytes(node: GraphNode): Buffer {
	if (node.encoded) return node.encoded;
	const { type, domain, inputs, outputs, attributes } = node;
	return Buffer.concat([
		...inputs.map((name) => bytesField(1, name)),
		...outputs.map((name) => bytesField(2, name)),
		bytesField(3, `${type}:${outputs[0]}`),
		bytesField(4, type),
		...Object.entries(attributes).map(([key, value]) =>
			bytesField(5, attribute(key, value)),
		),
		...(domain ? [bytesField(7, domain)] : []),
	]);
}

function valueInfo(
	name: string,
	type?: ElementType,
	shape?: readonly (number | string)[],
): Buffer {
	if (!type || !shape) return bytesField(1, name);
	const dims = shape.map((n) =>
		bytesField(1, typeof n === "string" ? bytesField(2, n) : varintField(1, n)),
	);
	const tensor = Buffer.concat([
		varintField(1, elementType[type]),
		bytesField(2, Buffer.concat(dims)),
	]);
	return Buffer.concat([
		bytesField(1, name),
		bytesField(2, bytesField(1, tensor)),
	]);
}

function attribute(name: string, value: Attribute): Buffer {
	const key = bytesField(1, name);
	if (typeof value === "string")
		return Buffer.concat([key, bytesField(4, value), varintField(20, 3)]);
	if (typeof value === "number")
		return Buffer.concat([key, varintField(3, value), varintField(20, 2)]);
	if (Array.isArray(value)) {
		return Buffer.concat([
			key,
			...value.map((n) => varintField(8, n)),
			varintField(20, 7),
		]);
	}
	return Buffer.concat([key, floatField(2, value.float), varintField(20, 1)]);
}
