import { Tensor as OrtTensor } from "onnxruntime-node";
import type { OnnxGraph } from "../formats/onnx";
import type { Changes, Stage } from "./interventions";
import type { HookName, Tensor } from "./types";

/** By hook: the kinds of its changes, in order. What a graph has to know of them; the numbers are fed. */
export type Spliced = Partial<Record<HookName, Stage["type"][]>>;

/** What the graph must have for these changes, in one order whatever order they came in. */
export function splicedOf(changes: Changes): Spliced {
	const sorted = [...changes].sort(([a], [b]) => (a < b ? -1 : 1));
	return Object.fromEntries(
		sorted.map(([hook, stages]) => [hook, stages.map(({ type }) => type)]),
	);
}

/** The numbers of the changes, as the graph's inputs. */
export function feedsOf(changes: Changes): Record<string, OrtTensor> {
	const feeds: Record<string, OrtTensor> = {};
	for (const [hook, stages] of changes)
		for (const [i, { type: _, ...numbers }] of stages.entries())
			for (const [name, { data, dims }] of Object.entries<Tensor>(numbers))
				feeds[`${hook}.${i}.${name}`] = new OrtTensor("float32", data, dims);
	return feeds;
}

/** Writes the changes of a hook behind its value [batch, seq, d]; returns the changed value. */
export function splice(
	g: OnnxGraph,
	hook: HookName,
	value: string,
	types: readonly Stage["type"][] = [],
): string {
	return types.reduce((x, type, i) => {
		const input = (name: string, ...shape: (number | string)[]) =>
			g.input(`${hook}.${i}.${name}`, "float32", shape);
		if (type === "replace") return input("values", "batch", "seq", "width");
		if (type === "affine") {
			const multiply = input("multiply", "?", "?", "?"); // each of the three is full, or 1
			const add = input("add", "?", "?", "?");
			return g.op("Add", [g.op("Mul", [x, multiply]), add]);
		}
		const w = input("w", "width", 1);
		const along = g.op("Mul", [
			g.op("MatMul", [x, w]),
			input("gate", "?", "?", 1) /* each of the two is full, or 1 */,
		]);
		const row = g.op("Transpose", [w], { perm: [1, 0] });
		return g.op("Sub", [x, g.op("Mul", [along, row])]);
	}, value);
}
