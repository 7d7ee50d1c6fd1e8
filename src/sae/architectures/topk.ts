import type * as Tf from "@tensorflow/tfjs";
import { type CpuTrainee, cpuTrainee } from "../engine/cpu";
import {
	allocateTopk,
	halfWidth,
	openEncoder,
	openReviver,
	type TopkStore,
} from "../engine/topk-sessions";
import type {
	StepLoss,
	TraineeSettings,
	TraineeShape,
} from "../engine/trainee";
import { plainWeights } from "../engine/weights";
import type { ArchitectureRules } from ".";
import {
	detached,
	largest,
	meanSquare,
	type SaeTensors,
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
	const { settings, dead } = now;
	const { W_dec, b_dec } = w;
	const pre = preActivations(x, w);
	const f = kept(tf, pre, settings.k);
	const reconstruction = f.matMul(W_dec).add(b_dec); // [rows, d_in]
	const mse = meanSquare(reconstruction.sub(x));

	const n = dead.sum().dataSync()[0];
	const half = halfWidth(x.shape[1]);
	const weight = settings.aux_loss_coefficient * Math.min(n / half, 1);
	if (weight === 0) return { total: mse, mse };
	const e = detached(tf, x.sub(reconstruction), (t) => t.clone());
	const chosen = detached(tf, pre, (t) => {
		const onlyDead = t.add(tf.sub(dead, 1).mul(1e30));
		return largest(tf, onlyDead, Math.min(half, n));
	});
	const guess = pre.mul(chosen).matMul(W_dec);
	const aux = meanSquare(guess.sub(e)).mul(weight).asScalar();
	return { total: mse.add(aux).asScalar(), mse, aux };
};

function preActivations(
	x: Tf.Tensor2D,
	{ W_enc, b_enc, b_dec }: SaeTensors,
): Tf.Tensor2D {
	return x.sub(b_dec).matMul(W_enc).add(b_enc); // [rows, d_sae]
}

function kept(tf: typeof Tf, pre: Tf.Tensor2D, k: number): Tf.Tensor2D {
	return pre.mul(detached(tf, pre, (t) => largest(tf, t, k))).relu();
}

/** The fast step: ONNX Runtime encodes and selects, the kernels do everything that is sparse. */
async function open(
	shape: TraineeShape,
	settings: TraineeSettings,
): Promise<CpuTrainee> {
	const { d_in, d_sae, batch } = shape;
	const { k, aux_loss_coefficient } = settings;
	const store = allocateTopk(shape, k);
	const { array, at, kernels } = store;
	const encoder = await openEncoder(store, shape, k);
	const reviver = await openReviver(store, shape);
	const fired = new Uint8Array(d_sae);

	async function auxiliary(dead: Uint32Array): Promise<number> {
		const half = halfWidth(d_in);
		const weight = aux_loss_coefficient * Math.min(dead.length / half, 1);
		if (weight === 0) return 0;
		const n = Math.min(half, dead.length);
		await reviver.run(dead, n);
		kernels.scale(at.error, -1, batch * d_in); // e = x − x̂
		return weight * backward(store, shape, "aux_", n, at.error, weight);
	}

	return cpuTrainee({
		store,
		parameters,
		shape,
		settings,
		unit_decoder: true,
		fired,
		async gradients({ dead }): Promise<StepLoss> {
			await encoder.run();
			for (const p of parameters) array[`g_${p}`].fill(0);
			// x̂ − x = f W_dec − (x − b_dec)
			const mse = backward(store, shape, "", k, at.centred, 1);
			kernels.columnSums(at.g_b_dec, at.error, 2 / batch, batch, d_in);
			const aux = await auxiliary(dead);
			addThroughInput(store, shape);
			const firing = countFiring(encoder.indices, store, fired, batch);
			return { mse, sparsity: 0, aux, ...firing };
		},
		async release() {
			await encoder.release();
			await reviver.release();
		},
	});
}

/**
 * Decodes the n chosen latents of each row against `target` and adds the gradients of weight · mean ‖error‖².
 * Leaves the error in `error`, and returns mean ‖error‖².
 */
function backward(
	{ at, kernels }: TopkStore,
	{ d_in, batch }: TraineeShape,
	chosen: "" | "aux_",
	n: number,
	target: number,
	weight: number,
): number {
	const total = kernels.sparseBackward(
		batch,
		n,
		d_in,
		weight / batch,
		at[`${chosen}indices`],
		at[`${chosen}values`],
		target,
		at.centred,
		at.W_dec,
		at.g_W_dec,
		at.g_W_enc,
		at.g_b_enc,
		at.error,
		at.row,
	);
	return total / batch;
}

/** b_dec is also taken off the input of every latent: its gradient gets −W_enc g_b_enc. */
function addThroughInput(
	{ array, at, kernels }: TopkStore,
	{ d_in, d_sae }: TraineeShape,
): void {
	for (let i = 0; i < d_sae; i++) {
		const g = array.g_b_enc[i];
		if (g !== 0) kernels.axpy(at.g_b_dec, at.W_enc + 4 * i * d_in, -g, d_in);
	}
}

/** Marks what fired; L0 and L1 are means over rows, and ‖W_dec‖ is 1. */
function countFiring(
	indices: Int32Array,
	{ array: { values } }: TopkStore,
	fired: Uint8Array,
	batch: number,
): { l0: number; l1: number } {
	fired.fill(0);
	let [l0, l1] = [0, 0];
	for (let j = 0; j < indices.length; j++) {
		if (!(values[j] > 0)) continue;
		fired[indices[j]] = 1;
		l0++;
		l1 += values[j];
	}
	return { l0: l0 / batch, l1: l1 / batch };
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
