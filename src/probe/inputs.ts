import {
	type Activations,
	type Matrix,
	poolHooks,
	poolSentences,
	takeColumns,
} from "../activations";
import { untrainedModel } from "../model";
import { type Latents, randomSae } from "../sae";
import type { Scaling } from "./logistic";
import type { ProbeOptions } from "./probe";
import type { ProbeInput } from "./result";
import { bagOfWords } from "./words";

/** What one linear probe reads. */
export interface Input {
	name: Exclude<ProbeInput, "majority">;
	x: Matrix; // [n_sentences, columns]
	/** How its columns are scaled before the penalty is counted. */
	scaling: Scaling;
	/** Which columns those of x are, where not all. */
	columns?: number[];
}

export interface InputOptions
	extends Pick<
		ProbeOptions,
		"before" | "pool" | "k" | "model" | "baselines" | "seed" | "signal"
	> {
	/** Sentences whose words are counted. */
	train: Uint32Array;
	/** The columns that tell most of the label. */
	best(x: Matrix, n: number): number[];
}

/** All that is probed, one row a sentence. */
export async function gatherInputs(
	source: Latents | Activations,
	acts: Activations,
	options: InputOptions,
): Promise<Input[]> {
	const { before, pool, signal, k, seed = 0, model, train, best } = options;
	const how = { before, pool, signal };
	const cut = (x: Matrix, n: number | undefined) => {
		const columns = n === undefined || n >= x.columns ? undefined : best(x, n);
		return columns ? { x: takeColumns(x, columns), columns } : { x };
	};
	const activations = await poolSentences(acts, how);
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
	const words = bagOfWords(textBefore(acts, before), train);
	add("bag_of_words", "common", words, undefined);
	if (model) {
		const untrained = await untrainedModel(model, { seed, signal });
		try {
			const [x] = await poolHooks(untrained, acts.sentences, {
				...how,
				hook_names: [acts.hook_name],
			});
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
		const x = await poolSentences(await random.encode(acts, { signal }), how);
		add("random_sae", "common", x);
	}
	add("latents", "common", await poolSentences(source, how));
	return inputs;
}

function textBefore(acts: Activations, before?: string): string[] {
	const { text, offsets } = acts.sentences;
	return before === undefined
		? text
		: text.map((t, i) => t.slice(0, offsets[before][i]));
}
