import type { SaeWeights } from "../types";
import { transpose } from "./store";
import type { TraineeShape, TraineeState } from "./trainee";

/** Copies of W_enc, W_dec, b_dec and b_enc, in the layout of SAELens: W_enc is [d_in, d_sae] there. */
export function plainWeights(
	{ tensors }: TraineeState,
	{ d_in, d_sae }: TraineeShape,
): SaeWeights & { b_enc: Float32Array } {
	return {
		W_enc: transpose(tensors.W_enc, d_sae, d_in),
		b_enc: tensors.b_enc.slice(),
		W_dec: tensors.W_dec.slice(),
		b_dec: tensors.b_dec.slice(),
	};
}
