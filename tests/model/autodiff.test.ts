import assert from "node:assert/strict";
import { test } from "node:test";
import * as ort from "onnxruntime-node";
import { type ElementType, OnnxGraph } from "../../src/formats/onnx";
import { differentiate } from "../../src/model/autodiff";
import { broadcast } from "../../src/model/dimensions";
import { inferShapes } from "../../src/model/shapes";
import { random } from "../../src/random";

type Float = "float32" | "float64";
type Numbers = Record<string, Float64Array>;

/** A function whose gradient is compared with central differences of the same graph in float64. */
interface Case {
	/** The inputs that it is differentiated by. */
	by: Record<string, number[]>;
	/** All numbers are above 0. */
	positive?: boolean;
	/** Inputs that are not floats. */
	also?: Record<
		string,
		{ type: "bool" | "int64"; shape: number[]; data: number[] }
	>;
	/** Writes the function; `type` is float64 where the differences are taken. */
	write(g: OnnxGraph, type: Float): string;
	/** The same function in float64, where ONNX Runtime has the operator in float32 only. */
	plain?(g: OnnxGraph): string;
}

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

function tensor(type: ElementType, data: ArrayLike<number>, shape: number[]) {
	if (type === "float32")
		return new ort.Tensor(type, Float32Array.from(data), shape);
	if (type === "float64")
		return new ort.Tensor("float64", Float64Array.from(data), shape);
	if (type === "bool")
		return new ort.Tensor("bool", Uint8Array.from(data), shape);
	return new ort.Tensor(
		"int64",
		BigInt64Array.from(Array.from(data, BigInt)),
		shape,
	);
}

async function open(g: OnnxGraph, outputs: string[]) {
	return ort.InferenceSession.create(g.build(outputs), {
		intraOpNumThreads: 1,
		logSeverityLevel: 3,
	});
}

function graphOf(given: Case, type: Float) {
	const g = new OnnxGraph();
	for (const [name, shape] of Object.entries(given.by))
		g.input(name, type, shape);
	for (const [name, { type, shape }] of Object.entries(given.also ?? {}))
		g.input(name, type, shape);
	const y =
		type === "float64" && given.plain ? given.plain(g) : given.write(g, type);
	return { g, y };
}

function feedsOf(
	given: Case,
	type: Float,
	values: Numbers,
	session: ort.InferenceSession,
) {
	const feeds: Record<string, ort.Tensor> = {};
	for (const [name, shape] of Object.entries(given.by))
		feeds[name] = tensor(type, values[name], shape);
	for (const [name, { type, shape, data }] of Object.entries(given.also ?? {}))
		feeds[name] = tensor(type, data, shape);
	return Object.fromEntries(
		Object.entries(feeds).filter(([name]) => session.inputNames.includes(name)),
	);
}

/** The largest difference over the largest gradient, of Σ y · seed with random seeds. */
async function worst(given: Case): Promise<number> {
	const r = random(3);
	const values: Numbers = {};
	for (const [name, shape] of Object.entries(given.by))
		values[name] = Float64Array.from({ length: size(shape) }, () =>
			Math.fround(given.positive ? 0.5 + r.uniform() : r.normal()),
		);
	const exact = graphOf(given, "float64");
	const forward = await open(exact.g, [exact.y]);
	const run = async () =>
		(await forward.run(feedsOf(given, "float64", values, forward)))[exact.y];
	const { dims } = await run();
	const seeds = Float64Array.from({ length: size(dims) }, () =>
		Math.fround(r.normal()),
	);
	const total = async () =>
		((await run()).data as Float64Array).reduce(
			(sum, v, i) => sum + v * seeds[i],
			0,
		);

	const { g, y } = graphOf(given, "float32");
	g.input("seed", "float32", dims);
	const names = Object.keys(given.by);
	const gradients = differentiate(g, {
		of: y,
		seed: "seed",
		with_respect_to: names,
	});
	const outputs = names.map((name) => gradients[name]);
	const session = await open(g, outputs);
	const out = await session.run({
		...feedsOf(given, "float32", values, session),
		...(session.inputNames.includes("seed") && {
			seed: tensor("float32", seeds, [...dims]),
		}),
	});
	let off = 0;
	for (const name of names) {
		const ours = out[gradients[name]];
		assert.deepEqual([...ours.dims], given.by[name], `the shape by ${name}`);
		const expected: number[] = [];
		for (let i = 0; i < values[name].length; i++) {
			const at = values[name][i];
			const step = 1e-4;
			values[name][i] = at + step;
			const above = await total();
			values[name][i] = at - step;
			expected.push((above - (await total())) / (2 * step));
			values[name][i] = at;
		}
		const largest = Math.max(...expected.map(Math.abs));
		assert.ok(largest > 0, `the gradient by ${name} is 0 everywhere`);
		const data = ours.data as Float32Array;
		for (const [i, e] of expected.entries())
			off = Math.max(off, Math.abs(data[i] - e) / largest);
	}
	await session.release();
	await forward.release();
	return off;
}

const op =
	(type: string, attributes = {}, ...inputs: string[]) =>
	(g: OnnxGraph) =>
		g.op(type, inputs.length ? inputs : ["x"], attributes);
const two = (type: string) => op(type, {}, "x", "w");
const x = { x: [2, 3] };

const cases: Record<string, Case> = {
	Identity: { by: x, write: op("Identity") },
	Neg: { by: x, write: op("Neg") },
	Exp: { by: x, write: op("Exp") },
	Log: { by: x, positive: true, write: op("Log") },
	Sqrt: { by: x, positive: true, write: op("Sqrt") },
	Reciprocal: { by: x, positive: true, write: op("Reciprocal") },
	Relu: { by: x, write: op("Relu") },
	Tanh: { by: x, write: op("Tanh") },
	Sigmoid: { by: x, write: op("Sigmoid") },
	Add: { by: { x: [2, 3], w: [2, 3] }, write: two("Add") },
	"Add, a row to every row": {
		by: { x: [4, 2, 3], w: [3] },
		write: two("Add"),
	},
	"Add, a column to a row": { by: { x: [2, 1], w: [1, 3] }, write: two("Add") },
	"Sub, a number from everything": {
		by: { x: [2, 3], w: [] },
		write: two("Sub"),
	},
	"Mul, a column to a stack": {
		by: { x: [2, 2, 3], w: [2, 1] },
		write: two("Mul"),
	},
	"Mul, a value by itself": { by: x, write: op("Mul", {}, "x", "x") },
	"Div, by a column": {
		by: { x: [2, 3], w: [2, 1] },
		positive: true,
		write: two("Div"),
	},
	Where: {
		by: { x: [2, 3], w: [1, 3] },
		also: { mask: { type: "bool", shape: [2, 3], data: [1, 0, 1, 0, 0, 1] } },
		write: op("Where", {}, "mask", "x", "w"),
	},
	MatMul: { by: { x: [2, 3], w: [3, 4] }, write: two("MatMul") },
	"MatMul, a stack by a stack": {
		by: { x: [2, 2, 2, 3], w: [2, 2, 3, 2] },
		write: two("MatMul"),
	},
	"MatMul, a stack by one matrix": {
		by: { x: [3, 2, 3], w: [3, 4] },
		write: two("MatMul"),
	},
	"MatMul, one matrix by a stack": {
		by: { x: [2, 3], w: [4, 3, 2] },
		write: two("MatMul"),
	},
	"MatMul, stacks of different heights": {
		by: { x: [3, 1, 2, 3], w: [2, 3, 2] },
		write: two("MatMul"),
	},
	Softmax: { by: x, write: op("Softmax", { axis: -1 }) },
	"Softmax along the first axis": { by: x, write: op("Softmax", { axis: 0 }) },
	LogSoftmax: { by: x, write: op("LogSoftmax", { axis: -1 }) },
	LayerNormalization: {
		by: { x: [2, 2, 5], w: [5], b: [5] },
		write: op(
			"LayerNormalization",
			{ axis: -1, epsilon: { float: 1e-5 } },
			"x",
			"w",
			"b",
		),
	},
	"ReduceSum that keeps the axis": {
		by: x,
		write: (g) => g.op("ReduceSum", ["x", g.int([0])], { keepdims: 1 }),
	},
	"ReduceSum that drops two axes": {
		by: { x: [2, 3, 4] },
		write: (g) => g.op("ReduceSum", ["x", g.int([0, -1])], { keepdims: 0 }),
	},
	"ReduceSum of everything": { by: x, write: op("ReduceSum", { keepdims: 0 }) },
	ReduceMean: {
		by: x,
		write: (g) => g.op("ReduceMean", ["x", g.int([-1])], { keepdims: 0 }),
	},
	ReduceLogSumExp: {
		by: x,
		write: (g) => g.op("ReduceLogSumExp", ["x", g.int([1])], { keepdims: 1 }),
	},
	"ReduceLogSumExp that drops the axis": {
		by: x,
		write: (g) => g.op("ReduceLogSumExp", ["x", g.int([0])], { keepdims: 0 }),
	},
	Reshape: { by: x, write: (g) => g.op("Reshape", ["x", g.int([0, -1, 1])]) },
	Squeeze: {
		by: { x: [2, 1, 3] },
		write: (g) => g.op("Squeeze", ["x", g.int([1])]),
	},
	Unsqueeze: { by: x, write: (g) => g.op("Unsqueeze", ["x", g.int([-1])]) },
	Expand: {
		by: { x: [2, 1] },
		write: (g) => g.op("Expand", ["x", g.int([3, 1, 4])]),
	},
	Transpose: {
		by: { x: [2, 3, 4] },
		write: op("Transpose", { perm: [2, 0, 1] }),
	},
	"Slice from the middle": {
		by: { x: [2, 5] },
		write: (g) => g.op("Slice", ["x", g.int([1]), g.int([4]), g.int([1])]),
	},
	"Slice that leaves out the last": {
		by: { x: [2, 5] },
		write: (g) => g.op("Slice", ["x", g.int([0]), g.int([-1]), g.int([-1])]),
	},
	Split: {
		by: { x: [2, 6] },
		write: (g) => {
			const [a, b, c] = g.ops("Split", ["x"], { axis: -1, num_outputs: 3 }, 3);
			return g.op("Add", [g.op("Mul", [a, b]), g.op("Exp", [c])]);
		},
	},
	"Split, of which one part is not used": {
		by: { x: [2, 6] },
		write: (g) => {
			const [a, , c] = g.ops("Split", ["x"], { axis: -1, num_outputs: 3 }, 3);
			return g.op("Mul", [a, c]);
		},
	},
	Concat: {
		by: { x: [2, 3], w: [1, 3] },
		write: op("Concat", { axis: 0 }, "x", "w"),
	},
	"Gather of rows, one of them twice": {
		by: { x: [4, 3] },
		write: (g) => g.op("Gather", ["x", g.int([2, 0, 2])]),
	},
	"Gather of rows, in a table of them": {
		by: { x: [4, 3] },
		write: (g) => g.op("Gather", ["x", g.int([2, 0, 2, 1], [2, 2])]),
	},
	"Gather of numbers": {
		by: { x: [4] },
		write: (g) => g.op("Gather", ["x", g.int([2, 0, 2])]),
	},
	GatherElements: {
		by: x,
		write: (g) =>
			g.op("GatherElements", ["x", g.int([2, 0, 1, 1], [2, 2])], { axis: 1 }),
	},
};

for (const transA of [0, 1])
	for (const transB of [0, 1]) {
		const turned = (a: number, b: number, by: number) => (by ? [b, a] : [a, b]);
		const left = turned(2, 3, transA);
		const right = turned(3, 4, transB);
		cases[`Gemm, transA ${transA}, transB ${transB}`] = {
			by: { x: left, w: right, b: [4] },
			write: op(
				"Gemm",
				{ transA, transB, alpha: { float: 0.5 }, beta: { float: 2 } },
				"x",
				"w",
				"b",
			),
		};
		const perm = [0, 2, 1];
		cases[`FusedMatMul, transA ${transA}, transB ${transB}`] = {
			by: { x: [2, ...left], w: [2, ...right] },
			write: (g) =>
				g.ops(
					"FusedMatMul",
					["x", "w"],
					{ transA, transB, alpha: { float: 0.5 } },
					1,
					"com.microsoft",
				)[0],
			plain: (g) => {
				const half = g.op("Cast", [g.float(0.5)], { to: 11 });
				const turn = (name: string, by: number) =>
					by ? g.op("Transpose", [name], { perm }) : name;
				return g.op("Mul", [
					g.op("MatMul", [turn("x", transA), turn("w", transB)]),
					half,
				]);
			},
		};
	}

for (const [name, given] of Object.entries(cases))
	test(`the gradient of ${name} is what central differences in float64 say`, async () => {
		const off = await worst(given);
		assert.ok(off <= 1e-5, `${off}`);
	});

/** Runs a graph's outputs with float32 inputs. */
async function run(
	g: OnnxGraph,
	outputs: string[],
	inputs: Record<string, { shape: number[]; data: number[] }>,
) {
	const session = await open(g, outputs);
	const feeds = Object.fromEntries(
		session.inputNames.map((name) => [
			name,
			tensor("float32", inputs[name].data, inputs[name].shape),
		]),
	);
	const out = await session.run(feeds);
	await session.release();
	return outputs.map((name) => Array.from(out[name].data as Float32Array));
}

/** Φ by adding up its density: the trapezoidal rule from -12, a step of 1/1000. */
function normalShare(x: number): number {
	let sum = 0;
	for (let t = -12; t < x; t += 1e-3) {
		const width = Math.min(1e-3, x - t);
		const density = (at: number) => Math.exp((-at * at) / 2);
		sum += (width * (density(t) + density(t + width))) / 2;
	}
	return sum / Math.sqrt(2 * Math.PI);
}

const gelus: Record<string, (x: number) => number> = {
	none: (x) => x * normalShare(x),
	tanh: (x) =>
		0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};
for (const [approximate, gelu] of Object.entries(gelus))
	test(`the gradient of Gelu (${approximate}) is that of its formula, also far out`, async () => {
		const data = [-30, -5, -3, -1.5, -0.7, -0.1, 0, 0.2, 0.75, 1, 2.5, 4, 20];
		const g = new OnnxGraph();
		g.input("x", "float32", ["n"]);
		const of = g.op("Gelu", ["x"], { approximate });
		const { x } = differentiate(g, { of, with_respect_to: ["x"] });
		const [slopes] = await run(g, [x], { x: { shape: [data.length], data } });
		for (const [i, at] of data.entries()) {
			const expected = (gelu(at + 1e-4) - gelu(at - 1e-4)) / 2e-4;
			assert.ok(Math.abs(slopes[i] - expected) < 2e-6, `${at}: ${slopes[i]}`);
		}
	});

test("a value that is used several times gets the sum: x³ + 2x has the slope 3x² + 2", async () => {
	const g = new OnnxGraph();
	g.input("x", "float32", ["n"]);
	const cube = g.op("Mul", [g.op("Mul", ["x", "x"]), "x"]);
	const of = g.op("Add", [cube, g.op("Mul", ["x", g.float(2)])]);
	const { x } = differentiate(g, { of, with_respect_to: ["x"] });
	const data = [-1, 0, 2];
	assert.deepEqual(await run(g, [x], { x: { shape: [3], data } }), [
		[5, 2, 14],
	]);
});

test("values in the middle have gradients as well, and those that nothing depends on have zeros", async () => {
	const g = new OnnxGraph();
	g.input("x", "float32", ["n"]);
	g.op("Mul", ["x", g.float(3)], {}, "middle");
	g.op("Exp", ["x"], {}, "aside");
	const of = g.op("Mul", ["middle", "middle"]);
	const names = ["middle", "aside", of];
	const gradients = differentiate(g, { of, with_respect_to: names });
	const outputs = names.map((name) => gradients[name]);
	assert.deepEqual(await run(g, outputs, { x: { shape: [2], data: [1, 2] } }), [
		[6, 12],
		[0, 0],
		[1, 1],
	]);
});

test("shapes with named dimensions are followed, so that nothing is summed that was not repeated", async () => {
	const g = new OnnxGraph();
	g.input("ids", "int32", ["batch", "seq"]);
	const table = g.input("table", "float32", [7, 6]);
	const places = g.input("places", "float32", [9, 6]);
	const seq = g.op("Squeeze", [
		g.op("Shape", ["ids"], { start: 1, end: 2 }),
		g.int([0]),
	]);
	const range = g.op("Range", [g.int(0), seq, g.int(1)]);
	const x = g.op("Add", [
		g.op("Gather", [table, "ids"]),
		g.op("Gather", [places, range]),
	]);
	const heads = g.op("Reshape", [x, g.int([0, 0, 2, 3])]);
	const changed = g.op("Mul", [x, g.input("by", "float32", ["?", "?", "?"])]);
	const flat = g.op("Reshape", [changed, g.int([-1, 6])]);
	const but = g.op("Slice", [x, g.int([0]), g.int([-1]), g.int([1])]);
	const back = g.op("Reshape", [
		flat,
		g.op("Concat", [g.op("Shape", ["ids"]), g.int([6])], { axis: 0 }),
	]);
	const { shapes } = inferShapes(g);
	const found = [range, x, heads, changed, flat, but, back].map((name) =>
		shapes.get(name)?.join(),
	);
	assert.deepEqual(found, [
		"seq",
		"batch,seq,6",
		"batch,seq,2,3",
		"batch,seq,6",
		"batch*seq,6",
		"batch,(seq-1),6",
		"batch,seq,6",
	]);
	const before = g.nodes.length;
	differentiate(g, { of: back, with_respect_to: [x] });
	const written = g.nodes.slice(before).map(({ type }) => type);
	assert.ok(!written.includes("ReduceSum"), written.join());
});

test("1 beside what may be 1 stays open, and other sizes must fit", () => {
	assert.deepEqual(broadcast([1], ["?0"]), ["?0"]);
	assert.deepEqual(broadcast(["?0"], [5]), [5]);
	assert.deepEqual(broadcast(["n", 1, 3], ["seq", 1]), ["n", "seq", 3]);
	assert.throws(() => broadcast([2], [3]), {
		message: "Shapes [2] and [3] do not fit each other: 2 meets 3.",
	});
});

test("an operator without a rule is named, and one that lies off the way does not matter", () => {
	const g = new OnnxGraph();
	g.input("x", "float32", [3]);
	const odd = g.op("Floor", ["x"], {}, "floor");
	assert.throws(() => differentiate(g, { of: odd, with_respect_to: ["x"] }), {
		message: 'The operator Floor (of "floor") has no rule for its gradient.',
	});
	const even = g.op("Exp", ["x"]);
	const { x } = differentiate(g, { of: even, with_respect_to: ["x"] });
	assert.ok(g.has(x));
	assert.throws(
		() => differentiate(g, { of: "nowhere", with_respect_to: ["x"] }),
		{ message: 'The graph has no value named "nowhere".' },
	);
});
