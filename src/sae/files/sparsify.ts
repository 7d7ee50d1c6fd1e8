import { openSafetensors } from "../../formats/safetensors";
import { transpose } from "../engine/store";
import type { SaeConfig, SaeWeights } from "../types";
import {
	complaint,
	isCount,
	type Json,
	type StoredConfig,
	sizesOf,
} from "./config";
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
		hook_name: hookOfModule(folder),
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
	if (stored.unit_decoder) noteLengths(weights.W_dec, stored);
	return weights;
}

/**
 * Says where the rows of a decoder that was to have unit rows have others. eai-sparsify 1.3.3 saves such with its default
 * optimiser, the average of normalised rows: they leave two to three times as much unexplained as rows of length 1.
 */
function noteLengths(W_dec: Float32Array, { cfg, warnings }: StoredConfig) {
	const { d_in, d_sae } = cfg;
	let off = 0;
	let sum = 0;
	for (let row = 0; row < d_sae; row++) {
		const length = Math.hypot(...W_dec.subarray(row * d_in, (row + 1) * d_in));
		if (Math.abs(length - 1) > 0.02) off++;
		sum += length;
	}
	if (off)
		warnings.push(
			`Its config says that the decoder's rows have length 1, and ${off} of ${d_sae} have not (their mean length is ${(sum / d_sae).toFixed(2)}): the trainer's last step was probably averaged away, and it explains less than it was trained to. It is used as it is.`,
		);
}

/** The hook behind a module of a GPT-2 or GPT-NeoX: what it returns. */
function hookOfModule(folder: string): string {
	const [, layer, part = ""] =
		/(?:^|[/\\.])(?:h|layers)\.(\d{1,4})(?:\.(mlp|attn|attention))?[/\\]?$/.exec(
			folder,
		) ?? [];
	if (layer === undefined) return "";
	const hook = part === "mlp" ? "mlp_out" : part ? "attn_out" : "resid_post";
	return `blocks.${Number(layer)}.hook_${hook}`;
}
