import type * as Tf from "@tensorflow/tfjs";
import { type GradientGraph, openDense } from "../engine/dense";
import { transpose } from "../engine/store";
import type { ArchitectureRules } from ".";
import {
	detached,
	meanSquare,
	type SaeTensors,
	type TextbookLoss,
} from "./textbook";

const parameters = [
	"W_enc",
	"W_dec",
	"b_dec",
	"b_gate",
	"b_mag",
	"r_mag",
] as const;

/**
 * Gated (Rajamanoharan et al. 2024, "Improving dictionary learning with gated sparse autoencoders"). One half of the
 * encoder says which latents fire, the other how strongly; they share their directions:
 *
 *   π    = (x − b_dec) W_enc + b_gate                           [rows, d_sae]
 *   m    = (x − b_dec) (W_enc · e^r_mag) + b_mag
 *   f    = 1[π > 0] · ReLU(m)
 *   x̂    = f W_dec + b_dec
 *   loss = mean over rows of ‖x̂ − x‖² + λ · mean over rows of Σ ReLU(π) + aux
 *
 * The penalty falls on the gate alone, so it does not shrink f. A step has no slope, so the gate learns from a
 * reconstruction of its own, in which W_dec and b_dec are held fixed (the b_dec taken off the input is not):
 *
 *   aux  = mean over rows of ‖ReLU(π) W_dec + b_dec − x‖²
 *
 * The rows of W_dec have the length 1, as in the paper: the part of the gradient along them is removed before each
 * step, and they are brought back to 1 after it. (SAELens leaves them free, weights the penalty by their lengths, and in
 * version 6.18 holds nothing fixed in aux.) At the start W_enc = W_decᵀ, and every bias and r_mag is 0.
 */
const loss: TextbookLoss = (tf, x, w, { coefficient }) => {
	const { W_dec, b_dec } = w;
	const { pi, f } = encode(tf, x, w);
	const mse = meanSquare(f.matMul(W_dec).add(b_dec).sub(x));
	const sparsity = pi.sum(1).mean().mul(coefficient).asScalar();
	const fixed = (t: Tf.Tensor) => detached(tf, t, (t) => t.clone());
	const guess = pi.matMul(fixed(W_dec)).add(fixed(b_dec));
	const aux = meanSquare(guess.sub(x));
	return { total: mse.add(sparsity).add(aux).asScalar(), mse, sparsity, aux };
};

/** ReLU(π) and the latents. */
function encode(
	tf: typeof Tf,
	x: Tf.Tensor2D,
	{ W_enc, b_dec, b_gate, b_mag, r_mag }: SaeTensors,
): { pi: Tf.Tensor2D; f: Tf.Tensor2D } {
	const centred = x.sub(b_dec);
	const pi = centred.matMul(W_enc).add(b_gate).relu();
	const m = centred.matMul(W_enc.mul(r_mag.exp())).add(b_mag);
	const gate = detached(tf, pi, (t) => t.greater(0).cast("float32"));
	return { pi: pi as Tf.Tensor2D, f: gate.mul(m.relu()) };
}

/** The fast step: loss and gradients, written out by hand in one graph; one product serves π and m. */
export const gradients: GradientGraph = (d) => {
	const { g } = d;
	const shared = d.encode(); // (x − b_dec) W_enc
	const scale = g.op("Exp", ["r_mag"]);
	const pi = g.op("Relu", [g.op("Add", [shared, "b_gate"])]);
	const gate = d.positive(pi);
	const m = g.op("Add", [g.op("Mul", [shared, scale]), "b_mag"]);
	const f = g.op("Mul", [g.op("Relu", [m]), gate]);
	const error = d.error(f);
	d.toDecoder(f, error);
	const on = d.positive(f);
	const g_m = g.op("Mul", [d.toLatents(error), on]);
	d.columnSums(g_m, "g_b_mag");
	const alongShared = d.columnSums(g.op("Mul", [g_m, shared]));
	g.op("Mul", [alongShared, scale], {}, "g_r_mag");

	const ownError = d.error(pi);
	const push = g.op("Expand", [d.perRow, g.int([1])]); // of the penalty
	const g_pi = g.op("Mul", [d.toLatents(ownError, [push]), gate]);
	const throughGate = d.columnSums(g_pi, "g_b_gate");
	const g_shared = g.op("Add", [g.op("Mul", [g_m, scale]), g_pi]);
	const throughBoth = g.op("Add", [
		g.op("Mul", ["g_b_mag", scale]),
		throughGate,
	]);
	d.toEncoder(g_shared, throughBoth, error);

	const sums = d.columnSums(f);
	return {
		mse: d.squares(error),
		sparsity: d.total(pi),
		aux: d.squares(ownError),
		l0: d.total(on),
		l1: d.total(g.op("Mul", [sums, d.norms()])),
		sums,
	};
};

export const gated: ArchitectureRules = {
	parameters,
	sparsity: "l1_coefficient",
	unit_decoder: true,
	revives: false,
	saved_as: "gated",
	latents: (tf, x, w) => encode(tf, x, w).f,
	loss,
	open: (shape, settings) => openDense(gated, gradients, shape, settings),
	weights: ({ tensors }, { d_in, d_sae }) => ({
		W_enc: transpose(tensors.W_enc, d_sae, d_in),
		W_dec: tensors.W_dec.slice(),
		b_dec: tensors.b_dec.slice(),
		b_gate: tensors.b_gate.slice(),
		b_mag: tensors.b_mag.slice(),
		r_mag: tensors.r_mag.slice(),
	}),
};
