import {
	type Matrix,
	poolSentences,
	takeColumns,
	takeRows,
} from "../activations";
import { listenTo } from "../interrupt";
import { reportProgress } from "../progress";
import { type Latents, splitFor } from "../sae";
import { topIndices } from "../top";
import {
	type ClassDraw,
	type Input,
	MOST,
	notesOn,
	type Point,
	saeBenchNames,
	scorePoints,
} from "./k-sparse-score";
import { classify, logisticFitter } from "./logistic";
import { meanDifferences, type OneVsRest, oneVsRest } from "./one-vs-rest";
import type { KSparseResult } from "./result";
import { settingsOf } from "./settings";
import { makeTask, type Task, taskNotes } from "./task";

export interface KSparseOptions {
	/** The label column to predict. */
	label: string;
	/** How many columns are read, a probe each. Default: 1, 2, 5, 10, 20, 50. */
	ks?: readonly number[];
	/** An offsets column: only tokens that end at or before it are pooled. Default: every token. */
	before?: string;
	/** As for `probe`; of the draws as well. Default: 0. */
	seed?: number;
	/** As for `probe`. */
	group?: string;
	/** Ends the work, with the signal's reason as error. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

/** scikit-learn's C. */
const C = 1;
/** Of the gradient, in nats a sentence: finer than the last digit of any score. */
const TOLERANCE = 1e-6;

/**
 * How much the k best latents tell about a label, beside the k best channels of the activations: the sparse probing of
 * SAEBench (Karvonen et al. 2025; after Gurnee et al. 2023, "Finding Neurons in a Haystack"). Latents and activations are
 * averaged over each sentence's tokens. For each class, at most 2,000 of its training sentences and as many others, evenly
 * from the other classes, are drawn; the k columns with the largest |mean of the class − mean of the others| are read by a
 * logistic regression (L2, scikit-learn's C = 1, columns as they are); it is scored on at most 500 + 500 test sentences.
 * Accuracy is the mean over the classes, so ½ is chance. All columns of each are read in the same way.
 *
 * Unlike SAEBench nothing at all is chosen on the test sentences (it keeps the epoch of the probe on all columns that
 * does best there), nor on the validation sentences, which take no part; a sentence is read whole (there 128 tokens); where
 * a class has fewer sentences, both halves are as large as there are, and `notes` says so. Latents stay sparse: memory is
 * what the pooled rows store, and [4,000, k].
 *
 * Intervals: 95 %, from 1,000 resamples of the texts of the test, the probes being what they are.
 *
 * Throws when `latents` are no latents, when `ks` are not whole numbers above 0, as `probe` does on the label and the
 * offsets column, and when no class has sentences in training and test.
 */
export async function kSparseProbe(
	latents: Latents,
	options: KSparseOptions,
): Promise<KSparseResult> {
	const { label, before, seed = 0 } = options;
	const started = performance.now();
	checkLatents(latents);
	const ks = checkKs(options.ks ?? [1, 2, 5, 10, 20, 50]);
	const signal = listenTo(options.signal);
	const { acts } = latents;
	const split = splitFor(latents, { seed, group: options.group });
	const task = makeTask(acts.sentences, label, split);
	const draws = drawClasses(task, seed);
	const inputs: Record<Input, Matrix> = {
		latents: await poolSentences(latents, { before, signal }),
		activations: await poolSentences(acts, { before, signal }),
	};
	const points = (["latents", "activations"] as const).flatMap((input) =>
		[...ks, undefined]
			.filter((k) => k === undefined || k <= inputs[input].columns)
			.map((k): Point => ({ input, ...(k && { k }), hits: [] })),
	);
	const total = draws.length * points.length;
	const fits = { done: 0, unfinished: 0 };
	const top: KSparseResult["top"] = [];
	for (const draw of draws) {
		const best: Partial<Record<Input, Ranked>> = {};
		for (const point of points) {
			const { input, k } = point;
			best[input] ??= rank(inputs[input], draw.train, ks[ks.length - 1]);
			const columns = k === undefined ? undefined : best[input].slice(0, k);
			signal?.throwIfAborted();
			const { hits, converged } = await fitAndScore(
				inputs[input],
				columns?.map(({ column }) => column),
				draw,
				signal,
			);
			point.hits.push(hits);
			if (!converged) fits.unfinished++;
			const what = k === undefined ? "all columns" : `k = ${k}`;
			const note = `${draw.class}: ${what} of the ${input}`;
			const done = ++fits.done;
			const name = `k-sparse probes of ${label}`;
			reportProgress({ label: name, done, total, unit: "probes", note });
		}
		const named = (ranked: Ranked = []) =>
			ranked.filter(({ size }) => size > 0).map(({ column }) => column);
		top.push({
			class: draw.class,
			latents: named(best.latents),
			channels: named(best.activations),
		});
	}
	const scored = await scorePoints(points, draws, task, seed, signal);
	return {
		kind: "k-sparse",
		label,
		classes: draws.map((draw) => draw.class),
		ks,
		points: scored,
		top,
		eval_result_metrics: saeBenchNames(scored),
		...settingsOf(acts, task, { pool: "mean", before, seed }),
		notes: [
			...taskNotes(label, task, split.seen),
			...notesOn(task, draws, inputs, ks, fits),
		],
		seconds: (performance.now() - started) / 1000,
	};
}

function checkLatents(latents: Latents): void {
	if ((latents as { kind: string } | undefined)?.kind !== "latents")
		throw new Error(
			"kSparseProbe compares latents with the activations that they came from, so it needs what sae.encode(acts) returned.",
		);
}

/** Ascending, each once. */
function checkKs(ks: readonly number[]): number[] {
	const wrong = ks.find((k) => !Number.isSafeInteger(k) || k < 1);
	if (wrong !== undefined || ks.length === 0)
		throw new Error(
			`ks ${ks.length ? `holds ${wrong}` : "is empty"}, where numbers of columns such as [1, 2, 5] were expected.`,
		);
	return [...new Set(ks)].sort((a, b) => a - b);
}

/** The rows of each class that has some in both parts. */
function drawClasses(task: Task, seed: number): ClassDraw[] {
	const { classes, truth } = task;
	const [train, test] = [task.train, task.test].map((members) =>
		oneVsRest(members, truth, classes.length, seed),
	);
	const draws = classes
		.map((name, c) => ({
			class: name,
			train: train(c, MOST.train),
			test: test(c, MOST.test),
		}))
		.filter((draw) => draw.train.rows.length && draw.test.rows.length);
	if (draws.length > 0) return draws;
	throw new Error(
		`No class of the label has sentences in the training and in the test split (${task.train.length} and ${task.test.length} sentences), and others beside them; give more sentences.`,
	);
}

/** Columns, the largest mean difference first. */
type Ranked = { column: number; size: number }[];

function rank(x: Matrix, draw: OneVsRest, most: number): Ranked {
	const sizes = meanDifferences(x, draw).map(Math.abs);
	return topIndices(sizes, Math.min(most, x.columns)).map((column) => ({
		column,
		size: sizes[column],
	}));
}

async function fitAndScore(
	x: Matrix,
	columns: number[] | undefined,
	{ train, test }: ClassDraw,
	signal: AbortSignal | undefined,
): Promise<{ hits: Uint8Array; converged: boolean }> {
	const read = columns ? takeColumns(x, columns) : x;
	const take = ({ rows }: OneVsRest) => takeRows(read, rows);
	const fitter = await logisticFitter(take(train), train.y, 2, "none");
	const how = { l2: 1 / (C * train.y.length), tolerance: TOLERANCE, signal };
	const model = await fitter.fit(how).finally(fitter.release);
	const { predicted } = await classify(model, take(test), test.y);
	const hits = test.y.map((truth, i) => (truth === predicted[i] ? 1 : 0));
	return { hits, converged: model.converged };
}
