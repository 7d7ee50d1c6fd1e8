import { type Matrix, poolSentences, takeRows } from "../activations";
import { listenTo, turns } from "../interrupt";
import { reportProgress } from "../progress";
import type { Latents } from "../sae";
import { topIndices } from "../top";
import { intervalOf, resamples } from "./bootstrap";
import { classify, logisticFitter } from "./logistic";
import {
	gatherColumns,
	meanDifferences,
	type OneVsRest,
	oneVsRest,
} from "./one-vs-rest";
import type { Interval, KSparseResult } from "./result";
import { makeTask, type Task } from "./task";

export interface KSparseOptions {
	/** The label column to predict. */
	label: string;
	/** How many columns are read, a probe each. Default: 1, 2, 5, 10, 20, 50. */
	ks?: readonly number[];
	/** An offsets column: only tokens that end at or before it are pooled. Default: every token. */
	before?: string;
	/** Of the split (where the sentences have none), the draws and the resamples. Default: 0. */
	seed?: number;
	/** Ends the work, with the signal's reason as error. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

/** SAEBench's numbers of sentences of a class, and as many others: half of its set sizes of 4,000 and 1,000. */
const MOST = { train: 2000, test: 500 };
/** scikit-learn's C. */
const C = 1;
/** Of the gradient, in nats a sentence: finer than the last digit of any score. */
const TOLERANCE = 1e-6;
const RESAMPLES = 1000;

type Input = "latents" | "activations";

/** One kind of probe, over all classes. */
interface Point {
	input: Input;
	/** Absent: all columns. */
	k?: number;
	/** For each class that takes part, 1 for each of its test rows that was predicted right. */
	hits: Uint8Array[];
}

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
 * Intervals: 95 %, from 1,000 resamples of the test sentences, the probes being what they are.
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
	const task = makeTask(acts.sentences, label, seed);
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
		hook_name: acts.hook_name,
		unit: "sentence",
		pool: "mean",
		...(before !== undefined && { before }),
		solver: "lbfgs",
		seed,
		split: acts.sentences.split ? "given" : "made",
		n_train: task.train.length,
		n_validation: task.validation.length,
		n_test: task.test.length,
		notes: notesOn(task, draws, inputs, ks, fits),
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

/** One class's rows: numbers of sentences. */
interface ClassDraw {
	class: string;
	train: OneVsRest;
	test: OneVsRest;
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
	const take = ({ rows }: OneVsRest) =>
		columns ? gatherColumns(x, rows, columns) : takeRows(x, rows);
	const fit = await logisticFitter(take(train), train.y, 2, "none");
	const l2 = 1 / (C * train.y.length);
	const model = await fit({ l2, tolerance: TOLERANCE, signal });
	const { predicted } = await classify(model, take(test), test.y);
	const hits = test.y.map((truth, i) => (truth === predicted[i] ? 1 : 0));
	return { hits, converged: model.converged };
}

/** Accuracies, the mean of the classes, and their intervals. */
async function scorePoints(
	points: Point[],
	draws: ClassDraw[],
	task: Task,
	seed: number,
	signal: AbortSignal | undefined,
): Promise<KSparseResult["points"]> {
	const place = new Map([...task.test].map((row, i) => [row, i]));
	const places = draws.map(({ test }) =>
		Uint32Array.from(test.rows, (row) => place.get(row) as number),
	);
	const accuracies = (weights: ArrayLike<number>) => {
		const sums = new Float64Array(points.length);
		let classes = 0;
		for (const [c, rows] of places.entries()) {
			let n = 0;
			for (const row of rows) n += weights[row];
			if (n === 0) continue; // a resample without any of its sentences
			classes++;
			for (const [p, { hits }] of points.entries()) {
				let right = 0;
				for (let i = 0; i < rows.length; i++)
					right += weights[rows[i]] * hits[c][i];
				sums[p] += right / n;
			}
		}
		return sums.map((sum) => sum / classes);
	};
	const values = points.map(() => [] as number[]);
	const turn = turns(signal);
	for (const weights of resamples(task.test, RESAMPLES, seed)) {
		await turn();
		for (const [p, value] of accuracies(weights).entries())
			values[p].push(value);
	}
	const whole = accuracies(new Uint8Array(task.test.length).fill(1));
	return points.map(({ hits: _, ...point }, p) => ({
		...point,
		accuracy: whole[p],
		interval: intervalOf(values[p]) as Interval,
	}));
}

function saeBenchNames(
	points: KSparseResult["points"],
): KSparseResult["eval_result_metrics"] {
	const of = (input: Input, name: string) =>
		Object.fromEntries(
			points
				.filter((point) => point.input === input)
				.map(({ k, accuracy }) => [
					k === undefined
						? `${name}_test_accuracy`
						: `${name}_top_${k}_test_accuracy`,
					accuracy,
				]),
		);
	return { llm: of("activations", "llm"), sae: of("latents", "sae") };
}

function notesOn(
	task: Task,
	draws: ClassDraw[],
	inputs: Record<Input, Matrix>,
	ks: number[],
	{ done, unfinished }: { done: number; unfinished: number },
): string[] {
	const notes: string[] = [];
	const range = (part: "train" | "test") => {
		const sizes = draws.map((draw) => draw[part].rows.length / 2);
		const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
		return least === most ? `${least}` : `${least} to ${most}`;
	};
	if (
		draws.some(
			({ train, test }) =>
				train.rows.length < 2 * MOST.train || test.rows.length < 2 * MOST.test,
		)
	)
		notes.push(
			`SAEBench fits on ${MOST.train} sentences of a class and as many others and tests on ${MOST.test} and as many; here it is ${range("train")} and ${range("test")}.`,
		);
	const kept = new Set(draws.map((draw) => draw.class));
	const left = task.classes.filter((name) => !kept.has(name));
	if (left.length)
		notes.push(
			`Left out, for want of sentences in training or test: ${left.slice(0, 5).join(", ")}${left.length > 5 ? ` and ${left.length - 5} more classes` : ""}.`,
		);
	for (const [input, { columns }] of Object.entries(inputs)) {
		const beyond = ks.filter((k) => k > columns);
		if (beyond.length)
			notes.push(
				`There are ${columns} columns of ${input}, so there is no probe on ${beyond.join(", ")} of them.`,
			);
	}
	if (unfinished > 0)
		notes.push(
			`${unfinished} of ${done} fits ran out of iterations before their gradient was small.`,
		);
	return notes;
}
