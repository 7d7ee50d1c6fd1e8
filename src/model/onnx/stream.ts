import type { OnnxNode } from "../../formats/onnx-file";
import { type Way, type Wiring, wayBetween } from "./wiring";

/** What is added to the stream: the value, and the way to it from the stream. */
export interface Branch {
	value: string;
	way: Way;
	attends: boolean;
}

/** A sum x + f(x) + …, where f multiplies by weights. */
export interface Join {
	/** x, as a root. */
	from: string;
	branches: Branch[];
	/** The sum. */
	to: string;
}

/**
 * The residual stream: the longest chain of sums of which each adds to the one before it what was computed from that.
 * Undefined where there is none, or where such sums stand behind it that do not belong to it, as in a model that
 * normalises the stream itself.
 */
export function findStream(w: Wiring): Join[] | undefined {
	const joins = w.graph.nodes
		.filter((node) => isSum(w, node) && !isPart(w, node))
		.map((node) => joinOf(w, node))
		.filter((join) => join !== undefined);
	const next = new Map<string, Join>();
	for (const join of joins) if (!next.has(join.from)) next.set(join.from, join);
	const ends = new Set(joins.map(({ to }) => w.root(to)));
	let longest: Join[] = [];
	for (const join of joins) {
		if (ends.has(join.from)) continue; // not the first of its chain
		const chain: Join[] = [];
		for (let at: Join | undefined = join; at; at = next.get(w.root(at.to)))
			chain.push(at);
		if (chain.length > longest.length) longest = chain;
	}
	return longest.length > 0 && longest.at(-1) === joins.at(-1)
		? longest
		: undefined;
}

/** Whether a node adds two values neither of which is constant. */
function isSum(w: Wiring, { type, inputs }: OnnxNode): boolean {
	return type === "Add" && !inputs.some((value) => w.isConstant(value));
}

/** Whether a sum is read by one other sum only, and so is a part of that. */
function isPart(w: Wiring, node: OnnxNode): boolean {
	const reader = onlyReader(w, node.outputs[0]);
	return reader !== undefined && isSum(w, reader);
}

/** The one node that reads a value's numbers, in this form or another. */
function onlyReader(w: Wiring, value: string): OnnxNode | undefined {
	const readers = w.readers(value).filter(({ type }) => type !== "Shape");
	if (readers.length !== 1) return undefined;
	const [reader] = readers;
	const [output] = reader.outputs;
	const same = w.root(output) === w.root(value);
	return same ? onlyReader(w, output) : reader;
}

/** The values that a sum adds, as roots, with sums that are a part of it resolved. */
function terms(w: Wiring, sum: OnnxNode): string[] {
	return sum.inputs.flatMap((input) => {
		const value = w.root(input);
		const maker = w.maker(value);
		return maker && isSum(w, maker) && isPart(w, maker)
			? terms(w, maker)
			: [value];
	});
}

function joinOf(w: Wiring, sum: OnnxNode): Join | undefined {
	const [from, ...others] = terms(w, sum).sort(
		(a, b) => w.order(a) - w.order(b),
	);
	const branches: Branch[] = [];
	for (const value of others) {
		const way = wayBetween(w, from, value);
		if (way.first.length === 0) return undefined;
		const attends = way.nodes.some((node) => isAttention(w, node));
		branches.push({ value, way, attends });
	}
	return { from, branches, to: sum.outputs[0] };
}

const fusedAttention = new Set([
	"Attention",
	"QAttention",
	"MultiHeadAttention",
	"GroupQueryAttention",
	"DecoderMaskedMultiHeadAttention",
	"PackedAttention",
	"SparseAttention",
]);

/** Whether a node is attention: one of ONNX Runtime's fused operators, or a softmax that weighs values. */
export function isAttention(w: Wiring, node: OnnxNode): boolean {
	return fusedAttention.has(node.type) || isPattern(w, node);
}

/** What may stand between a softmax and the product with the values. */
const between = new Set([
	...["Identity", "Cast", "Dropout", "Reshape", "Transpose", "Where", "Mul"],
	...["DynamicQuantizeLinear", "QuantizeLinear", "DequantizeLinear"],
]);

/** Whether a node is a softmax whose output is multiplied by a matrix that is not constant. */
export function isPattern(w: Wiring, node: OnnxNode): boolean {
	if (node.type !== "Softmax" && node.type !== "BiasSoftmax") return false;
	const seen = new Set<OnnxNode>();
	const open = [...w.readers(node.outputs[0])];
	for (let reader = open.pop(); reader; reader = open.pop()) {
		if (seen.has(reader)) continue;
		seen.add(reader);
		if (reader.type.includes("MatMul") && !w.isWeighted(reader)) return true;
		if (between.has(reader.type)) open.push(...w.readers(reader.outputs[0]));
	}
	return false;
}
