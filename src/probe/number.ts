import { type Activations, products, takeRows } from "../activations";
import { type DataSplit, hasLabel } from "../dataset";
import { listenTo } from "../interrupt";
import { reportProgress } from "../progress";
import { type Latents, splitFor } from "../sae";
import { PENALTIES } from "./assess";
import { gatherInputs, type Input } from "./inputs";
import { scoreNumbers } from "./number-score";
import type { ProbeOptions } from "./options";
import type { RegressionResult, RegressionScore } from "./result";
import { type RidgeFit, ridgeFitter } from "./ridge";
import { settingsOf } from "./settings";
import {
	labelColumn,
	type Parts,
	partsOf,
	shuffledValues,
	taskNotes,
	testUnits,
} from "./task";
import { sentenceUnits } from "./units";

/** As for `probe`. */
export interface ProbeNumberOptions
	extends Pick<
		ProbeOptions,
		"pool" | "before" | "l2" | "control" | "seed" | "group" | "signal"
	> {
	/** The label column; its values are numbers. */
	label: string;
}

/** What ridge regression has to learn. */
interface NumberTask extends Parts {
	y: Float64Array; // [n_sentences]
}

/**
 * How well a linear function reads a number, such as a count, a length or a year, from a sentence: ridge regression on its
 * latents, beside the same on its activations and on a bag of words, and the mean of the training sentences. Rows, split,
 * penalty and intervals are as for `probe`. Each is fitted once more to the numbers shuffled among the sentences, with the
 * same penalty: R² less that R² is its selectivity. Sentences without the label take no part.
 *
 * Throws as `probe` does on the label, the offsets and the split, when a value is no number, and when all are the same.
 */
export async function probeNumber(
	source: Latents | Activations,
	options: ProbeNumberOptions,
): Promise<RegressionResult> {
	const { label, before, pool = "mean", seed = 0, control = true } = options;
	const started = performance.now();
	if (options.l2 !== undefined && !(options.l2 > 0))
		throw new Error(`l2 is ${options.l2}; it must be a number above 0.`);
	const signal = listenTo(options.signal);
	const acts = source.kind === "latents" ? source.acts : source;
	const split = splitFor(source, { seed, group: options.group });
	const task = numberTask(acts, label, split);
	const units = sentenceUnits(acts, { before, pool, signal });
	const inputs = await gatherInputs(source, units, {
		...{ seed, signal, baselines: false, train: task.train },
		best: () => [],
	});
	const found: Partial<Record<Input["name"], Assessed>> = {};
	for (const [done, input] of inputs.entries()) {
		signal?.throwIfAborted();
		const { name } = input;
		const own = await assessNumber(input, task, { ...options, seed, signal });
		found[name] = own;
		if (control) {
			const other = { ...task, y: shuffledValues(task, task.y, seed) };
			const same = { l2: own.score.l2, seed, signal };
			const { score } = await assessNumber(input, other, same);
			own.score.control = { r2: score.r2, interval: score.interval };
			own.score.selectivity = own.score.r2 - score.r2;
		}
		reportProgress({
			...{ label: `probe ${label}`, done: done + 1, total: inputs.length },
			unit: "probes",
			note: name.replaceAll("_", " "),
		});
	}
	const best = (found.latents ?? found.activations) as Assessed;
	return {
		kind: "number-probe",
		label,
		...settingsOf(acts, task, { pool, before, seed }),
		...(found.latents && { latents: found.latents.score }),
		activations: (found.activations as Assessed).score,
		bag_of_words: (found.bag_of_words as Assessed).score,
		mean: meanScore(task, seed),
		predictions: Array.from(task.test, (row, at) => ({
			row,
			truth: task.y[row],
			predicted: best.predicted[at],
		})),
		notes: [
			...taskNotes(label, task, split.seen),
			...Object.entries(found)
				.filter(([, { converged }]) => !converged)
				.map(
					([name]) =>
						`The fit on the ${name.replaceAll("_", " ")} ran out of steps before its gradient was small.`,
				),
		],
		seconds: (performance.now() - started) / 1000,
	};
}

function numberTask(
	acts: Activations,
	label: string,
	split: DataSplit,
): NumberTask {
	const values = labelColumn(acts.sentences, label);
	const members = [...values.keys()].filter((i) => hasLabel(values[i]));
	const y = Float64Array.from(values, (value) => Number(value));
	const bad = members.find((i) => !Number.isFinite(y[i]));
	if (bad !== undefined)
		throw new Error(
			`The label "${label}" of sentence ${bad} is ${JSON.stringify(values[bad].slice(0, 40))}, where a number was expected; use probe for classes.`,
		);
	const parts = partsOf(split, members, label);
	if (new Set(Array.from(parts.train, (i) => y[i])).size < 2)
		throw new Error(
			`The label "${label}" is ${y[parts.train[0]]} in every training sentence; a probe needs different numbers to learn from.`,
		);
	return { y, n_unlabelled: values.length - members.length, ...parts };
}

interface Assessed {
	score: RegressionScore;
	predicted: Float64Array; // [n_test]
	converged: boolean;
}

/** Fits on the training sentences, chooses on the validation sentences, scores on the test sentences. */
async function assessNumber(
	{ x, scaling }: Input,
	task: NumberTask,
	options: Pick<ProbeNumberOptions, "l2" | "signal"> & { seed: number },
): Promise<Assessed> {
	const { y, train, validation, test } = task;
	const of = (members: Uint32Array) => Float64Array.from(members, (i) => y[i]);
	const fit = await ridgeFitter(takeRows(x, train), of(train), scaling);
	const checked = await products(takeRows(x, validation));
	const held = of(validation);
	let best: { model: RidgeFit; l2: number } | undefined;
	let least = Number.POSITIVE_INFINITY;
	for (const l2 of options.l2 === undefined ? PENALTIES : [options.l2]) {
		const model = await fit(l2, options.signal);
		const said = await predict(checked, model);
		const loss = held.reduce((sum, v, i) => sum + (v - said[i]) ** 2, 0);
		if (!best || loss < least) {
			best = { model, l2 };
			least = loss;
		}
	}
	const { model, l2 } = best as { model: RidgeFit; l2: number };
	const predicted = await predict(await products(takeRows(x, test)), model);
	const score = scoreNumbers(
		of(test),
		predicted,
		testUnits(task),
		x.columns,
		options.seed,
	);
	return { score: { ...score, l2 }, predicted, converged: model.converged };
}

async function predict(
	data: Awaited<ReturnType<typeof products>>,
	{ weights, bias }: RidgeFit,
): Promise<Float64Array> {
	return Float64Array.from(await data.times(weights, 1), (v) => v + bias);
}

function meanScore(task: NumberTask, seed: number): RegressionScore {
	const { y, train, test } = task;
	const mean = train.reduce((sum, i) => sum + y[i], 0) / train.length;
	const truth = Float64Array.from(test, (i) => y[i]);
	return scoreNumbers(
		truth,
		truth.map(() => mean),
		testUnits(task),
		0,
		seed,
	);
}
