import { type Rule, type Step, unary } from "./autodiff-step";
import { at } from "./dimensions";

/** The rules of operators that only move values: shapes, parts, rows. */
export const movingRules: Record<string, Rule> = {
	Reshape: unary(({ dy, x, reshapeLike }) => reshapeLike(dy, x[0])),
	Squeeze: unary(({ dy, x, reshapeLike }) => reshapeLike(dy, x[0])),
	Unsqueeze: unary(({ dy, x, reshapeLike }) => reshapeLike(dy, x[0])),
	Expand: unary(({ dy, x, fit }) => fit(dy, x[0])),
	Transpose: unary(({ op, dy, x, node, shape }) => {
		const perm =
			(node.attributes.perm as number[] | undefined) ??
			shape(x[0])
				.map((_, i) => i)
				.reverse();
		return op("Transpose", [dy], { perm: perm.map((_, i) => perm.indexOf(i)) });
	}),
	Slice: unary(sliceBackward),
	Split: ({ op, dys, node }) => [
		() => {
			const parts = node.outputs.map(
				(part, i) => dys[i] ?? op("ConstantOfShape", [op("Shape", [part])]),
			);
			return op("Concat", parts, { axis: node.attributes.axis ?? 0 });
		},
	],
	Concat: (step) => {
		let parts: string[];
		return step.x.map((_, i) => () => {
			parts ??= concatBackward(step);
			return parts[i];
		});
	},
	GatherElements: ({ op, dy, x, node }) => [
		() => (sum) =>
			op("ScatterElements", [sum, x[1], dy], {
				axis: node.attributes.axis ?? 0,
				reduction: "add",
			}),
	],
	Gather: (step) => [() => gatherBackward(step)],
};

/** Zeros around the part that was cut out. */
function sliceBackward(step: Step): string {
	const { g, op, dy, x, y, shape, numbers, axes } = step;
	const starts = numbers(1);
	const steps = numbers(4);
	if (!starts?.every((n) => n >= 0) || steps?.some((n) => n !== 1))
		throw new Error(
			`The gradient of Slice (of "${y}") has a rule for constant starts of at least 0 and steps of 1.`,
		);
	const along = axes(3) ?? starts.map((_, i) => i);
	const rank = shape(x[0]).length;
	const before = g.int(
		Array.from({ length: rank }, (_, i) => starts[along.indexOf(i)] ?? 0),
	);
	const missing = op("Sub", [op("Shape", [x[0]]), op("Shape", [y])]);
	const after = op("Sub", [missing, before]);
	return op("Pad", [dy, op("Concat", [before, after], { axis: 0 })]);
}

function concatBackward({ g, op, dy, x, node, shape }: Step): string[] {
	const axis = at(node.attributes.axis, shape(x[0]).length);
	const size = (name: string) =>
		op("Shape", [name], { start: axis, end: axis + 1 });
	const sizes = x.map((name) => shape(name)[axis]);
	const split = sizes.every((n) => typeof n === "number")
		? g.int(sizes.map(Number))
		: op("Concat", x.map(size), { axis: 0 });
	return g.ops("Split", [dy, split], { axis }, x.length);
}

/** Row by row onto the rows that were taken; a row taken twice gets both. */
function gatherBackward({ g, op, dy, x, y, node, shape }: Step) {
	const [, width, more] = shape(x[0]);
	if (Number(node.attributes.axis ?? 0) !== 0 || more !== undefined)
		throw new Error(
			`The gradient of Gather (of "${y}") has a rule for rows of a matrix and for numbers of a list.`,
		);
	const flat = width === undefined ? [-1] : [-1, Number(width)];
	const part = op("Reshape", [dy, g.int(flat)]);
	const rows = op("Reshape", [x[1], g.int(flat.map((_, i) => (i ? 1 : -1)))]);
	const indices = op("Expand", [rows, op("Shape", [part])]);
	return (sum: string) =>
		op("ScatterElements", [sum, indices, part], { axis: 0, reduction: "add" });
}
