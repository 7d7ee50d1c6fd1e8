import type * as Tf from "@tensorflow/tfjs";
import type { ArchitectureRules } from ".";
import { batchtopk, keptOfBatch, openBatch } from "./batchtopk";
import {
	meanSquare,
	preActivations,
	revival,
	type TextbookLoss,
} from "./textbook";

/**
 * Matryoshka (Bussmann et al. 2025, "Learning multi-level features with matryoshka sparse autoencoders"): SAEs of growing
 * width, one inside the other, so that the first latents must stay general where a wide SAE alone would split them up.
 *
 *   f    = as in `batchtopk.ts`, once for all widths
 *   x̂_w  = (the first w of f) W_dec + b_dec           for each width w_1 < w_2 < … = d_sae
 *   loss = Σ over widths of mean over rows of ‖x̂_w − x‖² + aux
 *
 * `mse` is that of the whole SAE; what the inner widths add to the loss is counted as auxiliary. The loss that revives dead
 * latents is of the whole SAE, its e = x − x̂_d_sae. Selection, running threshold, lengths and start as in `batchtopk.ts`.
 */
const loss: TextbookLoss = (tf, x, w, now) => {
	const { k, matryoshka_widths } = now.settings;
	const pre = preActivations(x, w);
	const f = keptOfBatch(tf, pre, k);
	let reconstruction: Tf.Tensor = tf.zerosLike(x).add(w.b_dec);
	const errors: Tf.Scalar[] = [];
	let from = 0;
	for (const to of matryoshka_widths) {
		const own = f.slice([0, from], [-1, to - from]);
		const rows = w.W_dec.slice([from, 0], [to - from, -1]);
		reconstruction = reconstruction.add(own.matMul(rows));
		errors.push(meanSquare(reconstruction.sub(x)));
		from = to;
	}
	const mse = errors.pop() as Tf.Scalar;
	const revived = revival(tf, x, pre, reconstruction, w, now);
	const aux = tf.addN([tf.scalar(0), ...errors, ...(revived ? [revived] : [])]);
	return { total: mse.add(aux).asScalar(), mse, aux: aux.asScalar() };
};

export const matryoshka: ArchitectureRules = {
	...batchtopk,
	loss,
	open: (shape, settings) =>
		openBatch(shape, settings, settings.matryoshka_widths),
};
