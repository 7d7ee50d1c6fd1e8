import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
	openSafetensors,
	readTensor,
	type SafetensorsFile,
} from "../../formats/safetensors";
import { makeSae } from "../sae";
import type { Sae, SaeConfig, SaeWeights } from "../types";
import { CONFIG, shapes, WEIGHTS } from "./save";

/**
 * Loads an SAE from a folder that `save` or SAELens 6 wrote: `cfg.json` and `sae_weights.safetensors`,
 * of the architectures "standard" and "topk".
 * Throws, in one sentence, where a file is missing or corrupt, or the SAE is of a kind that is not known here.
 */
export async function loadSae(folder: string): Promise<Sae> {
	const stored = readConfig(folder);
	const cfg = checkConfig(folder, stored);
	const file = openSafetensors(join(folder, WEIGHTS));
	const weights = Object.fromEntries(
		Object.entries(shapes(cfg)).map(([name, shape]) => [
			name,
			readParameter(file, name, shape),
		]),
	) as unknown as SaeWeights;
	if (stored.rescale_acts_by_decoder_norm === true)
		foldDecoderNorm(cfg, weights);
	return makeSae(cfg, weights);
}

type Stored = Record<string, unknown>;

function readConfig(folder: string): Stored {
	for (const name of [CONFIG, WEIGHTS])
		if (!existsSync(join(folder, name)))
			throw new Error(
				`The folder ${folder} has no ${name}: a saved SAE is a folder with ${CONFIG} and ${WEIGHTS}.`,
			);
	let json: unknown;
	try {
		json = JSON.parse(readFileSync(join(folder, CONFIG), "utf8"));
	} catch {}
	if (typeof json !== "object" || json === null || Array.isArray(json))
		throw new Error(
			`The file ${join(folder, CONFIG)} is no JSON object: save the SAE again.`,
		);
	return json as Stored;
}

function checkConfig(folder: string, stored: Stored): SaeConfig {
	const wrong = (name: string, expected: string): Error =>
		new Error(
			`The ${CONFIG} in ${folder} gives ${name} as ${JSON.stringify(stored[name])}; ${expected} is what can be loaded.`,
		);
	const { architecture, d_in, d_sae, k } = stored;
	if (architecture !== "standard" && architecture !== "topk")
		throw wrong("architecture", '"standard" or "topk"');
	if (!isCount(d_in)) throw wrong("d_in", "a whole number above 0");
	if (!isCount(d_sae)) throw wrong("d_sae", "a whole number above 0");
	if (architecture === "topk" && !(isCount(k) && k <= d_sae))
		throw wrong("k", `a whole number from 1 to d_sae, ${d_sae},`);
	const fixed = {
		dtype: "float32",
		apply_b_dec_to_input: true,
		normalize_activations: "none",
	} as const;
	for (const [name, value] of Object.entries(fixed))
		if (stored[name] !== undefined && stored[name] !== value)
			throw wrong(name, JSON.stringify(value));
	const metadata = (stored.metadata ?? {}) as Stored;
	const text = (value: unknown) => (typeof value === "string" ? value : "");
	const numbers = Object.fromEntries(
		["context_size", "seed", "training_tokens"]
			.map((name) => [name, metadata[name]])
			.filter(([, value]) => typeof value === "number"),
	);
	return {
		architecture,
		d_in,
		d_sae,
		...(architecture === "topk" ? { k: k as number } : {}),
		...fixed,
		hook_name: text(metadata.hook_name),
		model_name: text(metadata.model_name),
		prepend_bos: metadata.prepend_bos !== false,
		...numbers,
	};
}

function isCount(value: unknown): value is number {
	return Number.isInteger(value) && (value as number) > 0;
}

function readParameter(
	from: SafetensorsFile,
	name: string,
	shape: number[],
): Float32Array {
	const data = readTensor(from, name);
	const found = from.tensors.get(name)?.shape ?? [];
	if (found.join() !== shape.join())
		throw new Error(
			`The file ${from.file} holds ${name} with the shape [${found}], and ${CONFIG} says [${shape}]: the folder is corrupt.`,
		);
	if (!data.every(Number.isFinite))
		throw new Error(
			`The file ${from.file} holds a value in ${name} that is no finite number: the folder is corrupt.`,
		);
	return data;
}

/** pre·‖W_dec‖ decoded by W_dec/‖W_dec‖ is the same as weights that carry the factor themselves. */
function foldDecoderNorm(
	{ d_in, d_sae }: SaeConfig,
	{ W_enc, b_enc, W_dec }: SaeWeights,
): void {
	for (let latent = 0; latent < d_sae; latent++) {
		const row = W_dec.subarray(latent * d_in, (latent + 1) * d_in);
		const norm = Math.hypot(...row);
		if (norm === 0) continue;
		for (let i = 0; i < d_in; i++) {
			row[i] /= norm;
			W_enc[i * d_sae + latent] *= norm;
		}
		if (b_enc) b_enc[latent] *= norm;
	}
}
