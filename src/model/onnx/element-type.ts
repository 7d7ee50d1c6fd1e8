import { readBy, type Wiring } from "./wiring";

const FLOAT32 = 1; // onnx.proto, TensorProto.DataType

/** Which input has the type of a node's output, where it is not the first. */
const typedBy: Record<string, number> = {
	DequantizeLinear: 1,
	Where: 1,
	MatMulIntegerToFloat: 2,
	DynamicQuantizeMatMul: 2,
	QAttention: 3,
};

/** The number of the element type of a float value. */
export function elementTypeOf(w: Wiring, value: string): number {
	for (;;) {
		const tensor = w.graph.tensors.get(value);
		if (tensor) return tensor.type;
		const node = w.maker(value);
		if (!node) return FLOAT32; // a value that is fed: ids, or a cache
		const to = node.attributes.find(({ name }) => name === "to")?.whole;
		if (node.type === "Cast" && to) return to;
		// of an operator such as If, what the graphs inside it read
		const inner = node.attributes.some(({ graph }) => graph);
		value = inner
			? String(readBy(node).at(-1))
			: node.inputs[typedBy[node.type] ?? 0];
	}
}
