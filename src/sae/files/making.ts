import { knownHook } from "../../model";
import type { SaeConfig } from "../types";
import { isCount, isObject, type Json, text } from "./json";
import type { ConfigOverrides } from "./pretrained";

/** What a config says of how its rows were made, apart from what has a key of its own. */
const facts = [
	"exclude_special_tokens",
	"training_architecture",
	"l0",
	"num_dead_features",
	"model_class_name",
	"model_from_pretrained_kwargs",
	"seqpos_slice",
];

/**
 * What is written back as it was read: `metadata` but for what has a key in SaeConfig, or these facts of an older, flat
 * config; and the hook's name where the file's is another than TransformerLens's.
 */
export function kept(
	metadata: Json,
	flat: Json,
	is_architecture: (name: string) => boolean,
): Pick<SaeConfig, "metadata"> {
	const rest = Object.entries({
		...Object.fromEntries(
			facts.filter((key) => key in flat).map((key) => [key, flat[key]]),
		),
		...metadata,
	}).filter(
		([key, value]) =>
			!own.has(key) &&
			!(key === "training_architecture" && is_architecture(String(value))),
	);
	const told = Object.fromEntries(rest);
	const { center_writing_weights: _, ...how } = isObject(told[KWARGS])
		? told[KWARGS]
		: {};
	if (Object.keys(how).length) told[KWARGS] = how;
	else delete told[KWARGS];
	const hook_name = text(flat.hook_name ?? flat.hook_point);
	if ((knownHook(hook_name) ?? hook_name) !== hook_name)
		told.hook_name = hook_name;
	return Object.keys(told).length ? { metadata: told } : {};
}

export const KWARGS = "model_from_pretrained_kwargs";

/** Keys of `metadata` that SaeConfig has itself, or that say who wrote the file. */
const own = new Set([
	"sae_lens_version",
	"sae_lens_training_version",
	"model_name",
	"model_fingerprint",
	"hook_name",
	"hook_normalized",
	"hook_head_index",
	"context_size",
	"packed",
	"prepend_bos",
	"dataset_path",
	"neuronpedia_id",
	"trained_as",
	"seed",
	"training_tokens",
]);

/** Why the rows of an SAE cannot be made here, or it is none: the end of a sentence. */
export function unmade(flat: Json, hook_name: string): string | undefined {
	const { hook_head_index: head, d_in, d_out } = flat;
	const how = isObject(flat.model_from_pretrained_kwargs)
		? flat.model_from_pretrained_kwargs
		: {};
	const to = text(flat.hook_name_out ?? flat.hook_point_out);
	const elsewhere = to !== "" && (knownHook(to) ?? to) !== hook_name;
	if (
		elsewhere ||
		flat.is_transcoder === true ||
		(isCount(d_out) && d_out !== d_in)
	)
		return `is a transcoder's${to && `: it predicts ${to}`}. Only SAEs, which reconstruct what they read, can be loaded.`;
	if (Number.isInteger(head))
		return `says that it reads head ${head} of ${hook_name} alone (hook_head_index). Only SAEs of all heads can be loaded.`;
	const [folded] = Object.entries(foldings).filter(
		([key, places]) => how[key] === true && places.test(hook_name),
	);
	if (!folded) return undefined;
	return `says that its model's weights were processed with ${folded[0]}, which changes the values at ${hook_name}, and models are run here as they are. Only SAEs of rows that this leaves alone can be loaded.`;
}

/** TransformerLens's processings of weights that change values inside a block, and where. */
const foldings: Record<string, RegExp> = {
	fold_value_biases: /attn\.hook_[vz]$|hook_result$/, // b_V moves into b_O
	refactor_factored_attn_matrices: /attn\.hook_[qkvz]$|hook_result$/,
	fold_ln: /ln(1|2|_final)\.hook_out$/, // gain and shift move into the weights behind
};

/** What the file leaves open, one sentence each. */
export function doubts(flat: Json, overrides: ConfigOverrides): string[] {
	const found: string[] = [];
	// SAELens 1 and 2 trained on weights that TransformerLens had processed, and did not write that down.
	if (
		"hook_point" in flat &&
		!("model_from_pretrained_kwargs" in flat) &&
		overrides.center_writing_weights === undefined
	)
		found.push(
			"SAELens 1 and 2 did not write down whether rows were centred, as for gpt2-small-res-jb: load it by that name, or give config_overrides: { center_writing_weights: true } (or false).",
		);
	const slice = flat.seqpos_slice;
	if (Array.isArray(slice) && slice.some((n) => n !== null))
		found.push(
			`It was trained on the positions ${JSON.stringify(slice).slice(0, 60)} of each context alone (seqpos_slice, as Python slices): it is not made for others.`,
		);
	return found;
}
