import assert, { deepEqual, ok, rejects } from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import {
	type ElementType,
	type ModelHeader,
	OnnxGraph,
} from "../../../src/formats/onnx";
import { bytesField, varintField } from "../../../src/formats/protobuf";
import { loadOnnxModel } from "../../../src/model";
import { temporaryFolder } from "../../tiny";

const { folder, remove } = temporaryFolder();
after(remove);

const [d, vocabulary] = [8, 20];
const header: ModelHeader = {
	ir_version: 9,
	opsets: new Map([["", 20]]),
	functions: [],
};

/** A decoder of one block with one head, whose mask is fed in `type`; `last` makes its logits of the stream. */
function decoder(
	type: ElementType,
	last = (g: OnnxGraph, x: string) => g.op("Identity", [x]),
): OnnxGraph {
	const g = new OnnxGraph();
	const matrix = (rows: number, columns: number) =>
		g.float(
			Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i)),
			[rows, columns],
		);
	const dense = (x: string, columns = d, rows = d) =>
		g.op("MatMul", [x, matrix(rows, columns)]);
	const norm = (x: string) =>
		g.op("LayerNormalization", [x, g.float(Array(d).fill(1))], { axis: -1 });
	const ids = g.input("input_ids", "int64", ["batch", "seq"]);
	const mask = g.input("attention_mask", type, ["batch", "seq"]);
	const x = g.op("Gather", [matrix(vocabulary, d), ids]);
	const keys = g.op("Transpose", [dense(norm(x))], { perm: [0, 2, 1] });
	const scores = g.op("MatMul", [dense(norm(x)), keys]);
	const own = g.op("Cast", [mask], { to: 1 });
	const away = g.op("Mul", [g.op("Sub", [g.float(1), own]), g.float(-1e4)]);
	const rows = g.op("Unsqueeze", [away, g.int([1])]);
	const pattern = g.op("Softmax", [g.op("Add", [scores, rows])], { axis: -1 });
	const mixed = dense(g.op("MatMul", [pattern, dense(norm(x))]));
	const mid = g.op("Add", [x, mixed]);
	const thought = dense(g.op("Relu", [dense(norm(mid), 16)]), d, 16);
	const end = last(g, norm(g.op("Add", [mid, thought])));
	g.op("MatMul", [end, matrix(d, vocabulary)], {}, "logits");
	return g;
}

let files = 0;
/** Loads a file of one head. */
async function load(bytes: Uint8Array) {
	const home = join(folder, `${files++}`);
	mkdirSync(home);
	writeFileSync(join(home, "model.onnx"), bytes);
	writeFileSync(join(home, "config.json"), '{"num_heads": 1}');
	return loadOnnxModel(home);
}

/** Its logits for two texts, one of them padded. */
async function logitsOf(bytes: Uint8Array): Promise<Float32Array> {
	const model = await load(bytes);
	const { logits } = await model.run(
		model.batch([Int32Array.of(3, 1, 19), Int32Array.of(5, 7)]),
	);
	await model.dispose();
	const { data } = logits ?? assert.fail("no logits");
	return data.subarray(0, 5 * vocabulary); // without the padding
}

const plain = decoder("float32").build(["logits"], header);

for (const type of ["float16", "float64", "bfloat16"] as const)
	test(`a mask that a file takes as ${type} is fed, and masks as one of float32 does`, async () => {
		const expected = await logitsOf(plain);
		ok(expected.every(Number.isFinite));
		const found = await logitsOf(decoder(type).build(["logits"], header));
		deepEqual(found, expected);
	});

test("the form of a file is held at what the runtime takes: the part that runs is written anew", async () => {
	const expected = await logitsOf(plain);
	for (const ir_version of [3, 10, 13, 14, 99]) {
		const newer = { ...header, ir_version };
		const bytes = decoder("float32").build(["logits"], newer);
		deepEqual(await logitsOf(bytes), expected);
	}
});

test("operators newer than the runtime's are refused in one sentence, in the file and in its functions", async () => {
	const opset = (version: number) => new Map([["", version]]);
	const at = (version: number) =>
		decoder("float32").build(["logits"], {
			...header,
			opsets: opset(version),
		});
	ok((await logitsOf(at(26))).every(Number.isFinite));
	for (const version of [27, 28, 1000])
		await rejects(
			load(at(version)),
			new RegExp(
				`written with ONNX's operators of version ${version} \\(opset\\), and up to 26 can be run: export it with opset_version=26`,
			),
		);
	await rejects(load(withFunctions(28)), /operators of version 28 .*up to 26/);
});

/** A decoder whose last norm goes through a function "F" of two overloads: one doubles, the other adds 1. */
function withFunctions(version: number, overload = "doubles"): Uint8Array {
	const imports = Buffer.concat([bytesField(1, ""), varintField(2, version)]);
	const functionOf = (name: string) =>
		Buffer.concat([
			bytesField(1, "F"),
			bytesField(4, "x"),
			bytesField(5, "y"),
			bytesField(
				7,
				Buffer.concat([
					...["x", "x"].map((value) => bytesField(1, value)),
					bytesField(2, "y"),
					bytesField(4, name === "doubles" ? "Add" : "Sub"),
				]),
			),
			bytesField(9, imports),
			bytesField(10, "own"),
			bytesField(13, name),
		]);
	const call = (g: OnnxGraph, x: string) => {
		const encoded = Buffer.concat([
			...[bytesField(1, x), bytesField(2, "called"), bytesField(4, "F")],
			...[bytesField(7, "own"), bytesField(8, overload)],
		]);
		const made = { type: "F", domain: "own", attributes: {}, encoded };
		g.adoptNode({ ...made, inputs: [x], outputs: ["called"] });
		return "called";
	};
	return decoder("float32", call).build(["logits"], {
		ir_version: 10,
		opsets: new Map([
			["", 20],
			["own", 1],
		]),
		functions: ["doubles", "nothing"].map(functionOf),
	});
}

test("of several functions of one name the one that is meant is called", async () => {
	const expected = await logitsOf(plain);
	const double = await logitsOf(withFunctions(20, "doubles"));
	for (const [i, value] of expected.entries())
		ok(Math.abs(double[i] - 2 * value) <= 1e-4 * Math.abs(value) + 1e-5);
	const none = await logitsOf(withFunctions(20, "nothing"));
	ok(none.every((value) => value === 0));
});
