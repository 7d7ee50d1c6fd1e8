import type { SplitRecord } from "../dataset";
import type { Interval } from "../intervals";
import type { HookName } from "../model";

/** What a linear probe may read. */
export type ProbeInput =
	| "latents"
	| "activations"
	| "top_channels"
	| "random_sae"
	| "untrained_model"
	| "bag_of_words"
	| "majority";

/** How a probe is fitted, and from what: the same in every kind of probe. */
export interface ProbeSettings {
	hook_name: HookName;
	/** One row a sentence, or one a token. */
	unit: "sentence" | "token";
	/** How a sentence's tokens become one row; absent for tokens. */
	pool?: "mean" | "max" | "last";
	/** The offsets column that the text was cut at. */
	before?: string;
	solver: "lbfgs" | "ml-logistic-regression";
	/** Of the resamples, the control labels and the random baselines; what the split was made by, `split.seed` says. */
	seed: number;
	/** How the sentences that take part were split: by their own column, or made here. */
	split: SplitRecord;
	/** Rows (sentences or tokens). */
	n_train: number;
	n_validation: number;
	n_test: number;
	/** For tokens: how many sentences those of the test are from. */
	n_test_sentences?: number;
	/** What a reader should know, a sentence each: classes with too few members, constant columns, a fit that did not converge. */
	notes: string[];
	/** Wall-clock. */
	seconds: number;
}

/** How well a probe does on test rows that it never saw. */
export interface ProbeScore {
	/** Share of test rows whose class is predicted, 0 to 1. */
	accuracy: number;
	/** 95 % interval of the accuracy: see `intervals`. */
	interval: Interval;
	/** Mean over the classes of the share of their rows that is found (recall). */
	balanced_accuracy: number;
	/** Mean over the classes of 2 · hits / (predicted + true). */
	macro_f1: number;
	/** Area under the ROC curve; with more than two classes the mean of one class against the rest. NaN where there are no scores or one class only. */
	auc: number;
	/** 95 % intervals, by bootstrap over the units of the test (never over tokens or copies): 2.5 and 97.5 % of the resamples. */
	intervals: {
		balanced_accuracy: Interval;
		macro_f1: Interval;
		auc: Interval;
	};
	/** Whether the classifier is as sure as it is right; absent where it gives no probabilities. */
	calibration?: Calibration;
	/** Rows in the test split. */
	n_test: number;
	/** Rows, [truth][predicted], in the order of `classes`. */
	confusion: number[][];
	/** How many columns were read: latents, channels, words. */
	columns: number;
	/** The L2 penalty that did best on the validation rows; absent where nothing is fitted by us. */
	l2?: number;
	/** False where the fit ran out of iterations before its gradient was small. */
	converged?: boolean;
	/** The same probe with the same settings on the control task: see `selectivity`. */
	control?: { accuracy: number; interval: Interval };
	/** Accuracy less the control task's (Hewitt & Liang 2019): what is read, less what can be learned by heart. */
	selectivity?: number;
	/** 95 % interval of the selectivity, both being resampled together. */
	selectivity_interval?: Interval;
}

/** Predictions in ten bins of equal width by the probability given to the predicted class. */
export interface Calibration {
	bins: { confidence: number; accuracy: number; n: number }[]; // without empty ones
	/** Expected calibration error: mean |confidence − accuracy| of the bins, weighted by their rows. */
	ece: number;
}

/** What linear probes read of one label, beside their baselines: `probe` returns it. */
export interface ProbeResult extends ProbeSettings {
	kind: "probe";
	label: string;
	/** The label's values, sorted. */
	classes: string[];
	/** How many of the columns with the largest mean difference were read; absent where all were. */
	k?: number;
	/** On latents; absent where activations were given. */
	latents?: ProbeScore;
	/** On the raw activations. */
	activations: ProbeScore;
	/** On as many activation channels as the probe of latents reads latents (`k`), else as a token has active latents. Absent where activations were given without k. */
	top_channels?: ProbeScore;
	/** On the latents of an autoencoder that was never trained, with as many latents and active ones; absent where activations were given. */
	random_sae?: ProbeScore;
	/** On the activations of a model of the same shape that was never trained; only where `model` was given. */
	untrained_model?: ProbeScore;
	/** On the counts of the sentence's lower-cased words; for tokens, on which token it is. */
	bag_of_words: ProbeScore;
	/** Always the commonest class of the training rows. */
	majority: ProbeScore;
	/**
	 * The ten latents that speak most for each class, strongest first. `weight` is the change of the class's
	 * score (log-odds) when the latent grows by one standard deviation.
	 */
	top_latents?: { class: string; latent: number; weight: number }[];
	/** What the control task was: a random class for each token type, or the labels shuffled among the sentences. */
	control_task: "token types" | "shuffled sentences";
}

/** Latents against raw channels, k at a time, after SAEBench: `kSparseProbe` returns it. */
export interface KSparseResult extends ProbeSettings {
	kind: "k-sparse";
	label: string;
	classes: string[];
	ks: number[];
	/** Test accuracy, the mean of each class against the rest; `k` is missing where all columns were read. */
	points: {
		input: "latents" | "activations";
		k?: number;
		accuracy: number;
		interval: Interval;
	}[];
	/** The columns with the largest mean difference, best first, for each class. */
	top: { class: string; latents: number[]; channels: number[] }[];
	/** The same numbers under the names of SAEBench's result files. */
	eval_result_metrics: {
		llm: Record<string, number>;
		sae: Record<string, number>;
	};
}

/** How well a number is read. */
export interface RegressionScore {
	/** 1 − Σ(y − ŷ)² / Σ(y − ȳ)²: 1 is exact, 0 is always answering the mean of the test rows. */
	r2: number;
	interval: Interval;
	/** Mean absolute error, in the label's unit. */
	mae: number;
	/** Root of the mean squared error, in the label's unit. */
	rmse: number;
	/** Spearman's rank correlation. */
	spearman: number;
	n_test: number;
	columns: number;
	l2?: number;
	control?: { r2: number; interval: Interval };
	selectivity?: number;
}

/** What linear probes read of a number: `probeNumber` returns it. */
export interface RegressionResult extends ProbeSettings {
	kind: "number-probe";
	label: string;
	latents?: RegressionScore;
	activations: RegressionScore;
	bag_of_words: RegressionScore;
	/** Always the mean of the training rows. */
	mean: RegressionScore;
	/** Of the probe on latents where there is one, else on activations: truth and prediction of each test row. */
	predictions: { row: number; truth: number; predicted: number }[];
}

/** What linear probes read of sentences that may have several labels, or none: `probeTags` returns it. */
export interface TagsResult extends ProbeSettings {
	kind: "tags-probe";
	label: string;
	/** Sorted. */
	tags: string[];
	/** One probe a tag (has it, or not), in the order of `tags`; the threshold is a probability of ½. */
	scores: {
		tag: string;
		latents?: ProbeScore;
		activations: ProbeScore;
		bag_of_words: ProbeScore;
		majority: ProbeScore;
	}[];
	/** Over all tags together: hits / (predicted + true) · 2, the mean of the tags' F1, and the share of rows with every tag right. */
	overall: Partial<
		Record<
			ProbeInput,
			{
				micro_f1: number;
				macro_f1: number;
				exact_match: number;
				interval: Interval /* of micro_f1 */;
			}
		>
	>;
}
