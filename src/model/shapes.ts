import type { GraphNode, OnnxGraph } from "../formats/onnx";
import {
	at,
	axesOf,
	broadcast,
	type Dim,
	divide,
	lengthOf,
	reshaped,
	type Shape,
	sum,
} from "./dimensions";

/** What is known of a graph's values before it runs. */
export interface Known {
	shapes: Map<string, Shape>;
	/** The numbers of values that hold shapes or axes. */
	numbers: Map<string, Shape>;
}

/** The shapes of a graph's values, as far as they follow from those of its inputs and constants. */
export function inferShapes(g: OnnxGraph): Known {
	const known: Known = { shapes: new Map(), numbers: new Map() };
	let unknown = 0;
	const named = (dim: Dim) => (dim === "?" ? `?${unknown++}` : dim);
	for (const [name, { shape, ints }] of g.given) {
		known.shapes.set(name, shape.map(named));
		if (ints) known.numbers.set(name, ints);
	}
	for (const node of g.nodes) inferNode(node, known);
	return known;
}

function inferNode(node: GraphNode, known: Known): void {
	const rule = operators[node.type] ?? likeFirst(node.type);
	const shapes = node.inputs.map((name) => known.shapes.get(name));
	const numbers = node.inputs.map((name) => known.numbers.get(name));
	const found = rule?.({ node, x: shapes as Shape[], numbers });
	if (!found) return;
	node.outputs.forEach((name, i) => {
		const shape = found.shapes[Math.min(i, found.shapes.length - 1)];
		if (name && shape) known.shapes.set(name, shape);
	});
	if (found.numbers) known.numbers.set(node.outputs[0], found.numbers);
}

interface Inputs {
	node: GraphNode;
	/** The inputs' shapes; what is missing makes a rule fail, which leaves the output's shape unknown. */
	x: Shape[];
	numbers: (Shape | undefined)[];
}
interface Found {
	/** Of each output; the last one holds for those after it. */
	shapes: (Shape | undefined)[];
	numbers?: Shape;
}
type Infer = (inputs: Inputs) => Found | undefined;

const sameAsFirst = new Set(
	"Abs Relu Gelu Exp Log Neg Sqrt Reciprocal Tanh Sigmoid Erf Softmax LogSoftmax ScatterElements Not Trilu".split(
		" ",
	),
);
const likeFirst = (type: string): Infer | undefined =>
	sameAsFirst.has(type) ? ({ x }) => ({ shapes: [x[0]] }) : undefined;
const passed: Infer = ({ x, numbers }) => ({
	shapes: [x[0]],
	numbers: numbers[0],
});
const broadcasted: Infer = ({ x }) =>
	x.every(Boolean) ? { shapes: [x.reduce(broadcast)] } : undefined;
const reduced: Infer = ({ node, x, numbers }) => {
	if (!x[0]) return undefined;
	const axes = axesOf(numbers[1], x[0].length);
	const kept = x[0].map((dim, i) => (!axes || axes.includes(i) ? 1 : dim));
	if (node.attributes.keepdims !== 0) return { shapes: [kept] };
	return { shapes: [x[0].filter((_, i) => axes && !axes.includes(i))] };
};
const product: Infer = ({ node, x: [a, b] }) => {
	if (!a || !b) return undefined;
	const turned = (shape: Shape, by: unknown): Shape =>
		by ? [...shape.slice(0, -2), ...shape.slice(-2).reverse()] : shape;
	const left = turned(a, node.attributes.transA);
	const right = turned(b, node.attributes.transB);
	const stacks = broadcast(left.slice(0, -2), right.slice(0, -2));
	return {
		shapes: [[...stacks, left[left.length - 2], right[right.length - 1]]],
	};
};

const operators: Record<string, Infer> = {
	Identity: passed,
	Cast: passed,
	Add: broadcasted,
	Sub: broadcasted,
	Mul: broadcasted,
	Div: broadcasted,
	Max: broadcasted,
	Min: broadcasted,
	Where: broadcasted,
	Less: broadcasted,
	LessOrEqual: broadcasted,
	Greater: broadcasted,
	GreaterOrEqual: broadcasted,
	Equal: broadcasted,
	ReduceSum: reduced,
	ReduceMean: reduced,
	ReduceMax: reduced,
	ReduceLogSumExp: reduced,
	MatMul: product,
	FusedMatMul: product,
	Gemm: product,
	LayerNormalization: ({ x }) => ({
		shapes: [x[0], x[0] && [...x[0].slice(0, -1), 1]],
	}),
	Shape: ({ node, x }) => {
		if (!x[0]) return undefined;
		const { start = 0, end } = node.attributes as Record<string, number>;
		const numbers = x[0].slice(start, end);
		return { shapes: [[numbers.length]], numbers };
	},
	Reshape: ({ x, numbers }) =>
		x[0] && numbers[1] && { shapes: [reshaped(x[0], numbers[1])] },
	Expand: ({ x, numbers }) =>
		x[0] && numbers[1] && { shapes: [broadcast(x[0], numbers[1])] },
	ConstantOfShape: ({ numbers }) => numbers[0] && { shapes: [numbers[0]] },
	Transpose: ({ node, x }) => {
		const perm = node.attributes.perm as number[] | undefined;
		const order = perm ?? x[0]?.map((_, i) => i).reverse();
		return x[0] && { shapes: [order?.map((i) => x[0][i])] };
	},
	Squeeze: ({ x, numbers }) => {
		const axes = axesOf(numbers[1], x[0]?.length);
		return (
			x[0] && {
				shapes: [
					x[0].filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1)),
				],
				numbers: numbers[0],
			}
		);
	},
	Unsqueeze: ({ x, numbers }) => {
		if (!x[0] || !numbers[1]) return undefined;
		const rest = [...x[0]];
		const rank = rest.length + numbers[1].length;
		const axes = axesOf(numbers[1], rank);
		const shape = Array.from({ length: rank }, (_, i) =>
			axes?.includes(i) ? 1 : (rest.shift() as Dim),
		);
		return { shapes: [shape], numbers: numbers[0] };
	},
	Concat: ({ node, x, numbers }) => {
		if (!x.every(Boolean)) return undefined;
		const axis = at(node.attributes.axis, x[0].length);
		const shape = x[0].map((dim, i) =>
			i === axis ? sum(x.map((one) => one[i])) : dim,
		);
		const all = numbers.every((one) => one !== undefined);
		return {
			shapes: [shape],
			...(all && { numbers: numbers.flat() as Dim[] }),
		};
	},
	Split: ({ node, x, numbers }) => {
		if (!x[0]) return undefined;
		const axis = at(node.attributes.axis ?? 0, x[0].length);
		const parts = node.outputs.length;
		const size = divide(x[0][axis], parts);
		const sizes = numbers[1] ?? new Array<Dim>(parts).fill(size);
		return {
			shapes: sizes.map((n) => x[0].map((dim, i) => (i === axis ? n : dim))),
		};
	},
	Slice: sliced,
	Gather: ({ node, x: [data, indices], numbers }) => {
		if (!data || !indices) return undefined;
		const axis = at(node.attributes.axis ?? 0, data.length);
		const shape = [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)];
		const [from, which] = numbers;
		if (!from || !which?.every((i) => typeof i === "number"))
			return { shapes: [shape] };
		const picked = which.map((i) => from.at(Number(i)) as Dim);
		return { shapes: [shape], numbers: picked };
	},
	GatherElements: ({ x }) => ({ shapes: [x[1]] }),
	Range: ({ numbers: [start, limit, delta] }) => {
		if (start?.[0] !== 0 || delta?.[0] !== 1 || !limit) return undefined;
		return { shapes: [[limit[0]]] };
	},
};

function sliced({ x, numbers }: Inputs): Found | undefined {
	const [, starts, ends, given] = numbers;
	if (!x[0] || !starts || !ends || numbers[4]?.some((step) => step !== 1))
		return undefined;
	const axes = axesOf(given, x[0].length) ?? starts.map((_, i) => i);
	const shape = x[0].map((dim, i) => {
		const k = axes.indexOf(i);
		return k < 0 ? dim : lengthOf(dim, starts[k], ends[k]);
	});
	const [start, end] = [Number(starts[0]), Number(ends[0])];
	const whole = Number.isInteger(start) && Number.isInteger(end);
	return {
		shapes: [shape],
		...(numbers[0] && whole && { numbers: numbers[0].slice(start, end) }),
	};
}
