import { deepEqual, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { OnnxGraph } from "../../../src/formats/onnx";
import {
	allTensors,
	type OnnxFileGraph,
	type OnnxNode,
	readOnnx,
} from "../../../src/formats/onnx-file";
import { buildPart, readName } from "../../../src/model/onnx/graph";
import { findWeights } from "../../../src/model/onnx/links";
import type { Structure } from "../../../src/model/onnx/structure";
import { withUnsignedWeights } from "../../../src/model/onnx/unsigned";
import { wire } from "../../../src/model/onnx/wiring";
import { temporaryFolder } from "../../tiny";
import { tensor } from "./rewrite";

const { folder, remove } = temporaryFolder();
after(remove);

const [K, N] = [64, 24]; // more than 1,024 bytes: they stay in the file
const microsoft = "com.microsoft";
/** Large ones: two products with 255 exceed 16 bits. */
const weights = Int8Array.from({ length: K * N }, (_, i) =>
	i % 5 === 4 ? -100 : 127 - (i % 3),
);
const columns = Int8Array.from({ length: N }, (_, n) => 3 * n - 7);
/** With a 0 in the first place the scale is 1 and the zero point 0: what is quantised is what is given. */
const x = Float32Array.from({ length: K }, (_, i) => (i === 0 ? 0 : 255));

/** Σ x · (w − zero point), in JavaScript's exact numbers. */
const exact = (zero: (n: number) => number) =>
	Array.from({ length: N }, (_, n) =>
		x.reduce((sum, v, k) => sum + v * (weights[k * N + n] - zero(n)), 0),
	);

type Point = "none" | "scalar" | "column";
const zeros: Record<Point, (n: number) => number> = {
	none: () => 0,
	scalar: () => 3,
	column: (n) => columns[n],
};

const int8 = (g: OnnxGraph, name: string, shape: number[], data: Int8Array) => {
	const bytes = new Uint8Array(data.buffer);
	g.adopt("constant", name, shape, tensor(name, 3, shape, bytes));
	return name;
};
const matrix = (g: OnnxGraph) => int8(g, "w", [K, N], weights);
const point = (g: OnnxGraph, kind: Point) =>
	kind === "none"
		? ""
		: kind === "scalar"
			? int8(g, "zero", [], Int8Array.of(3))
			: int8(g, "zero", [N], columns);
const scale = (g: OnnxGraph, kind: Point) =>
	kind === "column" ? g.float(Array(N).fill(1)) : g.float(1);
const input = (g: OnnxGraph) => g.input("x", "float32", ["rows", K]);
const quantised = (g: OnnxGraph) =>
	g.ops("DynamicQuantizeLinear", [input(g)], {}, ["q", "s", "z"]);
const uint8 = (g: OnnxGraph, value: number) => {
	const name = `uint8 ${value}`;
	g.adopt("constant", name, [], tensor(name, 2, [], Uint8Array.of(value)));
	return name;
};
/** Quantised by a constant scale of 1: to uint8, or to int8 with the zero point −128. */
const fixed = (g: OnnxGraph, signed: boolean) => {
	const zero = signed ? int8(g, "low", [], Int8Array.of(-128)) : uint8(g, 0);
	const one = g.float(1);
	return [g.op("QuantizeLinear", [input(g), one, zero]), one, zero];
};

/** What each operator makes of x and the weights, as float32 "logits". */
const products: Record<string, (g: OnnxGraph, kind: Point) => void> = {
	MatMulInteger(g, kind) {
		quantised(g);
		g.op("MatMulInteger", ["q", matrix(g), "z", point(g, kind)], {}, "whole");
		g.op("Cast", ["whole"], { to: 1 }, "logits");
	},
	DynamicQuantizeMatMul(g, kind) {
		const inputs = [input(g), matrix(g), scale(g, kind), point(g, kind)];
		g.ops("DynamicQuantizeMatMul", inputs, {}, ["logits"], microsoft);
	},
	MatMulIntegerToFloat(g, kind) {
		quantised(g);
		const inputs = ["q", matrix(g), "s", scale(g, kind), "z", point(g, kind)];
		g.ops("MatMulIntegerToFloat", inputs, {}, ["logits"], microsoft);
	},
	QGemm(g, kind) {
		const given = [matrix(g), scale(g, kind), point(g, kind) || "zero"];
		if (kind === "none") int8(g, "zero", [], Int8Array.of(0));
		g.ops("QGemm", [...fixed(g, false), ...given], {}, ["logits"], microsoft);
	},
	"QGemm of int8 values"(g, kind) {
		const given = [matrix(g), scale(g, kind), point(g, kind) || "zero"];
		if (kind === "none") int8(g, "zero", [], Int8Array.of(0));
		g.ops("QGemm", [...fixed(g, true), ...given], {}, ["logits"], microsoft);
	},
	"MatMul of values and weights made float again"(g, kind) {
		const values = g.op("DequantizeLinear", fixed(g, false));
		const from = [matrix(g), scale(g, kind), point(g, kind)];
		const made = g.op("DequantizeLinear", from, { axis: 1 });
		g.op("MatMul", [values, made], {}, "logits");
	},
	"MatMul of int8 values and weights made float again"(g, kind) {
		const values = g.op("DequantizeLinear", fixed(g, true));
		const from = [matrix(g), scale(g, kind), point(g, kind)];
		const made = g.op("DequantizeLinear", from, { axis: 1 });
		g.op("MatMul", [values, made], {}, "logits");
	},
};

let files = 0;
/** The graph as a decoder's is handed to the runtime: its bytes, and what they say. */
function handedOver(g: OnnxGraph, change = (graph: OnnxFileGraph) => graph) {
	const path = join(folder, `${files++}.onnx`);
	writeFileSync(path, g.build(["logits"]));
	const file = readOnnx(path);
	const graph = withUnsignedWeights(change(file.graph));
	const { folder: home, locate } = findWeights(path, allTensors(graph));
	const structure = {
		hooks: new Map(),
		norms: new Map(),
	} as unknown as Structure;
	const source = { file, w: wire(path, graph), structure, locate };
	const bytes = buildPart(source, { hooks: [], spliced: {}, logits: true });
	const written = join(folder, `${files++}.onnx`);
	writeFileSync(written, bytes);
	return { bytes, home, graph: readOnnx(written).graph };
}

async function run({ bytes, home }: ReturnType<typeof handedOver>, rows = x) {
	const session = await InferenceSession.create(bytes, {
		extra: {
			session: { model_external_initializers_file_folder_path: home },
		},
		logSeverityLevel: 3,
	});
	const feeds = { x: new OrtTensor("float32", rows, [rows.length / K, K]) };
	const { [readName("logits")]: y } = await session.run(feeds);
	await session.release();
	return Array.from(y.data as Float32Array);
}

/** Where the second factor stands among the inputs of a product. */
const second: Record<string, number> = {
	...{ MatMulInteger: 1, DynamicQuantizeMatMul: 1, MatMulIntegerToFloat: 1 },
	...{ QLinearMatMul: 3, QLinearConv: 3, QGemm: 3, QAttention: 1, MatMul: 1 },
};

/** The second factors, by the type of the constant that they are made of or the operator that makes them. */
function factors(graph: OnnxFileGraph): (string | number)[] {
	return graph.nodes.flatMap(({ type, inputs }) => {
		if (!(type in second)) return [];
		let value = inputs[second[type]];
		for (;;) {
			const maker = graph.nodes.find(({ outputs }) => outputs.includes(value));
			if (!maker) return [graph.tensors.get(value)?.type ?? "fed"];
			const to = maker.attributes.find(({ name }) => name === "to")?.whole;
			if (to) return [to];
			[value] = maker.inputs;
		}
	});
}

const [UINT8, INT8] = [2, 3];

for (const [name, write] of Object.entries(products))
	for (const kind of ["none", "scalar", "column"] as const)
		test(`${name}, zero point: ${kind}: the sums are exact, and no int8 weights are multiplied by uint8 values`, async () => {
			const g = new OnnxGraph();
			write(g, kind);
			const part = handedOver(g);
			deepEqual(await run(part), exact(zeros[kind]));
			const signed = name === "QGemm of int8 values"; // int8 by int8 is right everywhere
			deepEqual(factors(part.graph), [signed ? INT8 : UINT8]);
		});

test("QLinearMatMul rounds the exact sums", async () => {
	const g = new OnnxGraph();
	const zero = int8(g, "zero", [], Int8Array.of(3));
	const from = [matrix(g), g.float(1), zero, g.float(10000), uint8(g, 5)];
	const y = g.op("QLinearMatMul", [...fixed(g, false), ...from]);
	g.op("Cast", [y], { to: 1 }, "logits");
	const part = handedOver(g);
	deepEqual(factors(part.graph), [UINT8]);
	const rounded = exact(zeros.scalar).map((sum) => 5 + Math.round(sum / 10000));
	ok(rounded.every((value) => value > 5 && value < 255));
	deepEqual(await run(part), rounded);
});

test("weights that are looked up as well are looked up as they were", async () => {
	const g = new OnnxGraph();
	quantised(g);
	g.op("MatMulInteger", ["q", matrix(g), "z"], {}, "whole");
	const row = g.op("Gather", ["w", g.int([7])], { axis: 0 });
	const twice = g.op("Add", ["whole", g.op("Cast", [row], { to: 6 })]);
	g.op("Cast", [twice], { to: 1 }, "logits");
	const expected = exact(zeros.none).map((sum, n) => sum + weights[7 * N + n]);
	deepEqual(await run(handedOver(g)), expected);
});

test("weights turned in the graph, and products inside a branch, are exact as well", async () => {
	const g = new OnnxGraph();
	quantised(g);
	const turned = Int8Array.from(
		weights,
		(_, i) => weights[(i % K) * N + Math.floor(i / K)],
	);
	const w = int8(g, "w", [N, K], turned);
	const across = g.op("Transpose", [w], { perm: [1, 0] });
	g.op("MatMulInteger", ["q", across, "z"], {}, "whole");
	g.op("Cast", ["whole"], { to: 1 }, "logits");
	const branched = (graph: OnnxFileGraph): OnnxFileGraph => {
		const product = graph.nodes.find(({ type }) => type === "MatMulInteger");
		const inner = (output: string) => ({
			nodes: [{ ...(product as OnnxNode), outputs: [output] }],
			tensors: new Map(),
			inputs: [],
			outputs: [{ name: output, type: 6, shape: [] }],
		});
		const nodes = graph.nodes.map((own): OnnxNode => {
			if (own !== product) return own;
			const attributes = ["then_branch", "else_branch"].map((name) => ({
				name,
				graph: inner(`in ${name}`),
			}));
			return { ...own, type: "If", inputs: ["always"], attributes };
		});
		const message = tensor("always", 9, [1], Uint8Array.of(1));
		const always = { name: "always", type: 9, shape: [1], message };
		const tensors = new Map([...graph.tensors, ["always", always] as const]);
		return { ...graph, nodes, tensors };
	};
	deepEqual(await run(handedOver(g)), exact(zeros.none));
	deepEqual(await run(handedOver(g, branched)), exact(zeros.none));
});

test("a graph that quantises no values keeps weights of eight bits as they are", () => {
	const g = new OnnxGraph();
	const made = g.op("DequantizeLinear", [matrix(g), g.float(1)]);
	g.op("MatMul", [input(g), made], {}, "logits");
	deepEqual(factors(handedOver(g).graph), [INT8]);
});
