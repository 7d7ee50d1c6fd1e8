import { basename } from "node:path";
import { openSafetensors } from "../../formats/safetensors";
import { knownHook } from "../../model";
import { transpose } from "../engine/store";
import { decoderNorms } from "../fold";
import type { SaeConfig, SaeWeights } from "../types";
import { complaint, type StoredConfig, sizesOf } from "./config";
import { isCount, type Json } from "./json";
import type { ConfigOverrides } from "./pretrained";
import { checkTensors, noteRounding, readParameter } from "./weights";

/** Reads a config of sparsify: topk, with ReLU, on inputs without BOS; the folder is named after the module. */
export function sparsifyConfig(
	stored: Json,
	where: string,
	folder: string,
	overrides: ConfigOverrides,
): StoredConfig {
	const wrong = complaint(stored, where);
	const { activation = "topk", num_latents, expansion_factor, k } = stored;
	if (activation !== "topk") throw wrong("activation", '"topk"');
	if (stored.signed === true) throw wrong("signed", "false");
	if (stored.transcode === true || stored.skip_connection === true)
		throw transcoder(where);
	const d_sae = num_latents || Number(stored.d_in) * Number(expansion_factor);
	const sizes = sizesOf({ ...stored, d_sae }, wrong);
	if (!(isCount(k) && k <= sizes.d_sae))
		throw wrong("k", `a whole number from 1 to the latents, ${sizes.d_sae},`);
	const cfg: SaeConfig = {
		architecture: "topk",
		...sizes,
		k,
		dtype: "float32",
		apply_b_dec_to_input: true,
		normalize_activations: "none",
		hook_name: knownHook(basename(folder)) ?? "",
		model_name: "",
		prepend_bos: false,
		...overrides,
	};
	return {
		cfg,
		rescaled: false,
		unit_decoder: stored.normalize_decoder === true,
		warnings: [],
	};
}

function transcoder(where: string): Error {
	return new Error(
		`What is in ${where} is a transcoder (or, with W_skip, a skip transcoder): it reads one place and predicts another. Only SAEs, which reconstruct what they read, can be loaded.`,
	);
}

/** The weights of a file of sparsify: its encoder lies the other way. */
export function sparsifyWeights(
	path: string,
	stored: StoredConfig,
): SaeWeights {
	const { d_in, d_sae } = stored.cfg;
	const file = openSafetensors(path);
	if (file.tensors.has("W_skip")) throw transcoder(path);
	const wanted = {
		"encoder.weight": [d_sae, d_in],
		"encoder.bias": [d_sae],
		W_dec: [d_sae, d_in],
		b_dec: [d_in],
	};
	checkTensors(file, wanted, stored);
	noteRounding(file, Object.keys(wanted), stored);
	const read = (name: keyof typeof wanted) => readParameter(file, name);
	const weights = {
		W_enc: transpose(read("encoder.weight"), d_sae, d_in),
		b_enc: read("encoder.bias"),
		W_dec: read("W_dec"),
		b_dec: read("b_dec"),
	};
	if (stored.unit_decoder) noteLengths(weights, stored);
	return weights;
}

/**
 * Says where the rows of a decoder that was to have unit rows have others. eai-sparsify 1.3.3 saves such with its default
 * optimiser, the average of normalised rows: they leave two to three times as much unexplained as rows of length 1.
 */
function noteLengths(weights: SaeWeights, { cfg, warnings }: StoredConfig) {
	const lengths = decoderNorms(cfg, weights);
	const off = lengths.filter((length) => Math.abs(length - 1) > 0.02).length;
	const mean = lengths.reduce((sum, n) => sum + n, 0) / cfg.d_sae;
	if (off)
		warnings.push(
			`Its config says that the decoder's rows have length 1, and ${off} of ${cfg.d_sae} have not (their mean length is ${mean.toFixed(2)}): the trainer's last step was probably averaged away, and it explains less than it was trained to. It is used as it is.`,
		);
}
