import type * as Tf from "@tensorflow/tfjs";
import { type GradientGraph, openDense } from "../engine/dense";
import { plainWeights } from "../engine/weights";
import type { ArchitectureRules } from ".";
import {
	detached,
	meanSquare,
	type SaeTensors,
	type TextbookLoss,
} from "./textbook";

const parameters = [
	"W_enc",
	"b_enc",
	"W_dec",
	"b_dec",
	"log_threshold",
] as const;

/**
 * JumpReLU (Rajamanoharan et al. 2024, "Jumping ahead: improving reconstruction fidelity with JumpReLU sparse
 * autoencoders"). Each latent has a threshold θ = exp(log_threshold), below which it is silent, and what is penalised
 * is the number of latents that fire:
 *
 *   z    = (x − b_dec) W_enc + b_enc            [rows, d_sae]
 *   f    = z · 1[z > θ]
 *   x̂    = f W_dec + b_dec
 *   loss = mean over rows of ‖x̂ − x‖² + λ · mean over rows of Σ 1[z > θ]
 *
 * Neither f nor the count has a slope in θ where it is defined. The straight-through estimator takes the slope of the
 * expected loss instead, estimated with a rectangular kernel of width ε (jumprelu_bandwidth), R = 1[|z − θ| < ε/2]:
 *
 *   ∂f/∂z = 1[z > θ]      ∂f/∂θ = −(θ/ε) R
 *   ∂/∂z 1[z > θ] = 0     ∂/∂θ 1[z > θ] = −(1/ε) R
 *
 * Every inequality is strict. θ starts at jumprelu_init_threshold. The rows of W_dec have the length 1, as in the paper
 * (SAELens leaves them free): the part of the gradient along them is removed before each step, and they are brought back
 * to 1 after it. At the start W_enc = W_decᵀ.
 */
const loss: TextbookLoss = (tf, x, w, { coefficient, settings }) => {
	const { f, fires } = jump(tf, x, w, settings.jumprelu_bandwidth);
	const mse = meanSquare(f.matMul(w.W_dec).add(w.b_dec).sub(x));
	const sparsity = fires.sum(1).mean().mul(coefficient).asScalar();
	return { total: mse.add(sparsity).asScalar(), mse, sparsity };
};

/** The latents and 1[z > θ], with the slopes of the estimator. */
function jump(
	tf: typeof Tf,
	x: Tf.Tensor2D,
	{ W_enc, b_enc, b_dec, log_threshold }: SaeTensors,
	bandwidth: number,
): { f: Tf.Tensor2D; fires: Tf.Tensor2D } {
	const z = x.sub(b_dec).matMul(W_enc).add(b_enc); // [rows, d_sae]
	const threshold = log_threshold.exp();
	const fixed = detached(tf, threshold, (t) => t.clone());
	const above = z.sub(fixed);
	const on = detached(tf, above, (t) => t.greater(0).cast("float32"));
	const kernel = detached(tf, above, (t) =>
		t
			.abs()
			.less(bandwidth / 2)
			.cast("float32")
			.div(bandwidth),
	);
	// Zero, with the slope that the estimator wants: −R/ε.
	const slope = kernel.mul(fixed.sub(threshold));
	const f = z.mul(on).add(slope.mul(fixed)) as Tf.Tensor2D;
	return { f, fires: on.add(slope) as Tf.Tensor2D };
}

/** The fast step: loss and gradients, written out by hand in one graph. */
export const gradients: GradientGraph = (d, _, { jumprelu_bandwidth: ε }) => {
	const { g } = d;
	const z = d.encode(["b_enc"]);
	const threshold = g.op("Exp", ["log_threshold"]);
	const above = g.op("Sub", [z, threshold]);
	const on = d.positive(above);
	const f = g.op("Mul", [z, on]);
	const error = d.error(f);
	d.toDecoder(f, error);
	const g_f = d.toLatents(error);
	const g_z = g.op("Mul", [g_f, on]);
	d.toEncoder(g_z, d.columnSums(g_z, "g_b_enc"), error);

	// ∂loss/∂θ = −(θ Σ R g_f + λ/batch Σ R) / ε, and θ times that is the gradient to log θ
	const near = d.within(above, ε / 2); // R
	const throughLatents = d.columnSums(g.op("Mul", [near, g_f]));
	const throughCount = g.op("Mul", [d.columnSums(near), d.perRow]);
	const sum = g.op("Add", [
		g.op("Mul", [throughLatents, threshold]),
		throughCount,
	]);
	const factor = g.op("Mul", [threshold, g.float(-1 / ε)]);
	g.op("Mul", [sum, factor], {}, "g_log_threshold");

	const sums = d.columnSums(f);
	const l0 = d.total(on);
	const l1 = d.total(g.op("Mul", [sums, d.norms()]));
	return { mse: d.squares(error), sparsity: l0, l0, l1, sums };
};

export const jumprelu: ArchitectureRules = {
	parameters,
	sparsity: "l0_coefficient",
	unit_decoder: true,
	revives: false,
	saved_as: "jumprelu",
	latents: (tf, x, w, { settings }) =>
		jump(tf, x, w, settings.jumprelu_bandwidth).f,
	loss,
	open: (shape, settings) => openDense(jumprelu, gradients, shape, settings),
	weights: (state, shape) => ({
		...plainWeights(state, shape),
		threshold: state.tensors.log_threshold.map(Math.exp),
	}),
};
