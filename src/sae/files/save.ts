import { randomUUID } from "node:crypto";
import { existsSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { withoutPath, writeError, writeFileAtomic } from "../../files";
import { writeSafetensors } from "../../formats/safetensors";
import { knownHook } from "../../model";
import type { Latents, Sae, SaeConfig, SaeWeights } from "../types";
import { KWARGS } from "./making";
import { saidOfNormalized } from "./normalized";
import { TRAINED_ON, trainedOnJson } from "./trained-on";

export const CONFIG = "cfg.json";
export const WEIGHTS = "sae_weights.safetensors";
export const SPARSITY = "sparsity.safetensors";
/** What a checkpoint of SAELens may have beside them: the one number that activations are multiplied by. */
export const SCALER = "activation_scaler.json";
/** The release of SAELens whose layout is written: it reads older ones in another way. */
const SAE_LENS_VERSION = "6.18.0";
/** What a frequency is raised by before its logarithm is taken, so that a dead latent has one. */
const RAISED = 1e-10;

/** The tensors of an SAE, each with its shape. */
export function shapes({
	architecture,
	d_in,
	d_sae,
}: Pick<SaeConfig, "architecture" | "d_in" | "d_sae">): Partial<
	Record<keyof SaeWeights, number[]>
> {
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

/** log10(frequency + 1e-10), from the share of rows on which each latent fires, or from latents. */
export function logSparsity(
	density: Float32Array | Latents,
	{ d_sae }: Pick<SaeConfig, "d_sae">,
): Float32Array {
	const shares = density instanceof Float32Array ? density : shareOf(density);
	if (shares.length !== d_sae)
		throw new Error(
			`The density has ${shares.length} values and this SAE has ${d_sae} latents: give one value a latent.`,
		);
	const bad = shares.findIndex((share) => !(share >= 0 && share <= 1));
	if (bad >= 0)
		throw new Error(
			`The density of latent ${bad} is ${shares[bad]}, where a share of rows from 0 to 1 was expected.`,
		);
	return shares.map((share) => Math.log10(share + RAISED));
}

function shareOf({ d_sae, indptr, indices }: Latents): Float32Array {
	const shares = new Float32Array(d_sae);
	for (const latent of indices) shares[latent]++;
	const n = Math.max(1, indptr.length - 1);
	return shares.map((fired) => fired / n);
}

/**
 * Writes an SAE as SAELens 6 does: into a folder of another name, which takes its own when it is whole. Over an older
 * SAE the files are moved one by one, its config first away and the new one last: a folder with a config is
 * whole, whenever this is broken off. Where the disk is full, what was there is still there.
 */
export function saveSae(
	folder: string,
	cfg: SaeConfig,
	weights: SaeWeights,
	{
		log_sparsity,
		trained_on,
	}: {
		log_sparsity?: Float32Array | undefined;
		trained_on?: Sae["trained_on"] | undefined;
	} = {},
): void {
	const tensors = Object.entries(shapes(cfg)).map(([name, shape]) => [
		name,
		{ shape, data: weights[name as keyof SaeWeights] as Float32Array },
	]);
	const name = `${randomUUID()}.part`;
	const there = existsSync(folder);
	const part = there ? join(folder, name) : `${resolve(folder)}.${name}`;
	try {
		writeSafetensors(join(part, WEIGHTS), Object.fromEntries(tensors));
		if (log_sparsity)
			writeSafetensors(join(part, SPARSITY), {
				sparsity: { shape: [cfg.d_sae], data: log_sparsity },
			});
		if (trained_on)
			writeFileAtomic(join(part, TRAINED_ON), trainedOnJson(trained_on));
		const text = JSON.stringify(content(cfg), undefined, 2);
		writeFileAtomic(join(part, CONFIG), `${text}\n`);
		if (there) replaceFiles(folder, part);
		else renameSync(part, folder);
	} catch (error) {
		try {
			rmSync(part, { recursive: true, force: true });
		} catch {} // where it could not even be made: the first error says why
		throw writeError(error, folder);
	}
}

function replaceFiles(folder: string, part: string): void {
	for (const old of [CONFIG, SPARSITY, SCALER, TRAINED_ON])
		rmSync(join(folder, old), { force: true });
	for (const name of [WEIGHTS, SPARSITY, TRAINED_ON, CONFIG])
		if (existsSync(join(part, name)))
			renameSync(join(part, name), join(folder, name));
	rmSync(part, { recursive: true });
}

/** What `cfg.json` holds: SAELens leaves keys of `metadata` that it does not know alone. */
function content(cfg: SaeConfig): object {
	const { architecture, d_in, d_sae, k, dtype, apply_b_dec_to_input } = cfg;
	const { normalize_activations, reshape_activations = "none" } = cfg;
	const { hook_name, prepend_bos, context_size } = cfg;
	const { model_fingerprint, packed } = cfg;
	const { center_writing_weights, neuronpedia_id, dataset_path } = cfg;
	const { trained_as, seed, training_tokens, metadata = {} } = cfg;
	const { hook_name: called, [KWARGS]: how, ...rest } = metadata;
	const same = typeof called === "string" && knownHook(called) === hook_name;
	const kwargs = {
		...(typeof how === "object" && how),
		...(center_writing_weights && { center_writing_weights }),
	};
	return {
		architecture,
		d_in,
		d_sae,
		...(architecture === "topk" && { k, rescale_acts_by_decoder_norm: false }),
		dtype,
		device: "cpu",
		apply_b_dec_to_input,
		normalize_activations,
		reshape_activations,
		metadata: {
			sae_lens_version: SAE_LENS_VERSION,
			model_name: withoutPath(cfg.model_name),
			model_fingerprint,
			hook_name: same ? called : hook_name,
			...saidOfNormalized(hook_name),
			context_size,
			packed,
			prepend_bos,
			dataset_path,
			neuronpedia_id,
			training_architecture:
				trained_as === "matryoshka"
					? "matryoshka_batchtopk" // SAELens's name
					: (trained_as ?? architecture),
			...rest,
			...(Object.keys(kwargs).length && {
				[KWARGS]: kwargs,
			}),
			trained_as,
			seed,
			training_tokens,
		},
	};
}
