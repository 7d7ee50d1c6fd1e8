import { join } from "node:path";
import { writeFileAtomic } from "../../files";
import { writeSafetensors } from "../../formats/safetensors";
import type { SaeConfig, SaeWeights } from "../types";

export const CONFIG = "cfg.json";
export const WEIGHTS = "sae_weights.safetensors";
/** The release of SAELens whose layout is written: it reads older ones in another way. */
const SAE_LENS_VERSION = "6.18.0";

/** The tensors of an SAE, each with its shape. */
export function shapes({
	architecture,
	d_in,
	d_sae,
}: SaeConfig): Partial<Record<keyof SaeWeights, number[]>> {
	return {
		W_enc: [d_in, d_sae],
		W_dec: [d_sae, d_in],
		b_dec: [d_in],
		...(architecture === "gated"
			? { b_gate: [d_sae], b_mag: [d_sae], r_mag: [d_sae] }
			: { b_enc: [d_sae] }),
		...(architecture === "jumprelu" && { threshold: [d_sae] }),
	};
}

/** Writes an SAE as SAELens 6 does. The config goes last: a folder with one is whole. */
export function saveSae(
	folder: string,
	cfg: SaeConfig,
	weights: SaeWeights,
): void {
	const tensors = Object.entries(shapes(cfg)).map(([name, shape]) => [
		name,
		{ shape, data: weights[name as keyof SaeWeights] as Float32Array },
	]);
	writeSafetensors(join(folder, WEIGHTS), Object.fromEntries(tensors));
	const { model_name, hook_name, prepend_bos, context_size, ...others } = cfg;
	const { seed, training_tokens, ...own } = others;
	const content = {
		...own,
		...(cfg.architecture === "topk"
			? { rescale_acts_by_decoder_norm: false }
			: {}),
		device: "cpu",
		reshape_activations: "none",
		metadata: {
			sae_lens_version: SAE_LENS_VERSION,
			model_name,
			hook_name,
			context_size,
			prepend_bos,
			exclude_special_tokens: true,
			seed,
			training_tokens,
		},
	};
	writeFileAtomic(
		join(folder, CONFIG),
		`${JSON.stringify(content, undefined, 2)}\n`,
	);
}
