import type * as Tf from "@tensorflow/tfjs";
import type { Parameter, TraineeSettings } from "../engine/trainee";
import { halfWidth } from "../engine/trainee";

/**
 * The weights as TensorFlow.js tensors; an architecture has those of its parameters alone.
 * W_enc is [d_in, d_sae] here, as the equations have it.
 */
export interface SaeTensors extends Record<Parameter, Tf.Tensor> {
	W_enc: Tf.Tensor2D; // [d_in, d_sae]
	W_dec: Tf.Tensor2D; // [d_sae, d_in]
	b_dec: Tf.Tensor1D; // [d_in]
	/** The others are [d_sae]. */
	b_enc: Tf.Tensor1D;
	log_threshold: Tf.Tensor1D;
	b_gate: Tf.Tensor1D;
	b_mag: Tf.Tensor1D;
	r_mag: Tf.Tensor1D;
}

/** What a loss depends on besides rows and weights. */
export interface TextbookStep {
	/** Weight λ of the sparsity term at this step. */
	coefficient: number;
	/** 1 at dead latents. */
	dead: Tf.Tensor1D; // [d_sae]
	settings: TraineeSettings;
}

/** A loss and what it is the sum of; every part is a mean over rows. */
export interface LossParts {
	total: Tf.Scalar;
	mse: Tf.Scalar;
	sparsity?: Tf.Scalar;
	aux?: Tf.Scalar;
}

/** A loss for TensorFlow.js to differentiate.  x: [rows, d_in] */
export type TextbookLoss = (
	tf: typeof Tf,
	x: Tf.Tensor2D,
	w: SaeTensors,
	now: TextbookStep,
) => LossParts;

/** The latents f of rows, as training computes them.  x: [rows, d_in] → [rows, d_sae] */
export type TextbookLatents = (
	tf: typeof Tf,
	x: Tf.Tensor2D,
	w: SaeTensors,
	now: TextbookStep,
) => Tf.Tensor2D;

/** `compute(t)`, held fixed: no gradient flows back through it. */
export function detached(
	tf: typeof Tf,
	t: Tf.Tensor,
	compute: (t: Tf.Tensor) => Tf.Tensor,
): Tf.Tensor {
	return tf.customGrad((input) => ({
		value: compute(input as Tf.Tensor),
		gradFunc: () => tf.zerosLike(input as Tf.Tensor),
	}))(t);
}

/** 1 at the k largest values of each row, 0 elsewhere.  t: [rows, columns] */
export function largest(tf: typeof Tf, t: Tf.Tensor, k: number): Tf.Tensor {
	const smallestKept = tf.topk(t, k).values.slice([0, k - 1], [-1, 1]);
	return t.greaterEqual(smallestKept).cast("float32");
}

/** (x − b_dec) W_enc + b_enc.  x: [rows, d_in] → [rows, d_sae] */
export function preActivations(
	x: Tf.Tensor2D,
	{ W_enc, b_enc, b_dec }: SaeTensors,
): Tf.Tensor2D {
	return x.sub(b_dec).matMul(W_enc).add(b_enc);
}

/** Mean over rows of the sum over dimensions of t². */
export function meanSquare(t: Tf.Tensor): Tf.Scalar {
	return t.square().sum(1).mean().asScalar();
}

/**
 * The auxiliary loss that revives dead latents, as `topk.ts` writes it out; undefined where none is dead.
 * pre: [rows, d_sae]; reconstruction: x̂
 */
export function revival(
	tf: typeof Tf,
	x: Tf.Tensor2D,
	pre: Tf.Tensor2D,
	reconstruction: Tf.Tensor,
	{ W_dec }: SaeTensors,
	{ dead, settings }: TextbookStep,
): Tf.Scalar | undefined {
	const n = dead.sum().dataSync()[0];
	const half = halfWidth(x.shape[1]);
	const weight = settings.aux_loss_coefficient * Math.min(n / half, 1);
	if (weight === 0) return undefined;
	const e = detached(tf, x.sub(reconstruction), (t) => t.clone());
	const chosen = detached(tf, pre, (t) => {
		const onlyDead = t.add(tf.sub(dead, 1).mul(1e30));
		return largest(tf, onlyDead, Math.min(half, n));
	});
	const guess = pre.mul(chosen).matMul(W_dec);
	return meanSquare(guess.sub(e)).mul(weight).asScalar();
}
