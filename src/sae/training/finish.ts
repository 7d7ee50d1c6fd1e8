import type { Activations } from "../../activations";
import { withoutPath } from "../../files";
import { architectures } from "../architectures";
import type { TraineeShape, TraineeState } from "../engine/trainee";
import { scalesRows } from "../normalize";
import type { SaeConfig, SaeWeights } from "../types";
import type { TrainSettings } from "./options";

/** What is said of the activations in an SAE's config. */
export type Origin = Pick<
	Activations,
	| "d_in"
	| "hook_name"
	| "model"
	| "prepend_bos"
	| "context_size"
	| "center_writing_weights"
	| "rows"
>;

/** The config of an SAE after so many steps. */
export function trainedConfig(
	acts: Origin,
	settings: TrainSettings,
	step: number,
): SaeConfig {
	const { architecture, d_sae, k, seed, normalize_activations } = settings;
	const { saved_as } = architectures[architecture];
	return {
		architecture: saved_as,
		...(saved_as !== architecture && { trained_as: architecture }),
		d_in: acts.d_in,
		d_sae,
		...(saved_as === "topk" && { k }),
		dtype: "float32",
		apply_b_dec_to_input: true,
		// One number for all rows is folded into the weights.
		normalize_activations: scalesRows(normalize_activations)
			? normalize_activations
			: "none",
		...(acts.center_writing_weights && { center_writing_weights: true }),
		hook_name: acts.hook_name,
		model_name: withoutPath(acts.model.name),
		...(acts.model.fingerprint && {
			model_fingerprint: acts.model.fingerprint,
		}),
		prepend_bos: acts.prepend_bos,
		context_size: acts.context_size ?? acts.model.n_ctx,
		packed: acts.context_size !== undefined,
		seed,
		training_tokens: step * settings.train_batch_size_tokens,
		metadata: {
			// special tokens never have a row, but BOS where it was asked for
			exclude_special_tokens: !acts.rows.token.includes(
				acts.model.bos_token_id ?? -1,
			),
		},
	};
}

/** The weights of an SAE in training on rows times `scale`, for rows as they are. */
export function trainedWeights(
	state: TraineeState,
	shape: TraineeShape,
	{ architecture }: Pick<TrainSettings, "architecture">,
	scale: number,
): SaeWeights {
	return foldScale(architectures[architecture].weights(state, shape), scale);
}

/**
 * Weights for x from weights for c·x. Dividing the biases and thresholds by c gives the same reconstruction, with latents
 * 1/c as large; the directions stay as they are (SAELens divides W_dec and multiplies W_enc instead, which only
 * moves the factor from the latents to the decoder's length).
 */
function foldScale(weights: SaeWeights, c: number): SaeWeights {
	const folded = { ...weights };
	for (const p of ["b_enc", "b_dec", "b_gate", "b_mag", "threshold"] as const)
		folded[p] &&= folded[p].map((v) => v / c);
	return folded;
}
