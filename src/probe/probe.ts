import {
	type Activations,
	columnMoments,
	type Matrix,
	type Pool,
	takeRows,
} from "../activations";
import { listenTo } from "../interrupt";
import type { Decoder } from "../model";
import { reportProgress } from "../progress";
import type { Latents } from "../sae";
import { topIndices } from "../top";
import { type Assessment, assess } from "./assess";
import { bestColumns } from "./columns";
import { gatherInputs } from "./inputs";
import type { LinearModel } from "./logistic";
import { notesOn } from "./notes";
import type { ProbeInput, ProbeResult, ProbeScore } from "./result";
import { scorePredictions } from "./score";
import { settingsOf } from "./settings";
import { makeTask, shuffledTask, type Task } from "./task";

export interface ProbeOptions {
	/** The label column to predict. */
	label: string;
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
	/** Whether to fit each probe on shuffled labels too. Default: true, but not with "ml-logistic-regression". */
	control?: boolean;
	/** Of the split (where the sentences have none), the resamples, the shuffled labels and the random baselines. Default: 0. */
	seed?: number;
	/**
	 * Ends the work, with the signal's reason as error: half a fit would say something wrong. "ml-logistic-regression"
	 * hears it only between its fits. Default: the notebook's interrupt.
	 */
	signal?: AbortSignal;
}

const TOP = 10;
/** Labels without sense are learned by heart, slowly and to no use: the test sentences do not gain by it. */
const CONTROL_ITERATIONS = 50;

/**
 * How well a linear classifier reads a label from a sentence: from its latents, beside the same classifier on its
 * activations, on as many activation channels as a token has active latents, on the latents of an autoencoder that was
 * never trained, on the activations of a model that was never trained (where `model` is given), on a bag of words, and
 * the commonest class. Multinomial logistic regression, fitted on the training sentences, its penalty chosen on the
 * validation sentences, every number from the test sentences. Each is fitted once more with the labels shuffled among the
 * sentences, the same penalty, in at most 50 iterations: its accuracy less that is its selectivity (after Hewitt & Liang 2019). Sentences whose
 * label is empty take no part. Without a split column a seeded 80/10/10 split is made.
 *
 * Throws when the label or the offsets column is not there (near names are listed), when the label has one class
 * only, when it looks like a column of identifiers, when a split has no sentences, and when rows are not finite.
 */
export async function probe(
	source: Latents | Activations,
	options: ProbeOptions,
): Promise<ProbeResult> {
	const { label, before, pool = "mean", solver = "lbfgs", seed = 0 } = options;
	check(options, solver);
	const signal = listenTo(options.signal);
	const started = performance.now();
	const acts = source.kind === "latents" ? source.acts : source;
	const task = makeTask(acts.sentences, label, seed);
	const { train } = task;
	const best = (x: Matrix, n: number) => bestColumns(x, task, n);
	const how = { ...options, train, best, signal };
	const inputs = await gatherInputs(source, acts, how);
	const control = (options.control ?? true) && solver === "lbfgs";
	const shuffled = control ? shuffledTask(task, seed) : undefined;
	const found: Partial<Record<ProbeInput, Assessment>> = {};
	for (const [at, { name, x, scaling }] of inputs.entries()) {
		const tell = (share: number) =>
			reportProgress({
				label: `probe ${label}`,
				done: Math.round((100 * (at + share)) / inputs.length),
				total: 100,
				unit: "%",
				note: name.replaceAll("_", " "),
			});
		const { l2, class_weight } = options;
		const settings = { solver, l2, class_weight, seed, signal };
		const own = await assess(x, scaling, task, settings, tell);
		found[name] = own;
		if (!shuffled) continue;
		const same = {
			...{ ...settings, l2: own.score.l2 },
			maxIterations: CONTROL_ITERATIONS,
		};
		const { score } = await assess(x, scaling, shuffled, same, () => undefined);
		const { accuracy, interval } = score;
		own.score.control = { accuracy, interval };
		own.score.selectivity = own.score.accuracy - accuracy;
	}
	const scoreOf = (name: ProbeInput) => found[name]?.score;
	const latents = inputs.find(({ name }) => name === "latents");
	return {
		kind: "probe",
		label,
		classes: task.classes,
		...(options.k !== undefined && { k: options.k }),
		...settingsOf(acts, task, { pool, before, solver, seed }),
		latents: scoreOf("latents"),
		activations: scoreOf("activations") as ProbeScore,
		top_channels: scoreOf("top_channels"),
		random_sae: scoreOf("random_sae"),
		untrained_model: scoreOf("untrained_model"),
		bag_of_words: scoreOf("bag_of_words") as ProbeScore,
		majority: majority(task, seed),
		top_latents:
			latents &&
			found.latents?.model &&
			topLatents(
				found.latents.model,
				takeRows(latents.x, task.train),
				task.classes,
				latents.columns,
			),
		control_task: "shuffled sentences",
		notes: notesOn(task, inputs, found),
		seconds: (performance.now() - started) / 1000,
	};
}

function check({ l2, k, class_weight }: ProbeOptions, solver: string): void {
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

/** Always the commonest class of the training sentences. */
export function majority(task: Task, seed: number): ProbeScore {
	const nClasses = task.classes.length;
	const counts = new Array<number>(nClasses).fill(0);
	for (const i of task.train) counts[task.truth[i]]++;
	const most = topIndices(counts, 1)[0];
	const truth = task.test.map((i) => task.truth[i]);
	const predicted = new Uint32Array(truth.length).fill(most);
	return scorePredictions({ truth, predicted, nClasses, columns: 0, seed });
}

function topLatents(
	model: LinearModel,
	train: Matrix,
	classes: string[],
	columns?: number[],
): ProbeResult["top_latents"] {
	const { deviation } = columnMoments(train);
	const { k, weights } = model;
	return classes.flatMap((name, c) => {
		// With two classes the one score is the second class's.
		const sign = k === 1 && c === 0 ? -1 : 1;
		const column = k === 1 ? 0 : c;
		const effect = Array.from(
			deviation,
			(s, j) => sign * s * weights[j * k + column],
		);
		return topIndices(effect, TOP)
			.filter((j) => effect[j] > 0)
			.map((j) => ({
				class: name,
				latent: columns?.[j] ?? j,
				weight: effect[j],
			}));
	});
}
