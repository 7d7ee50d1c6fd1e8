import { Tensor as OrtTensor } from "onnxruntime-node";
import type { OnnxValue } from "../../formats/onnx-file";
import { shown } from "../../formats/onnx-tensor";
import type { TokenBatch } from "../types";

type Element = "float32" | "int32" | "int64" | "bool";

/**
 * By number (onnx.proto, TensorProto.DataType), how the numbers are given. Floats of other sizes are given as float32 and
 * cast in the graph: newer versions of Node.js have a Float16Array, of which ONNX Runtime reads no numbers.
 */
const elements: Record<number, Element> = {
	1: "float32",
	6: "int32",
	7: "int64",
	9: "bool",
	10: "float32", // float16
	11: "float32", // float64
	16: "float32", // bfloat16
};
const FLOAT32 = 1;

/** The name under which an input is fed: its own, or another where it is fed as float32 and is not. */
export function fedAs({ name, type }: OnnxValue): string {
	return elements[type] === "float32" && type !== FLOAT32
		? `${name}:given`
		: name;
}

/** What an input holds for a batch. */
type Fill = (tokens: TokenBatch, input: OnnxValue) => [number[], number[]];

/** By name, as Optimum names the inputs of decoders: the numbers, and their shape. */
const fills: [RegExp, Fill][] = [
	[/^input_ids$/, (t) => [Array.from(t.ids), [t.batch, t.seq]]],
	[/^attention_mask$/, (t) => perToken(t, (at, length) => Number(at < length))],
	// as Hugging Face counts: from 0, and 1 at padding
	[
		/^position_ids$/,
		(t) => perToken(t, (at, length) => (at < length ? at : 1)),
	],
	[/^token_type_ids$/, (t) => perToken(t, () => 0)],
	[/^cache_position$/, (t) => [[...Array(t.seq).keys()], [t.seq]]],
	[/^use_cache(_branch)?$/, (_, input) => [[0], input.shape.map(() => 1)]],
	[/^num_logits_to_keep$/, (_, input) => [[0], input.shape.map(() => 1)]], // all
	[/^past/, (t, input) => [[], emptyPast(t, input)]],
];

/**
 * Checks that every input of a decoder can be filled.
 * Throws where one is unknown, of an unknown type, or fixed to one size.
 */
export function checkInputs(file: string, inputs: readonly OnnxValue[]): void {
	for (const input of inputs) {
		const { name, type, shape } = input;
		const known = fills.some(([pattern]) => pattern.test(name));
		if (!known || !elements[type])
			throw new Error(
				`The file ${file} needs an input ${shown(name)}${known ? ` of element type ${type}` : ""}, which cannot be given; decoders with input_ids, attention_mask, position_ids, token_type_ids and past_key_values can be loaded.`,
			);
		const fixed = shape.find((n) => typeof n === "number");
		if (name === "input_ids" && (shape.length !== 2 || fixed !== undefined))
			throw new Error(
				`The file ${file} takes input_ids of shape ${shown(shape)} only; export it with free batch and sequence sizes.`,
			);
		if (/^past/.test(name)) emptyPast({ batch: 1 }, input);
	}
}

/** The inputs for a batch. */
export function feedsFor(
	inputs: readonly OnnxValue[],
	tokens: TokenBatch,
): Record<string, OrtTensor> {
	return Object.fromEntries(
		inputs.map((input) => {
			const [, fill] =
				fills.find(([pattern]) => pattern.test(input.name)) ?? [];
			const [numbers, dims] = fill?.(tokens, input) ?? [[], []];
			return [fedAs(input), tensorOf(elements[input.type], numbers, dims)];
		}),
	);
}

function perToken(
	{ batch, seq, lengths }: TokenBatch,
	value: (at: number, length: number) => number,
): [number[], number[]] {
	const numbers: number[] = [];
	for (const length of lengths)
		for (let at = 0; at < seq; at++) numbers.push(value(at, length));
	return [numbers, [batch, seq]];
}

/** The shape of a cache that holds nothing yet: its first free dimension is the batch, another the tokens before. */
function emptyPast({ batch }: { batch: number }, { name, shape }: OnnxValue) {
	const free = shape.filter((n) => typeof n === "string");
	if (free.length !== 2 || free.some((n) => /[*+]/.test(String(n))))
		throw new Error(
			`The cache ${shown(name)} has shape ${shown(shape)}, where one like [batch, heads, past, d_head] with two free dimensions can be used.`,
		);
	const batchAt = shape.indexOf(free[0]);
	return shape.map((n, i) =>
		typeof n === "number" ? n : i === batchAt ? batch : 0,
	);
}

function tensorOf(type: Element, numbers: number[], dims: number[]): OrtTensor {
	if (type === "int64")
		return new OrtTensor("int64", BigInt64Array.from(numbers, BigInt), dims);
	if (type === "int32")
		return new OrtTensor("int32", Int32Array.from(numbers), dims);
	if (type === "bool")
		return new OrtTensor("bool", Uint8Array.from(numbers), dims);
	return new OrtTensor("float32", Float32Array.from(numbers), dims);
}
