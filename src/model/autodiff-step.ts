import type { GraphNode, OnnxGraph } from "../formats/onnx";
import { axesOf, type Dim, isUnknown, type Shape } from "./dimensions";
import type { Known } from "./shapes";

/** One operation, seen from behind: what a rule for its gradient can use. */
export interface Step {
	g: OnnxGraph;
	node: GraphNode;
	/** The names of its inputs, and of its first output. */
	x: readonly string[];
	y: string;
	/** The gradients of its outputs; undefined where nothing depends on one. */
	dys: readonly (string | undefined)[];
	/** The gradient of its first output, in an operation that has only one. */
	dy: string;
	/** Writes an operation; the name of what it makes. */
	op: OnnxGraph["op"];
	/** A product of (stacks of) matrices times `alpha`, each side transposed or not. */
	product(a: string, b: string, how?: ProductOptions): string;
	/** The shape of a value of the forward graph. Throws where it is not known. */
	shape(name: string): Shape;
	/** The numbers of a constant input; undefined where it is left out or not constant. */
	numbers(input: number): number[] | undefined;
	/** The axes that an input lists, counted from the front; undefined where it is left out. */
	axes(input: number): number[] | undefined;
	/** Sums a gradient of the shape `from` (default: of the output) over the axes along which `to` was repeated. */
	fit(value: string, to: string, from?: Shape): string;
	/** Gives a gradient the shape of a value of the forward graph. */
	reshapeLike(value: string, like: string): string;
}

/** What an operation adds to the gradient of an input: a value, or a way to add to the sum of the others. */
export type Contribution = string | ((sum: string) => string);

/** How a gradient passes an operation: for each input, what writes its share; none for indices, shapes and the like. */
export type Rule = (
	step: Step,
) => readonly ((() => Contribution) | undefined)[];

/** A rule for an operator whose one input has its output's shape. */
export const unary =
	(write: (step: Step) => string): Rule =>
	(step) => [() => write(step)];

export interface ProductOptions {
	transA?: boolean;
	transB?: boolean;
	alpha?: number;
}

export function stepOf(
	g: OnnxGraph,
	known: Known,
	node: GraphNode,
	dys: (string | undefined)[],
): Step {
	const shape = (name: string): Shape => {
		const found = known.shapes.get(name);
		if (found) return found;
		throw new Error(
			`The shape of "${name}" is not known, and the gradient of ${node.type} (of "${node.outputs[0]}") needs it.`,
		);
	};
	const numbers = (input: number) => {
		const found = known.numbers.get(node.inputs[input]);
		return found?.every((n) => typeof n === "number")
			? found.map(Number)
			: undefined;
	};
	const op: Step["op"] = (...given) => g.op(...given);
	return {
		g,
		node,
		x: node.inputs,
		y: node.outputs[0],
		dys,
		dy: dys[0] ?? "",
		op,
		shape,
		numbers,
		axes: (input) => axesOf(numbers(input), shape(node.inputs[0]).length),
		product: (a, b, { transA, transB, alpha = 1 } = {}) => {
			if (!transA && !transB && alpha === 1) return op("MatMul", [a, b]);
			const attributes = {
				transA: Number(transA ?? false),
				transB: Number(transB ?? false),
				alpha: { float: alpha },
			};
			return g.ops("FusedMatMul", [a, b], attributes, 1, "com.microsoft")[0];
		},
		fit: (value, to, from = shape(node.outputs[0])) =>
			sumTo(g, value, from, shape(to), to),
		reshapeLike: (value, like) =>
			op("Reshape", [value, target(g, shape(like), like)]),
	};
}

/** Sums over what broadcasting repeated. */
function sumTo(
	g: OnnxGraph,
	value: string,
	from: Shape,
	to: Shape,
	name: string,
): string {
	const extra = from.length - to.length;
	const added = Array.from({ length: extra }, (_, i) => i);
	const stretched: number[] = [];
	to.forEach((dim, i) => {
		const made = from[i + extra];
		if (dim === made) return;
		if (isUnknown(dim))
			throw new Error(
				`The gradient of "${name}" is not known in advance to be summed or not: its shape is [${to}], that of the result [${from}].`,
			);
		if (dim === 1) stretched.push(i);
	});
	let sum = value;
	if (added.length > 0)
		sum = g.op("ReduceSum", [sum, g.int(added)], { keepdims: 0 });
	if (stretched.length > 0)
		sum = g.op("ReduceSum", [sum, g.int(stretched)], { keepdims: 1 });
	return sum;
}

/** A shape for Reshape: constant where at most one dimension is free, otherwise read from the value when it runs. */
function target(g: OnnxGraph, shape: Shape, name: string): string {
	const free = (dim: Dim) => typeof dim === "string";
	if (shape.filter(free).length > 1) return g.op("Shape", [name]);
	return g.int(shape.map((dim) => (free(dim) ? -1 : Number(dim))));
}
