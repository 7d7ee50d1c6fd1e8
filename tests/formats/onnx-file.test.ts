import { deepEqual, equal, throws } from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { OnnxGraph } from "../../src/formats/onnx";
import { readOnnx } from "../../src/formats/onnx-file";
import { bytesField, varintField } from "../../src/formats/protobuf";
import { temporaryFolder } from "../tiny";

const { folder, remove } = temporaryFolder();
after(remove);

let files = 0;
function write(...parts: Uint8Array[]): string {
	const file = join(folder, `${files++}.onnx`);
	writeFileSync(file, Buffer.concat(parts));
	return file;
}

const version = varintField(1, 8);
const opset = bytesField(8, varintField(2, 17));
const model = (...graph: Uint8Array[]) =>
	write(version, bytesField(7, Buffer.concat(graph)), opset);
const floats = (n: number) =>
	new Uint8Array(Float32Array.from({ length: n }, (_, i) => i).buffer);
/** TensorProto. */
const tensor = (name: string, type: number, ...parts: Uint8Array[]) =>
	Buffer.concat([varintField(2, type), bytesField(8, name), ...parts]);

test("the nodes, inputs and outputs of a graph that was written are read back", () => {
	const g = new OnnxGraph();
	const x = g.input("x", "float32", ["batch", 4]);
	const [y] = g.ops(
		"Gelu",
		[x],
		{ approximate: "tanh" },
		["y"],
		"com.microsoft",
	);
	g.op("Split", [y, ""], { axis: -1, alpha: { float: 0.5 } }, "z");
	const { graph, opsets, ir_version } = readOnnx(write(g.build(["z"])));
	equal(ir_version, 9);
	equal(opsets.get(""), 20);
	deepEqual(graph.inputs, [{ name: "x", type: 1, shape: ["batch", 4] }]);
	deepEqual(
		graph.outputs.map(({ name }) => name),
		["z"],
	);
	const [gelu, split] = graph.nodes;
	equal(gelu.domain, "com.microsoft");
	deepEqual(split.inputs, ["y", ""]);
	deepEqual(
		split.attributes.map(({ name, whole, float }) => [name, whole, float]),
		[
			["axis", -1, undefined],
			["alpha", undefined, 0.5],
		],
	);
});

test("small constants are read, large ones are places in the file", () => {
	const small = tensor("small", 1, varintField(1, 3), bytesField(9, floats(3)));
	const large = tensor(
		"large",
		1,
		varintField(1, 20),
		varintField(1, 30),
		bytesField(9, floats(600)),
	);
	const packed = tensor(
		"packed",
		1,
		bytesField(1, Uint8Array.of(0xd8, 4)), // 600 as one packed dimension
		bytesField(4, floats(600)),
	);
	const file = model(...[small, large, packed].map((t) => bytesField(5, t)));
	const { tensors } = readOnnx(file).graph;
	deepEqual(tensors.get("small")?.values, [0, 1, 2]);
	deepEqual(tensors.get("large")?.shape, [20, 30]);
	deepEqual(tensors.get("packed")?.shape, [600]);
	for (const name of ["large", "packed"]) {
		const { message, place } = tensors.get(name) ?? {};
		equal(message, undefined);
		equal(place?.length, 2400);
		equal(place?.location, undefined);
	}
	// the place is where the numbers are
	const bytes = Buffer.concat([
		version,
		bytesField(7, Buffer.concat([bytesField(5, large)])),
	]);
	const { place } =
		readOnnx(write(bytes, opset)).graph.tensors.get("large") ?? {};
	equal(bytes.readFloatLE((place?.offset ?? 0) + 4 * 599), 599);
});

test("int64 constants are read in each of their encodings", () => {
	const raw = new Uint8Array(BigInt64Array.of(-1n, 5n).buffer);
	const packed = Buffer.concat([
		varintField(0, -1).subarray(1),
		varintField(0, 300).subarray(1),
	]);
	const { tensors } = readOnnx(
		model(
			bytesField(5, tensor("raw", 7, varintField(1, 2), bytesField(9, raw))),
			bytesField(
				5,
				tensor("list", 7, varintField(1, 2), bytesField(7, packed)),
			),
			bytesField(5, tensor("one", 7, varintField(7, -7))),
		),
	).graph;
	deepEqual(tensors.get("raw")?.values, [-1, 5]);
	deepEqual(tensors.get("list")?.values, [-1, 300]);
	deepEqual(tensors.get("one")?.values, [-7]);
});

/** NodeProto with one output and one attribute. */
const node = (type: string, output: string, attribute: Uint8Array) =>
	bytesField(
		1,
		Buffer.concat([
			bytesField(2, output),
			bytesField(4, type),
			bytesField(7, "ai.onnx"),
			bytesField(5, attribute),
		]),
	);

test("a constant among the nodes is one of the tensors, under the name of its value", () => {
	const value = tensor("", 1, bytesField(9, floats(1)));
	const attribute = Buffer.concat([
		bytesField(1, "value"),
		bytesField(5, value),
	]);
	const { graph } = readOnnx(model(node("Constant", "c", attribute)));
	deepEqual(graph.nodes, []);
	equal(graph.tensors.get("c")?.name, "c");
	deepEqual(graph.tensors.get("c")?.values, [0]);
});

test("the graph inside an operator is read, its large constants as places", () => {
	const large = tensor("w", 1, varintField(1, 600), bytesField(9, floats(600)));
	const inner = Buffer.concat([
		bytesField(1, bytesField(4, "Relu")),
		bytesField(5, large),
	]);
	const attribute = Buffer.concat([
		bytesField(1, "then_branch"),
		bytesField(6, inner),
	]);
	const [own] = readOnnx(model(node("If", "y", attribute))).graph.nodes;
	equal(own.domain, "");
	equal(own.attributes[0].graph?.nodes[0].type, "Relu");
	equal(own.attributes[0].graph?.tensors.get("w")?.place?.length, 2400);
});

test("a constant is no input, though old files list it as one", () => {
	const value = (name: string) => bytesField(11, bytesField(1, name));
	const constant = bytesField(5, tensor("w", 1, bytesField(9, floats(1))));
	const { graph } = readOnnx(model(value("x"), value("w"), constant));
	deepEqual(
		graph.inputs.map(({ name }) => name),
		["x"],
	);
});

test("numbers in another file are a place there", () => {
	const entry = (key: string, value: string) =>
		bytesField(13, Buffer.concat([bytesField(1, key), bytesField(2, value)]));
	const outside = (...entries: Uint8Array[]) =>
		model(
			bytesField(
				5,
				tensor("w", 1, varintField(1, 2), varintField(14, 1), ...entries),
			),
		);
	const place = { location: "w.bin", offset: 6e9, length: 8 };
	const whole = outside(
		entry("location", "w.bin"),
		entry("offset", "6000000000"),
	);
	deepEqual(readOnnx(whole).graph.tensors.get("w")?.place, place);
	throws(
		() => readOnnx(outside(entry("offset", "0"))),
		/does not say where the numbers of "w" lie/,
	);
	throws(
		() => readOnnx(outside(entry("location", "w"), entry("offset", "-1"))),
		/does not say where the numbers of "w" lie/,
	);
	throws(
		() => readOnnx(outside(entry("location", "w"), entry("length", "9"))),
		/gives "w" 9 bytes, but its shape \[2\] needs 8/,
	);
});

test("what is no ONNX model is refused", () => {
	throws(() => readOnnx(join(folder, "none.onnx")), /does not exist/);
	throws(() => readOnnx(write(Buffer.from('{"a": 1}'))), /not an ONNX model/);
	throws(() => readOnnx(write()), /holds no graph/);
	throws(() => readOnnx(write(version, opset)), /holds no graph/);
	const graph = bytesField(7, Buffer.alloc(0));
	throws(() => readOnnx(write(version, graph)), /version of its operators/);
});

test("a file that ends early is refused, wherever it ends", () => {
	const g = new OnnxGraph();
	g.op("Add", [g.input("x", "float32", [2]), g.float([1, 2])], {}, "y");
	const bytes = g.build(["y"]);
	for (let size = 0; size < bytes.length - 20; size++) {
		const file = write(bytes);
		truncateSync(file, size);
		throws(() => readOnnx(file), /truncated|holds no graph/);
	}
});

test("lengths that lie are refused before anything is allocated", () => {
	const huge = (tag: number, length: bigint) =>
		Buffer.concat([
			Buffer.of(tag),
			varintField(0, length).subarray(1),
			Buffer.alloc(10),
		]);
	const lengths = [11n, 1n << 31n, 1n << 40n, (1n << 63n) - 1n, -1n];
	for (const length of lengths) {
		throws(() => readOnnx(write(version, huge(0x3a, length))), /truncated/);
		throws(() => readOnnx(model(huge(0x0a, length))), /truncated/);
		throws(() => readOnnx(model(huge(0x2a, length))), /truncated/);
	}
});

test("a tensor whose shape does not fit its numbers is refused", () => {
	const shape = [1n << 40n, 1n << 40n].map((n) => varintField(1, n));
	const wrong = tensor("w", 1, ...shape, bytesField(9, floats(600)));
	throws(
		() => readOnnx(model(bytesField(5, wrong))),
		/gives "w" 2400 bytes, but its shape/,
	);
});

test("graphs in graphs without end are refused", () => {
	let graph: Buffer = bytesField(1, bytesField(4, "Relu"));
	for (let i = 0; i < 9; i++)
		graph = node(
			"If",
			"y",
			Buffer.concat([bytesField(1, "a"), bytesField(6, graph)]),
		);
	throws(() => readOnnx(model(graph)), /more than 8 deep/);
});
