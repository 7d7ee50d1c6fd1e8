import { random } from "../../src/random";
import { makeSae } from "../../src/sae";
import { shapes } from "../../src/sae/files/save";
import type {
	InferenceArchitecture,
	Sae,
	SaeConfig,
	SaeWeights,
} from "../../src/sae/types";

export const inferenceArchitectures: InferenceArchitecture[] = [
	"standard",
	"topk",
	"jumprelu",
	"gated",
];

/** A config of an SAE of a fake model, 12 wide with 30 latents, changed as wanted. */
export function someConfig(
	architecture: InferenceArchitecture,
	change: Partial<SaeConfig> = {},
): SaeConfig {
	return {
		architecture,
		d_in: 12,
		d_sae: 30,
		...(architecture === "topk" && { k: 5 }),
		dtype: "float32",
		apply_b_dec_to_input: true,
		normalize_activations: "none",
		hook_name: "blocks.0.hook_resid_post",
		model_name: "fake",
		prepend_bos: true,
		...change,
	};
}

/** Random weights; thresholds are above zero, decoder rows 0.5 to 2 long. */
export function someWeights(cfg: SaeConfig, seed = 1): SaeWeights {
	const draw = random(seed);
	const weights = Object.fromEntries(
		Object.entries(shapes(cfg)).map(([name, shape]) => {
			const n = shape.reduce((a, b) => a * b, 1);
			const scale = name === "W_enc" ? 1 / Math.sqrt(cfg.d_in) : 0.3;
			return [
				name,
				Float32Array.from({ length: n }, () => scale * draw.normal()),
			];
		}),
	) as unknown as SaeWeights;
	if (weights.threshold) weights.threshold = weights.threshold.map(Math.abs);
	return weights;
}

export function someSae(
	architecture: InferenceArchitecture,
	change: Partial<SaeConfig> = {},
): Sae {
	const cfg = someConfig(architecture, change);
	return makeSae(cfg, someWeights(cfg));
}

/** Normal numbers around 0.5, so that a row has a mean. */
export function someRows(n: number, d_in = 12, seed = 2): Float32Array {
	const draw = random(seed);
	return Float32Array.from({ length: n * d_in }, () => 0.5 + draw.normal());
}
