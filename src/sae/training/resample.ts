import type { Random } from "../../random";
import type { ArchitectureRules } from "../architectures";
import { sizeOf } from "../engine/store";
import type { TraineeShape, TraineeState } from "../engine/trainee";

export interface ResampleSettings {
	decoder_init_norm: number;
	jumprelu_init_threshold: number;
}

/**
 * Makes dead latents anew from rows that are reconstructed badly (Bricken et al. 2023, "Towards monosemanticity",
 * appendix on resampling). In place; gives the latents that were made anew, ascending.
 *
 *   a row for each dead latent    drawn with probability ∝ ‖x̂ − x‖⁴ (the square of its loss), none twice
 *   W_dec of the latent           the direction of x − b_dec; its length is 1 where the decoder is kept at 1, otherwise
 *                                 decoder_init_norm, as at the start
 *   W_enc of the latent           the same direction; its length is 0.2 × the mean over living latents of ‖W_enc‖
 *   biases, r_mag                 0; log_threshold as at the start
 *   their moments                 0
 *
 * Where more latents are dead than there are rows, the others have to wait for the next time; where none is alive or no
 * row has an error, nothing happens. Bricken et al. draw from more rows and take x itself as direction, which is the same
 * where b_dec is small.
 *
 * @param x rows as they are trained on [rows, d_in]
 * @param errors of each row, ‖x̂ − x‖²
 */
export function resampleDead(
	{ tensors }: TraineeState,
	{
		parameters,
		unit_decoder,
	}: Pick<ArchitectureRules, "parameters" | "unit_decoder">,
	shape: Pick<TraineeShape, "d_in" | "d_sae">,
	settings: ResampleSettings,
	dead: Uint32Array,
	x: Float32Array,
	errors: Float32Array,
	source: Random,
): Uint32Array {
	const { d_in } = shape;
	const length = 0.2 * livingNorm(tensors.W_enc, d_in, dead);
	const rows = drawRows(errors, dead.length, source);
	if (!(length > 0)) return new Uint32Array(0);
	const anew = dead.subarray(0, rows.length);
	for (const [i, latent] of anew.entries()) {
		const direction = unitVector(x, rows[i] * d_in, tensors.b_dec);
		const norms = {
			W_dec: unit_decoder ? 1 : settings.decoder_init_norm,
			W_enc: length,
		};
		for (const p of parameters) {
			if (p === "b_dec") continue;
			const width = sizeOf(p, { ...shape, batch: 0 }) / shape.d_sae;
			for (const part of ["m_", "v_"])
				tensors[part + p].fill(0, latent * width, (latent + 1) * width);
			if (p === "W_dec" || p === "W_enc")
				for (let j = 0; j < d_in; j++)
					tensors[p][latent * d_in + j] = norms[p] * direction[j];
			else
				tensors[p][latent] =
					p === "log_threshold"
						? Math.log(settings.jumprelu_init_threshold)
						: 0;
		}
	}
	return anew;
}

/** Mean length of the rows of W_enc whose latents are not dead; 0 where none is. */
function livingNorm(
	W_enc: Float32Array,
	d_in: number,
	dead: Uint32Array,
): number {
	const isDead = new Set(dead);
	let [sum, n] = [0, 0];
	for (let latent = 0; latent * d_in < W_enc.length; latent++) {
		if (isDead.has(latent)) continue;
		let square = 0;
		for (let i = latent * d_in; i < (latent + 1) * d_in; i++)
			square += W_enc[i] * W_enc[i];
		sum += Math.sqrt(square);
		n++;
	}
	return n ? sum / n : 0;
}

/**
 * At most n rows with a loss above zero, each drawn with probability ∝ loss², none twice: the n smallest of −ln(u)/loss²
 * (Efraimidis & Spirakis 2006).
 */
function drawRows(errors: Float32Array, n: number, source: Random): number[] {
	const keys: { row: number; key: number }[] = [];
	for (const [row, error] of errors.entries()) {
		const key = -Math.log(1 - source.uniform()) / error ** 2;
		if (error > 0) keys.push({ row, key });
	}
	return keys
		.sort((a, b) => a.key - b.key || a.row - b.row)
		.slice(0, n)
		.map(({ row }) => row);
}

function unitVector(
	x: Float32Array,
	from: number,
	b_dec: Float32Array,
): Float64Array {
	const direction = new Float64Array(b_dec.length);
	let square = 0;
	for (let i = 0; i < b_dec.length; i++) {
		direction[i] = x[from + i] - b_dec[i];
		square += direction[i] ** 2;
	}
	return direction.map((v) => v / Math.max(Math.sqrt(square), 1e-12));
}
