import type * as Tf from "@tensorflow/tfjs";
import { type GradientGraph, openDense } from "../engine/dense";
import { plainWeights } from "../engine/weights";
import type { ArchitectureRules } from ".";
import { meanSquare, type SaeTensors, type TextbookLoss } from "./textbook";

const parameters = ["W_enc", "b_enc", "W_dec", "b_dec"] as const;

/**
 * Standard (Bricken et al. 2023, "Towards monosemanticity", with the penalty of the Anthropic update of April 2024,
 * which weights each latent by the length of its decoder row, so that shrinking f and growing W_dec gains nothing):
 *
 *   f    = ReLU((x − b_dec) W_enc + b_enc)      [rows, d_sae]
 *   x̂    = f W_dec + b_dec
 *   loss = mean over rows of ‖x̂ − x‖² + λ · mean over rows of Σ f·‖W_dec‖
 *
 * At the start the decoder's rows have the length 0.1 and W_enc = W_decᵀ; after that nothing is constrained.
 */
const loss: TextbookLoss = (tf, x, w, { coefficient }) => {
	const f = latents(x, w);
	const mse = meanSquare(f.matMul(w.W_dec).add(w.b_dec).sub(x));
	const norms = tf.norm(w.W_dec, "euclidean", 1); // [d_sae]
	const sparsity = f.mul(norms).sum(1).mean().mul(coefficient).asScalar();
	return { total: mse.add(sparsity).asScalar(), mse, sparsity };
};

function latents(x: Tf.Tensor2D, w: SaeTensors): Tf.Tensor2D {
	return x.sub(w.b_dec).matMul(w.W_enc).add(w.b_enc).relu();
}

/** The fast step: loss and gradients, written out by hand in one graph. */
export const gradients: GradientGraph = (d) => {
	const { g } = d;
	const f = g.op("Relu", [d.encode(["b_enc"])]);
	const norms = d.norms();
	const error = d.error(f);
	const sums = d.columnSums(f); // [d_sae]

	const pull = g.op("Mul", [g.op("Div", [sums, norms]), d.perRow]);
	d.toDecoder(f, error, [d.alongDecoder(pull)]);
	const push = g.op("Mul", [norms, d.perRow]); // of the penalty on f
	const on = d.positive(f);
	const g_pre = g.op("Mul", [d.toLatents(error, [push]), on]);
	d.toEncoder(g_pre, d.columnSums(g_pre, "g_b_enc"), error);

	const l1 = d.total(g.op("Mul", [sums, norms]));
	const mse = d.squares(error);
	return { mse, sparsity: l1, l1, l0: d.total(on), sums };
};

export const standard: ArchitectureRules = {
	parameters,
	sparsity: "l1_coefficient",
	unit_decoder: false,
	revives: false,
	saved_as: "standard",
	latents: (_, x, w) => latents(x, w),
	loss,
	open: (shape, settings) => openDense(standard, gradients, shape, settings),
	weights: (state, shape) => plainWeights(state, shape),
};
