import type * as Tf from "@tensorflow/tfjs";
import type { CpuTrainee } from "../engine/cpu";
import { openSparseTrainee } from "../engine/sparse-trainee";
import { openTopk } from "../engine/topk-selection";
import type { TraineeSettings, TraineeShape } from "../engine/trainee";
import { plainWeights } from "../engine/weights";
import type { ArchitectureRules } from ".";
import {
	detached,
	largest,
	meanSquare,
	preActivations,
	revival,
	type TextbookLoss,
} from "./textbook";

const parameters = ["W_enc", "b_enc", "W_dec", "b_dec"] as const;

/**
 * TopK (Gao et al. 2024, "Scaling and evaluating sparse autoencoders"):
 *
 *   pre  = (x − b_dec) W_enc + b_enc         [rows, d_sae]
 *   f    = ReLU of the k largest pre, 0 elsewhere (so fewer than k may fire)
 *   x̂    = f W_dec + b_dec
 *   loss = mean over rows of ‖x̂ − x‖² + aux
 *
 * The auxiliary loss revives dead latents. While n of them are dead, the k_aux = min(⌊d_in/2⌋, n) largest pre
 * of the dead ones explain what is left, e = x − x̂, held fixed. There is no ReLU here (as in SAELens: a latent whose
 * pre is below zero everywhere could not come back otherwise) and no b_dec (as in the paper):
 *
 *   ê    = (those pre, 0 elsewhere) W_dec
 *   aux  = coefficient · min(n / ⌊d_in/2⌋, 1) · mean over rows of ‖ê − e‖²
 *
 * The rows of W_dec have the length 1: the part of the gradient along them is removed before each step,
 * and they are brought back to 1 after it. At the start W_enc = W_decᵀ.
 */
const loss: TextbookLoss = (tf, x, w, now) => {
	const pre = preActivations(x, w);
	const f = kept(tf, pre, now.settings.k);
	const reconstruction = f.matMul(w.W_dec).add(w.b_dec); // [rows, d_in]
	const mse = meanSquare(reconstruction.sub(x));
	const aux = revival(tf, x, pre, reconstruction, w, now);
	return { total: aux ? mse.add(aux).asScalar() : mse, mse, aux };
};

function kept(tf: typeof Tf, pre: Tf.Tensor2D, k: number): Tf.Tensor2D {
	return pre.mul(detached(tf, pre, (t) => largest(tf, t, k))).relu();
}

/** The fast step: see `openSparseTrainee`. */
function open(
	shape: TraineeShape,
	settings: TraineeSettings,
): Promise<CpuTrainee> {
	const { k } = settings;
	return openSparseTrainee({ parameters }, shape, settings, {
		capacity: shape.batch * k,
		select: (inputs) => openTopk(inputs, shape, k),
	});
}

export const topk: ArchitectureRules = {
	parameters,
	unit_decoder: true,
	revives: true,
	saved_as: "topk",
	latents: (tf, x, w, { settings }) =>
		kept(tf, preActivations(x, w), settings.k),
	loss,
	open,
	weights: plainWeights,
};
