import type { PlantedDictionary, Recovery } from "../../sae";
import type { Html } from "../html";
import { fields } from "../table";

/** Of what size a planted dictionary is. */
export function plantedView(planted: PlantedDictionary): Html {
	const { acts, d_in, d_true, factors } = planted;
	return fields("Planted dictionary", [
		["rows", acts.n_tokens],
		["d_in", d_in],
		["d_true (directions)", d_true],
		["directions per row", factors.indices.length / acts.n_tokens],
	]);
}

/** How much of the truth was found. */
export function recoveryView(found: Recovery): Html {
	return fields("True directions found by latents", [
		["true directions", found.best.length],
		["mean max cosine", found.mean_max_cosine],
		[`share with a cosine of at least ${found.threshold}`, found.recovered],
		[
			"lowest max cosine",
			found.best.length
				? found.best.reduce((a, b) => Math.min(a, b))
				: undefined,
		],
	]);
}
