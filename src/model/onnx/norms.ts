import type { OnnxGraph } from "../../formats/onnx";
import type { OnnxNode } from "../../formats/onnx-file";
import type { HookName } from "../types";
import { elementTypeOf } from "./element-type";
import type { Source, Wanted } from "./graph";

/**
 * A node, and where it is a norm's and the value before gain and shift is wanted, what gives that. For a norm that is one
 * operator this is a second norm beside it, or, where the value is changed, one in its place with gain and shift behind it.
 */
export function withNormalized(
	g: OnnxGraph,
	{ w, structure }: Source,
	node: OnnxNode,
	at: ReadonlyMap<string, HookName[]>,
	{ spliced }: Wanted,
): OnnxNode[] {
	const entry = [...structure.norms].find(
		([name, norm]) => norm.node === node && at.has(name),
	);
	if (!entry) return [node];
	const [name, { out, before }] = entry;
	const plain = { domain: "", attributes: [] };
	if (before !== undefined) {
		const inputs = node.inputs.map((x) => (x === before ? name : x));
		const copy = { ...plain, type: "Identity", inputs: [before] };
		return [
			{ ...copy, outputs: [name] },
			{ ...node, inputs },
		];
	}
	const [x, gain, shift] = node.inputs;
	const ones = g.op("Expand", [g.float(1), g.op("Shape", [gain])]);
	const typed = g.op("Cast", [ones], { to: elementTypeOf(w, out) });
	const pure = { ...node, inputs: [x, typed], outputs: [name] };
	if (!at.get(name)?.some((hook) => spliced[hook])) return [node, pure];
	const scaled = shift ? `${name}:scaled` : out;
	const behind = [
		{ ...plain, type: "Mul", inputs: [name, gain], outputs: [scaled] },
		{ ...plain, type: "Add", inputs: [scaled, shift], outputs: [out] },
	];
	const outputs = [name, ...node.outputs.slice(1)];
	return [{ ...pure, outputs }, ...behind.slice(0, shift ? 2 : 1)];
}
