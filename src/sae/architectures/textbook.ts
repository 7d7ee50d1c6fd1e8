import type * as Tf from "@tensorflow/tfjs";
import type { Parameter } from "../engine/trainee";

/** The weights as TensorFlow.js tensors: W_enc [d_in, d_sae], b_enc [d_sae], W_dec [d_sae, d_in], b_dec [d_in]. */
export interface SaeTensors extends Record<Parameter, Tf.Tensor> {
	W_enc: Tf.Tensor2D;
	b_enc: Tf.Tensor1D;
	W_dec: Tf.Tensor2D;
	b_dec: Tf.Tensor1D;
}

/** A loss and what it is the sum of; every part is a mean over rows. */
export interface LossParts {
	total: Tf.Scalar;
	mse: Tf.Scalar;
	sparsity?: Tf.Scalar;
	aux?: Tf.Scalar;
}

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

/** Mean over rows of the sum over dimensions of t². */
export function meanSquare(t: Tf.Tensor): Tf.Scalar {
	return t.square().sum(1).mean().asScalar();
}
