import { type Activations, type Matrix, takeColumns } from "../activations";
import { untrainedModel } from "../model";
import { type Latents, randomSae } from "../sae";
import type { Scaling } from "./logistic";
import type { ProbeOptions } from "./options";
import type { ProbeInput } from "./result";
import type { Units } from "./units";

/** What one linear probe reads. */
export interface Input {
	name: Exclude<ProbeInput, "majority">;
	x: Matrix; // [rows, columns]
	/** How its columns are scaled before the penalty is counted. */
	scaling: Scaling;
	/** Which columns those of x are, where not all. */
	columns?: number[];
}

export interface InputOptions
	extends Pick<ProbeOptions, "k" | "model" | "baselines" | "seed" | "signal"> {
	/** Rows whose words are counted. */
	train: Uint32Array;
	/** The columns that tell most of the label. */
	best(x: Matrix, n: number): number[];
}

/** All that is probed, one row a unit. */
export async function gatherInputs(
	source: Latents | Activations,
	units: Units,
	options: InputOptions,
): Promise<Input[]> {
	const { signal, k, seed = 0, model, train, best } = options;
	const acts = source.kind === "latents" ? source.acts : source;
	const cut = (x: Matrix, n: number | undefined) => {
		const columns = n === undefined || n >= x.columns ? undefined : best(x, n);
		return columns ? { x: takeColumns(x, columns), columns } : { x };
	};
	const activations = await units.read(acts);
	const inputs: Input[] = [];
	const add = (
		name: Input["name"],
		scaling: Scaling,
		x: Matrix,
		n: number | undefined = k,
	) => inputs.push({ name, scaling, ...cut(x, n) });
	add(
		"activations",
		"each",
		activations,
		source.kind === "latents" ? undefined : k,
	);
	add("bag_of_words", "common", units.words(train), undefined);
	if (model) {
		const [own, given] = [acts.model.fingerprint, model.info.fingerprint];
		if (own && given && own !== given)
			throw new Error(
				`The activations are of "${acts.model.name}", and the model given is "${model.info.name}" with other weights: give the one that they were extracted from.`,
			);
		const untrained = await untrainedModel(model, { seed, signal });
		try {
			const x = await units.readModel(untrained);
			add("untrained_model", "each", x, undefined);
		} finally {
			await untrained.dispose();
		}
	}
	if (source.kind !== "latents") return inputs;
	const active = Math.max(1, Math.round(source.values.length / acts.n_tokens));
	if (options.baselines ?? true) {
		add("top_channels", "each", activations, k ?? active);
		const random = randomSae({
			d_in: acts.d_in,
			d_sae: source.d_sae,
			k: Math.min(active, source.d_sae),
			hook_name: acts.hook_name,
			seed,
		});
		const encoded = await random.encode(acts, { signal });
		add("random_sae", "common", await units.read(encoded));
	}
	add("latents", "common", await units.read(source));
	return inputs;
}
