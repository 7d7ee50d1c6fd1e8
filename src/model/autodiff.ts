import type { GraphNode, OnnxGraph } from "../formats/onnx";
import { rules } from "./autodiff-rules";
import { type Contribution, stepOf } from "./autodiff-step";
import { inferShapes } from "./shapes";

/**
 * Writes the gradient of a value into its own graph, by reverse-mode automatic differentiation (Linnainmaa 1970):
 * the operations are walked from the last to the first, and each hands the gradient of its output on to its inputs.
 * Only operations on a path from a wanted value to `of` are walked.
 *
 * Returns, for each name of `with_respect_to`, the name of the gradient of Σ of · seed with respect to it, in the
 * value's own shape; `seed` is a value of the shape of `of`, by default 1 everywhere.
 * Throws where an operation on the way has no rule, and says which.
 */
export function differentiate(
	g: OnnxGraph,
	wanted: { of: string; seed?: string; with_respect_to: readonly string[] },
): Record<string, string> {
	const { of, seed, with_respect_to } = wanted;
	for (const name of [of, ...with_respect_to])
		if (!g.has(name))
			throw new Error(`The graph has no value named "${name}".`);
	const nodes = [...g.nodes];
	const known = inferShapes(g);
	const dependent = dependents(nodes, with_respect_to);
	const parts = new Map<string, Contribution[]>();
	const sums = new Map<string, string | undefined>();
	const give = (name: string, part: Contribution) =>
		parts.set(name, [...(parts.get(name) ?? []), part]);
	const gradient = (name: string): string | undefined => {
		if (!sums.has(name)) sums.set(name, total(g, name, parts.get(name)));
		return sums.get(name);
	};
	give(of, seed ?? g.op("Expand", [g.float(1), g.op("Shape", [of])]));
	for (const node of nodes.reverse()) {
		if (!node.outputs.some((name) => dependent.has(name))) continue;
		const dys = node.outputs.map((name) =>
			dependent.has(name) ? gradient(name) : undefined,
		);
		if (dys.every((dy) => dy === undefined)) continue;
		const rule = rules[node.type];
		if (!rule)
			throw new Error(
				`The operator ${node.type} (of "${node.outputs[0]}") has no rule for its gradient.`,
			);
		const toInputs = rule(stepOf(g, known, node, dys));
		node.inputs.forEach((name, i) => {
			if (!dependent.has(name)) return;
			const part = toInputs[i];
			if (!part)
				throw new Error(
					`The operator ${node.type} (of "${node.outputs[0]}") has no rule for the gradient of its input ${i}.`,
				);
			give(name, part());
		});
	}
	return Object.fromEntries(
		with_respect_to.map((name) => [name, gradient(name) ?? zeros(g, name)]),
	);
}

/** What these find changes in jumps: nothing is to be differentiated there. */
const comparisons = new Set(
	"Less LessOrEqual Greater GreaterOrEqual Equal".split(" "),
);

/** The values that depend on one of `sources`, these included, other than by a comparison. */
function dependents(
	nodes: readonly GraphNode[],
	sources: readonly string[],
): Set<string> {
	const found = new Set(sources);
	for (const node of nodes)
		if (
			!comparisons.has(node.type) &&
			node.inputs.some((name) => found.has(name))
		)
			for (const name of node.outputs) if (name) found.add(name);
	return found;
}

/** The sum of what reaches a value; what can be added in place comes last. */
function total(
	g: OnnxGraph,
	name: string,
	parts: Contribution[] = [],
): string | undefined {
	if (parts.length === 0) return undefined;
	const whole = parts.filter((part) => typeof part === "string");
	let sum =
		whole.length === 0
			? zeros(g, name)
			: whole.reduce((a, b) => g.op("Add", [a, b]));
	for (const part of parts) if (typeof part === "function") sum = part(sum);
	return sum;
}

function zeros(g: OnnxGraph, like: string): string {
	return g.op("ConstantOfShape", [g.op("Shape", [like])]);
}
