import { several } from "../say";
import { asBatch } from "./batch";
import { type PartName, type PartPlace, placesOfParts } from "./parts";
import { drawn, means } from "./stand-ins";
import type { Decoder, Input, Intervention } from "./types";

export interface AblationOptions {
	/**
	 * What the parts' values become: "zero"; "mean", their mean over the tokens of `over`; or "resample", what they are at
	 * the same position of another text of `over`.
	 */
	method: "zero" | "mean" | "resample";
	/** Texts that the means are taken over or drawn from; needed for those two. */
	over?: Input;
	/** The texts that will be changed, as the run will be given them; needed for "resample". */
	input?: Input;
	/** Where: as `positions` of an intervention. Default: everywhere, BOS included. */
	positions?: number[];
	/** Of the texts that "resample" draws; default: 0. */
	seed?: number;
	/** Whether texts get BOS in front; default: true where the model has one. */
	prepend_bos?: boolean;
	/** Ends it between two steps of the runtime, with the signal's reason as error. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

/** What parts of a model are replaced by, and how that was made. */
export interface Ablation {
	kind: "ablation";
	method: AblationOptions["method"];
	parts: PartName[];
	/** For `interventions` of a run, a loss, `generate`, …: one a part, two for a layer. */
	interventions: Intervention[];
	/** What the means are of: texts, and their tokens without padding, BOS and EOS. Of "resample": texts to draw from. */
	over?: { texts: number; tokens: number };
	seed?: number;
	/** Of "resample": for each text of the input, the number of the text that stands in for it. */
	source?: Int32Array;
}

/**
 * The interventions that take parts of a model out, for `interventions`: `ablate(model, "L4H2", "L3.mlp")` sets what
 * they write to 0; `await ablate(model, ["L4H2"], { method: "mean", over: texts })` sets it to its mean over the tokens
 * of texts (without padding, BOS and EOS), or with "resample" to what it is in other texts.
 *
 * A head's zero is z = 0, the value bias in it included: that is TransformerLens's effect without processing. With its
 * processing (fold_value_biases, the default of its `from_pretrained`) the value bias is no part of z and stays in, which
 * gives other numbers and another order of heads. Means and resampling do not depend on it. The output bias (b_O) belongs to no
 * head and stays; "L4.attn" and "L4.mlp" go with their biases.
 *
 * Throws where a name is none, where the model has no such layer, head or neuron, where `over` or `input` is missing, and
 * where no text of `over` is long enough to stand in.
 */
export function ablate(
	model: Pick<Decoder, "info">,
	...parts: PartName[]
): Intervention[];
export function ablate(
	model: Decoder,
	parts: readonly PartName[],
	options: AblationOptions,
): Promise<Ablation>;
export function ablate(
	model: Pick<Decoder, "info">,
	...given: [readonly PartName[], AblationOptions] | PartName[]
): Intervention[] | Promise<Ablation> {
	const [parts, options] = given;
	if (typeof parts === "object" && typeof options === "object")
		return ablation(model as Decoder, parts, options);
	return placesOfParts(model, given as PartName[]).map((place) => zero(place));
}

function zero(place: PartPlace, positions?: number[]): Intervention {
	const { part, hook_name, units, zeroed } = place;
	return {
		...{ type: "scale", factor: 0, hook_name },
		...(units && { units }),
		...(positions && { positions }),
		says: `${part} set to zero: ${zeroed}`,
	};
}

async function ablation(
	model: Decoder,
	parts: readonly PartName[],
	options: AblationOptions,
): Promise<Ablation> {
	const { method, positions, prepend_bos, seed = 0 } = options;
	const places = placesOfParts(model, parts);
	const record = { kind: "ablation" as const, method, parts: [...parts] };
	if (method === "zero")
		return {
			...record,
			interventions: places.map((place) => zero(place, positions)),
		};
	if (method !== "mean" && method !== "resample")
		throw new Error(
			`The method of an ablation is ${JSON.stringify(method)}, where "zero", "mean" or "resample" is needed.`,
		);
	const need = (name: "over" | "input") => {
		const texts = options[name];
		if (texts === undefined)
			throw new Error(
				`An ablation by "${method}" needs ${name}: ${name === "over" ? "the texts that it takes values from" : "the texts that will be changed, so that others can stand in for them"}.`,
			);
		return asBatch(model, texts, prepend_bos);
	};
	const over = need("over");
	const made =
		method === "mean"
			? await means(model, places, over, options.signal)
			: await drawn(model, places, over, need("input"), {
					seed,
					signal: options.signal,
				});
	const { values, ...rest } = made;
	return {
		...record,
		...rest,
		interventions: places.map(
			({ part, hook_name, units }, i): Intervention => ({
				...{ type: "replace", hook_name, values: values[i] },
				...(units && { units }),
				...(positions && { positions }),
				says: `${part} set to ${
					method === "mean"
						? `its mean over ${several(made.over.tokens, "token")} of ${several(made.over.texts, "text")}, without padding, BOS and EOS`
						: `what it is in other texts, drawn from ${several(made.over.texts, "text")} with seed ${seed}`
				}`,
			}),
		),
	};
}
