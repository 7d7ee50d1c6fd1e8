import type { OnnxGraph } from "../formats/onnx";

/** The smallest normal float32. */
const SMALLEST = 2 ** -126;

/**
 * The values with 0 for those closer to 0 than 2⁻¹²⁶, the smallest normal float32. Products with such denormal numbers
 * take a processor many times as long, and a softmax over scores that lie far apart is full of them. Nothing else is
 * changed; NaN stays. (ONNX Runtime's own option for this changes the arithmetic of the whole thread, JavaScript's too.)
 * `size`: how large the values are, where that is at hand.
 */
export function withoutDenormals(
	g: OnnxGraph,
	x: string,
	size = g.op("Abs", [x]),
): string {
	const tiny = g.op("Less", [size, g.float(SMALLEST)]);
	return g.op("Where", [tiny, g.float(0), x]);
}
