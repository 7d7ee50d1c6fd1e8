import { basename } from "node:path";
import { listenTo } from "../../interrupt";
import { makeSae } from "../sae";
import type { Sae } from "../types";
import { type StoredConfig, saeLensConfig } from "./config";
import { readJsonObject } from "./json";
import {
	type LoadSaeOptions,
	type LocatedSae,
	locateSae,
	SPARSIFY,
} from "./locate";
import { CONFIG, SCALER } from "./save";
import { sparsifyConfig, sparsifyWeights } from "./sparsify";
import { readTrainedOn } from "./trained-on";
import { foldScaler, readSparsity, saeLensWeights } from "./weights";

/**
 * Loads an SAE:
 *
 *     await loadSae("gpt2-small-res-jb", "blocks.8.hook_resid_pre");  // of a release for GPT-2 small, as in SAELens
 *     await loadSae("owner/repository", "path/in/it");                // of the hub
 *     await loadSae("a/folder");                                      // of a folder
 *
 * What comes from the hub is fetched where the Hugging Face cache does not have it. Read are the files of SAELens of any
 * generation, and of sparsify: of the architectures standard, topk, jumprelu (batchtopk and matryoshka among them) and
 * gated, as float32, float16 or bfloat16.
 *
 * Throws, in one sentence, where a file is missing or corrupt, and where the SAE is of a kind that is not known here.
 * What is doubtful stands in `warnings`.
 */
export async function loadSae(
	from: string,
	id?: string,
	options: LoadSaeOptions = {},
): Promise<Sae> {
	const signal = listenTo(options.signal);
	const found = await locateSae(from, id, { ...options, signal });
	signal?.throwIfAborted();
	const { cfg, weights, warnings } = readSae(found);
	const trained_on = found.trained_on && readTrainedOn(found.trained_on);
	return makeSae(cfg, weights, {
		...(trained_on && { trained_on }),
		...(found.sparsity && { log_sparsity: readSparsity(found.sparsity, cfg) }),
		...(warnings.length && { warnings }),
	});
}

function readSae(found: LocatedSae) {
	const { where, config_overrides: given, folder } = found;
	const json = readJsonObject(found.config, CONFIG, where);
	const overrides = Object.fromEntries(
		Object.entries(given).filter(([, value]) => value !== undefined),
	);
	if (basename(found.weights) === SPARSIFY) {
		const stored = sparsifyConfig(json, where, folder, overrides);
		return { ...stored, weights: sparsifyWeights(found.weights, stored) };
	}
	const stored = saeLensConfig(json, where, overrides);
	return { ...stored, weights: scaled(found, stored) };
}

/** One factor for all activations is folded into the weights: what is loaded has the normalisation "none". */
function scaled(
	{ scaler, where, weights: file }: LocatedSae,
	stored: StoredConfig,
) {
	const weights = saeLensWeights(file, stored);
	const { cfg, warnings } = stored;
	if (cfg.normalize_activations !== "expected_average_only_in") return weights;
	cfg.normalize_activations = "none";
	if (scaler)
		return foldScaler(readJsonObject(scaler, SCALER, where), weights, where);
	warnings.push(
		`It was trained on activations times one factor (expected_average_only_in), which no file gives: it is used without; if it is known, put it into ${SCALER} as {"scaling_factor": …}.`,
	);
	return weights;
}
