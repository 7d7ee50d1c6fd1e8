import {
	type Activations,
	columnMoments,
	type Matrix,
	poolSentences,
	takeRows,
} from "../activations";
import { listenTo } from "../interrupt";
import { reportProgress } from "../progress";
import type { Latents } from "../sae";
import { topIndices } from "../top";
import { assess } from "./assess";
import type { LinearModel, Scaling } from "./logistic";
import type { ProbeResult, ProbeScore } from "./result";
import { scorePredictions } from "./score";
import { makeTask, type Task } from "./task";
import { bagOfWords } from "./words";

export interface ProbeOptions {
	/** The label column to predict. */
	label: string;
	/** An offsets column: only what ends at or before it is read, by the probe and by the bag of words. */
	before?: string;
	/** "lbfgs" (default), or the npm library "ml-logistic-regression", for small data: see `predictWithLibrary`. */
	solver?: ProbeResult["solver"];
	/** Weight of the L2 penalty. Default: of 1, 0.1, … 1e-5, the one with the least loss on the validation sentences. */
	l2?: number;
	/** For the split, where the sentences have none. Default: 0. */
	seed?: number;
	/**
	 * Ends the work, with the signal's reason as error: half a fit would say something wrong. "ml-logistic-regression"
	 * hears it only between its fits. Default: the notebook's interrupt.
	 */
	signal?: AbortSignal;
}

const TOP = 10;

/**
 * How well a linear classifier reads a label from a sentence: from the mean of its tokens' latents, beside the same
 * classifier on the mean activation, on a bag of words, and the commonest class. Multinomial logistic regression,
 * fitted on the training sentences, its penalty chosen on the validation sentences, every number from the test
 * sentences. Sentences whose label is empty take no part. Without a split column a seeded 80/10/10 split is made.
 *
 * Throws when the label or the offsets column is not there (near names are listed), when the label has one class
 * only, when it looks like a column of identifiers, and when a split has no sentences.
 */
export async function probe(
	source: Latents | Activations,
	options: ProbeOptions,
): Promise<ProbeResult> {
	const { label, before, solver = "lbfgs", seed = 0 } = options;
	if (solver !== "lbfgs" && solver !== "ml-logistic-regression")
		throw new Error(
			`There is no solver "${solver}" for probes; give "lbfgs" or "ml-logistic-regression".`,
		);
	if (options.l2 !== undefined && !(options.l2 > 0))
		throw new Error(`l2 is ${options.l2}; it must be a number above 0.`);
	const signal = listenTo(options.signal);
	const started = performance.now();
	const acts = source.kind === "latents" ? source.acts : source;
	const task = makeTask(acts.sentences, label, seed);
	const latents =
		source.kind === "latents"
			? await poolSentences(source, { before, signal })
			: undefined;
	const activations = await poolSentences(acts, { before, signal });
	const words = bagOfWords(textBefore(acts, before), task.train);

	const steps = latents ? 3 : 2;
	const score = (x: Matrix, scaling: Scaling, at: number, what: string) =>
		assess(x, scaling, task, { ...options, signal }, (share) =>
			reportProgress({
				label: `probe ${label}`,
				done: Math.round((100 * (at + share)) / steps),
				total: 100,
				unit: "%",
				note: what,
			}),
		);
	const onActivations = await score(activations, "each", 0, "activations");
	const onWords = await score(words, "common", 1, "bag of words");
	const onLatents = latents && (await score(latents, "common", 2, "latents"));
	return {
		kind: "probe",
		label,
		classes: task.classes,
		hook_name: acts.hook_name,
		before,
		solver,
		seed,
		n_train: task.train.length,
		latents: onLatents?.score,
		activations: onActivations.score,
		bag_of_words: onWords.score,
		majority: majority(task),
		top_latents:
			latents &&
			onLatents?.model &&
			topLatents(onLatents.model, takeRows(latents, task.train), task.classes),
		seconds: (performance.now() - started) / 1000,
	};
}

function textBefore(acts: Activations, before?: string): string[] {
	const { text, offsets } = acts.sentences;
	return before === undefined
		? text
		: text.map((t, i) => t.slice(0, offsets[before][i]));
}

function majority(task: Task): ProbeScore {
	const counts = new Array<number>(task.classes.length).fill(0);
	for (const i of task.train) counts[task.truth[i]]++;
	const most = topIndices(counts, 1)[0];
	const truth = task.test.map((i) => task.truth[i]);
	return scorePredictions(
		truth,
		new Uint32Array(truth.length).fill(most),
		counts.length,
	);
}

function topLatents(
	model: LinearModel,
	train: Matrix,
	classes: string[],
): ProbeResult["top_latents"] {
	const { deviation } = columnMoments(train);
	const { k, weights } = model;
	return classes.flatMap((name, c) => {
		// With two classes the one score is the second class's.
		const sign = k === 1 && c === 0 ? -1 : 1;
		const column = k === 1 ? 0 : c;
		const effect = Array.from(
			deviation,
			(s, latent) => sign * s * weights[latent * k + column],
		);
		return topIndices(effect, TOP)
			.filter((latent) => effect[latent] > 0)
			.map((latent) => ({ class: name, latent, weight: effect[latent] }));
	});
}
