import type { Pool } from "../activations";
import type { Decoder } from "../model";
import type { ProbeResult, ProbeSettings } from "./result";
import type { TokenLabel } from "./tokens";

export interface ProbeOptions {
	/** The label column to predict, or, for tokens, a label of their own: see `TokenLabel`. */
	label: string | TokenLabel;
	/** Whether a row is a sentence or a token. Default: "token" for a label of tokens, else "sentence". */
	unit?: "sentence" | "token";
	/** How many tokens are read at most, of whole sentences drawn at random. Default: 50,000. */
	max_tokens?: number;
	/** How a sentence's tokens become one row: see `poolSentences`. Default: "mean", of the latents (not the latents of the mean). */
	pool?: Pool;
	/** An offsets column: only what ends at or before it is read, by the probes and by the bag of words. */
	before?: string;
	/** Read only so many columns: those whose mean in a class differs most from their mean outside, on the training sentences. Default: all. */
	k?: number;
	/** "lbfgs" (default), or the npm library "ml-logistic-regression", for small data: see `predictWithLibrary`. */
	solver?: ProbeResult["solver"];
	/** Weight of the L2 penalty. Default: of 1, 0.1, … 1e-5, the one with the least loss on the validation sentences. */
	l2?: number;
	/** "balanced": each class counts as much as any other, however few its sentences. Default: each sentence counts the same. */
	class_weight?: "balanced";
	/** The model that the activations came from: then one of its shape that was never trained is probed too. */
	model?: Decoder;
	/** Whether to probe top channels and a random autoencoder beside. Default: true. */
	baselines?: boolean;
	/** Whether to fit each probe on the control task too. Default: true, but not with "ml-logistic-regression". */
	control?: boolean;
	/**
	 * Of the split, where one is made (of latents: the seed of the autoencoder's, where one was made for its training), the
	 * resamples, the shuffled labels and the random baselines. Default: 0.
	 */
	seed?: number;
	/** A label column whose values are kept together by a split that is made, and by resamples, e.g. "author". Default: the sentences' own `group`. */
	group?: string;
	/**
	 * Ends the work, with the signal's reason as error: half a fit would say something wrong. "ml-logistic-regression"
	 * hears it only between its fits. Default: the notebook's interrupt.
	 */
	signal?: AbortSignal;
}

/** What a row is. */
export function unitOf({
	label,
	unit,
}: Pick<ProbeOptions, "label" | "unit">): ProbeSettings["unit"] {
	return unit ?? (typeof label === "string" ? "sentence" : "token");
}

/** Throws where an option is none that there is. */
export function checkOptions(options: ProbeOptions): void {
	const { solver = "lbfgs", l2, k, class_weight, unit, pool, label } = options;
	const tokens = unitOf(options) === "token";
	if (unit !== undefined && unit !== "sentence" && unit !== "token")
		throw new Error(
			`unit is ${JSON.stringify(unit)}, where "sentence" or "token" was expected.`,
		);
	if (!tokens && typeof label !== "string")
		throw new Error(
			`label is a label of tokens, "${label.name}", but unit is "sentence"; give the name of a column, or unit "token".`,
		);
	if (tokens && pool !== undefined)
		throw new Error(
			"Tokens are read one by one, so that there is nothing to pool; leave pool out.",
		);
	if (solver !== "lbfgs" && solver !== "ml-logistic-regression")
		throw new Error(
			`There is no solver "${solver}" for probes; give "lbfgs" or "ml-logistic-regression".`,
		);
	if (l2 !== undefined && !(l2 > 0))
		throw new Error(`l2 is ${l2}; it must be a number above 0.`);
	if (class_weight !== undefined && class_weight !== "balanced")
		throw new Error(
			`class_weight is ${JSON.stringify(class_weight)}, where "balanced" was expected.`,
		);
	if (class_weight && solver !== "lbfgs")
		throw new Error(
			`solver "${solver}" knows no class weights; leave out the one or the other.`,
		);
	if (k !== undefined && (!Number.isSafeInteger(k) || k < 1))
		throw new Error(
			`k is ${k}, where a whole number of columns of at least 1 was expected.`,
		);
}
