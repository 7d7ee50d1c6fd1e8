import type { Random } from "../../random";
import type { ArchitectureRules } from "../architectures";
import { sizeOf } from "./store";
import type { TraineeSettings, TraineeShape, TraineeState } from "./trainee";

/**
 * The state that training starts from: random directions of one length as decoder, W_enc = W_decᵀ, the b_dec given, the
 * thresholds of jumprelu at theirs, everything else 0.
 */
export function startingState(
	{ parameters }: Pick<ArchitectureRules, "parameters">,
	shape: TraineeShape,
	settings: Pick<
		TraineeSettings,
		"decoder_init_norm" | "jumprelu_init_threshold"
	>,
	b_dec: Float32Array,
	source: Random,
): TraineeState {
	const { d_in, d_sae } = shape;
	const tensors: Record<string, Float32Array> = {};
	for (const p of parameters)
		for (const part of ["", "m_", "v_"])
			tensors[part + p] = new Float32Array(sizeOf(p, shape));
	tensors.W_dec = randomRows(d_sae, d_in, settings.decoder_init_norm, source);
	tensors.W_enc = tensors.W_dec.slice();
	tensors.b_dec = b_dec;
	tensors.log_threshold?.fill(Math.log(settings.jumprelu_init_threshold));
	return { tensors, numbers: {} };
}

/** Random directions of one length. */
export function randomRows(
	rows: number,
	width: number,
	norm: number,
	source: Random,
): Float32Array {
	const w = new Float32Array(rows * width);
	for (let r = 0; r < rows; r++) {
		const row = w.subarray(r * width, (r + 1) * width);
		let square = 0;
		for (let i = 0; i < width; i++) {
			row[i] = source.normal();
			square += row[i] * row[i];
		}
		const factor = norm / Math.sqrt(square);
		for (let i = 0; i < width; i++) row[i] *= factor;
	}
	return w;
}
