/** How well a probe does on test sentences that it never saw. */
export interface ProbeScore {
	/** Share of test sentences whose class is predicted, 0 to 1. */
	accuracy: number;
	/** 95 % Wilson score interval of the accuracy. */
	interval: [number, number];
	n_test: number;
	/** Sentences, [truth][predicted], in the order of `classes`. */
	confusion: number[][];
	/** The L2 penalty that did best on the validation sentences; absent where nothing is fitted by us. */
	l2?: number;
	/** False where the fit ran out of iterations before its gradient was small. */
	converged?: boolean;
}

/** What linear probes read of one label, beside their baselines: `probe` returns it. */
export interface ProbeResult {
	kind: "probe";
	label: string;
	/** The label's values, sorted. */
	classes: string[];
	hook_name: string;
	/** The offsets column that the text was cut at. */
	before?: string;
	solver: "lbfgs" | "ml-logistic-regression";
	seed: number;
	n_train: number;
	/** On the sentence's mean latents; absent where activations were given. */
	latents?: ProbeScore;
	/** On the sentence's mean activation. */
	activations: ProbeScore;
	/** On the counts of the sentence's lower-cased words. */
	bag_of_words: ProbeScore;
	/** Always the commonest class of the training sentences. */
	majority: ProbeScore;
	/**
	 * The ten latents that speak most for each class, strongest first. `weight` is the change of the class's
	 * score (log-odds) when the sentence's mean latent grows by one standard deviation.
	 */
	top_latents?: { class: string; latent: number; weight: number }[];
	/** Wall-clock. */
	seconds: number;
}
