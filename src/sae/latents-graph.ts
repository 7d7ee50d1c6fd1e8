import type { OnnxGraph } from "../formats/onnx";
import type { InferenceArchitecture, SaeWeights } from "./types";

/** What the latents of a graph are made from. */
export interface LatentParts {
	/** (x − b_dec) W_enc, and a bias where one is given.  → [rows, d_sae] */
	product(...bias: string[]): string;
	/** One of the weights.  [d_sae] */
	parameter(
		name: keyof Pick<
			SaeWeights,
			"b_enc" | "threshold" | "b_gate" | "b_mag" | "r_mag"
		>,
	): string;
}

/**
 * The latents of a trained SAE, dense; those of topk are chosen by whoever asks.
 *
 * standard   f = ReLU(z)                             z = (x − b_dec) W_enc + b_enc
 * jumprelu   f = z where z > threshold and z > 0
 * gated      f = ReLU(p e^r_mag + b_mag) where p + b_gate > 0, p = (x − b_dec) W_enc
 */
export function denseLatents(
	g: OnnxGraph,
	architecture: Exclude<InferenceArchitecture, "topk">,
	{ product, parameter }: LatentParts,
	output?: string,
): string {
	const where = (above: string, limit: string, f: string) =>
		g.op("Where", [g.op("Greater", [above, limit]), f, g.float(0)], {}, output);
	if (architecture === "gated") {
		const p = product();
		const scaled = g.op("Mul", [p, g.op("Exp", [parameter("r_mag")])]);
		const magnitude = g.op("Add", [scaled, parameter("b_mag")]);
		const gate = g.op("Add", [p, parameter("b_gate")]);
		return where(gate, g.float(0), g.op("Relu", [magnitude]));
	}
	const z = product(parameter("b_enc"));
	return architecture === "standard"
		? g.op("Relu", [z], {}, output)
		: where(z, parameter("threshold"), g.op("Relu", [z]));
}
