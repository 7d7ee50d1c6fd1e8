import type * as Tf from "@tensorflow/tfjs";
import { openBatchTopk } from "../engine/batch-selection";
import type { CpuTrainee } from "../engine/cpu";
import { openSparseTrainee } from "../engine/sparse-trainee";
import type {
	TraineeSettings,
	TraineeShape,
	TraineeState,
} from "../engine/trainee";
import { plainWeights } from "../engine/weights";
import type { SaeWeights } from "../types";
import type { ArchitectureRules } from ".";
import {
	detached,
	meanSquare,
	preActivations,
	revival,
	type TextbookLoss,
} from "./textbook";

const parameters = ["W_enc", "b_enc", "W_dec", "b_dec"] as const;

/**
 * BatchTopK (Bussmann et al. 2024, "BatchTopK sparse autoencoders"): a row may take as many latents as it needs, as long
 * as a batch takes k of them per row on average.
 *
 *   pre  = (x − b_dec) W_enc + b_enc         [rows, d_sae]
 *   f    = the ⌊k · rows⌋ largest of ReLU(pre), over the whole batch, 0 elsewhere (fewer where fewer are above zero)
 *   x̂    = f W_dec + b_dec
 *   loss = mean over rows of ‖x̂ − x‖² + aux                  aux: as in `topk.ts`
 *
 * What a row's latents are depends on the rows beside it, which cannot be so of a trained SAE. So training follows the
 * smallest activation that each batch keeps, and the trained SAE is a JumpReLU with that as threshold of every latent:
 *
 *   θ ← (1 − lr_θ) θ + lr_θ · min of f above zero             from 0, in double precision; lr_θ: topk_threshold_lr
 *   f = pre where pre > θ, 0 elsewhere
 *
 * θ comes near its place only after some 3 / lr_θ steps: a training of fewer leaves it low, and L0 above k.
 * The rows of W_dec have the length 1, as in `topk.ts`. At the start W_enc = W_decᵀ.
 */
const loss: TextbookLoss = (tf, x, w, now) => {
	const pre = preActivations(x, w);
	const f = keptOfBatch(tf, pre, now.settings.k);
	const reconstruction = f.matMul(w.W_dec).add(w.b_dec); // [rows, d_in]
	const mse = meanSquare(reconstruction.sub(x));
	const aux = revival(tf, x, pre, reconstruction, w, now);
	return { total: aux ? mse.add(aux).asScalar() : mse, mse, aux };
};

/** f of these pre-activations; of equal ones at the cut the first are kept. */
export function keptOfBatch(
	tf: typeof Tf,
	pre: Tf.Tensor2D,
	k: number,
): Tf.Tensor2D {
	const f = pre.relu();
	const n = Math.min(Math.floor(k * pre.shape[0]), pre.size);
	const chosen = detached(tf, f, (t) => {
		const { indices } = tf.topk(t.flatten(), n);
		const at = indices.expandDims(1);
		return tf.scatterND(at, tf.ones([n]), [t.size]).reshape(t.shape);
	});
	return f.mul(chosen);
}

/** The fast step of nested SAEs that take k latents a row on average; see `openSparseTrainee`. */
export function openBatch(
	shape: TraineeShape,
	settings: TraineeSettings,
	widths: readonly number[],
): Promise<CpuTrainee> {
	const { batch, d_sae } = shape;
	const n = Math.min(Math.floor(settings.k * batch), batch * d_sae);
	const numbers = { ...batchtopk.numbers };
	return openSparseTrainee({ parameters }, shape, settings, {
		widths,
		capacity: n,
		numbers,
		select: (inputs) =>
			openBatchTopk(inputs, shape, n, (smallest) =>
				follow(numbers, smallest, settings),
			),
	});
}

function follow(
	numbers: Record<string, number>,
	smallest: number,
	{ topk_threshold_lr: lr }: Pick<TraineeSettings, "topk_threshold_lr">,
): void {
	numbers.threshold = (1 - lr) * numbers.threshold + lr * smallest;
}

/** The weights of the JumpReLU that it becomes. */
function weights(state: TraineeState, shape: TraineeShape): SaeWeights {
	const threshold = new Float32Array(shape.d_sae);
	threshold.fill(state.numbers.threshold);
	return { ...plainWeights(state, shape), threshold };
}

export const batchtopk: ArchitectureRules = {
	parameters,
	unit_decoder: true,
	revives: true,
	numbers: { threshold: 0 },
	follow,
	saved_as: "jumprelu",
	latents: (tf, x, w, { settings }) =>
		keptOfBatch(tf, preActivations(x, w), settings.k),
	loss,
	open: (shape, settings) => openBatch(shape, settings, [shape.d_sae]),
	weights,
};
