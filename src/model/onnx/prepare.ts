import type {
	OnnxAttribute,
	OnnxFileGraph,
	OnnxNode,
} from "../../formats/onnx-file";

const BOOL = 9;

/**
 * The graph in a form in which every part of the residual stream is a value: a decoder merged from one with and one
 * without a cache becomes the one without, and sums fused with the norm behind them are taken apart (ONNX Runtime
 * fuses them again where nobody looks at the sum).
 */
export function prepare(graph: OnnxFileGraph): OnnxFileGraph {
	const inlined = inlineBranches(graph);
	return { ...inlined, nodes: takeApart(inlined) };
}

/** Puts the `else` branch in the place of every If whose condition is fed, such as Optimum's "use_cache_branch". */
function inlineBranches(graph: OnnxFileGraph): OnnxFileGraph {
	const fed = new Set(
		graph.inputs.filter(({ type }) => type === BOOL).map(({ name }) => name),
	);
	const tensors = new Map(graph.tensors);
	const nodes = graph.nodes.flatMap((node): OnnxNode[] => {
		const branch = attributeOf(node, "else_branch")?.graph;
		if (node.type !== "If" || !branch || !fed.has(node.inputs[0]))
			return [node];
		const inner = inlineBranches({ ...branch, inputs: graph.inputs });
		for (const [name, tensor] of inner.tensors) tensors.set(name, tensor);
		const outputs = inner.outputs.flatMap(({ name }, i): OnnxNode[] => {
			const output = node.outputs[i];
			if (!output || output === name) return []; // unused, or made already
			const copy = { type: "Identity", domain: "", attributes: [] };
			return [{ ...copy, inputs: [name], outputs: [output] }];
		});
		return [...inner.nodes, ...outputs];
	});
	return { ...graph, nodes, tensors };
}

/** Norms that add before they normalise, and their plain forms (ONNX Runtime's operators). */
const skipNorms: Record<string, string> = {
	SkipLayerNormalization: "LayerNormalization",
	SkipSimplifiedLayerNormalization: "SimplifiedLayerNormalization",
};

function takeApart({ nodes }: OnnxFileGraph): OnnxNode[] {
	const order = new Map<string, number>();
	for (const [at, node] of nodes.entries())
		for (const value of node.outputs) order.set(value, at);
	return nodes.flatMap((node): OnnxNode[] => {
		const plain = skipNorms[node.type];
		if (!plain) return [node];
		const [a, b, gamma, ...rest] = node.inputs;
		const simple = plain.startsWith("Simplified");
		const [beta, bias] = simple ? ["", rest[0]] : rest;
		const [output, , , sum = `${output}.sum`] = node.outputs.map(
			(value) => value || undefined,
		);
		const add = (inputs: string[], made: string): OnnxNode => ({
			...{ type: "Add", domain: "", attributes: [] },
			inputs,
			outputs: [made],
		});
		// the branch is what was computed later; the bias is its
		const at = (value: string) => order.get(value) ?? -1;
		const [skip, branch] = at(a) < at(b) ? [a, b] : [b, a];
		const biased = bias ? `${output}.branch` : branch;
		return [
			...(bias ? [add([branch, bias], biased)] : []),
			add([skip, biased], sum),
			{
				type: plain,
				domain: "",
				inputs: [sum, gamma, ...(beta ? [beta] : [])],
				outputs: [output ?? `${sum}.normalised`],
				attributes: node.attributes.filter(({ name }) => name === "epsilon"),
			},
		];
	});
}

/** An attribute of a node by name. */
export function attributeOf(
	node: OnnxNode,
	name: string,
): OnnxAttribute | undefined {
	return node.attributes.find((attribute) => attribute.name === name);
}
