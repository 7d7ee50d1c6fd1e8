import { type Pool, poolHooks } from "../activations";
import { type Sentences, type SplitRecord, splitSentences } from "../dataset";
import { listenTo } from "../interrupt";
import type { Interval } from "../intervals";
import {
	type AnyHookName,
	type Decoder,
	type HookName,
	parseHook,
} from "../model";
import { reportProgress } from "../progress";
import { assess } from "./assess";
import { notesOn } from "./notes";
import type { ProbeOptions } from "./options";
import { majority } from "./probe";
import { makeTask, taskNotes } from "./task";

/** How well one label is read from one hook; `charts.layers` draws a list of them. */
export interface LayerScore {
	/** −1 for what comes before the first block. */
	layer: number;
	/** The label. */
	series: string;
	/** Accuracy on the test split, 0 to 1. */
	value: number;
	/** 95 % interval of the accuracy, as `probe` gives it. */
	interval: Interval;
	hook_name: HookName;
	/** Accuracy of always naming the most frequent class of the training sentences, on the same test sentences. */
	majority: number;
	/** How the sentences with the label were split. */
	split: SplitRecord;
	/** What a reader should know, a sentence each; absent where there is nothing to say. */
	notes?: string[];
}

export interface ProbeLayersOptions
	extends Pick<ProbeOptions, "before" | "seed" | "group" | "signal"> {
	/** Columns of the sentences. */
	labels: string[];
	/** Default: the residual stream behind every block, `blocks.L.hook_resid_post`. */
	hook_names?: readonly AnyHookName[];
	/** Default: "mean". */
	pool?: Pool;
}

/**
 * Linear probes at every hook, one for each label: where in the model the knowledge arises. The model runs once for all
 * hooks; memory holds n_sentences × d_in numbers a hook.
 *
 * `before`, `pool`, `seed`, `group`, `signal`: as for `probe`. Throws as `poolHooks` and `probe` do.
 */
export async function probeLayers(
	model: Decoder,
	sentences: Sentences,
	options: ProbeLayersOptions,
): Promise<LayerScore[]> {
	const { labels, before, pool, seed = 0 } = options;
	const signal = listenTo(options.signal);
	const hook_names =
		options.hook_names?.map((name) => parseHook(model, name)) ??
		Array.from(
			{ length: model.info.n_layers },
			(_, layer): HookName => `blocks.${layer}.hook_resid_post`,
		);
	const parts = splitSentences(sentences, { seed, group: options.group });
	const tasks = labels.map((label) => makeTask(sentences, label, parts));
	const how = { hook_names, before, pool, signal };
	const pooled = await poolHooks(model, sentences, how);
	const total = hook_names.length * labels.length;
	const scores: LayerScore[] = [];
	for (const [h, hook_name] of hook_names.entries()) {
		for (const [t, series] of labels.entries()) {
			const done = scores.length;
			const tell = (share: number) =>
				reportProgress({
					...{ label: "probe the layers", done: done + share, total },
					unit: "probes",
					note: `${series} at ${hook_name}`,
				});
			const choice = { seed, signal };
			const found = await assess(pooled[h], "each", tasks[t], choice, tell);
			const { accuracy: value, interval } = found.score;
			const layer = Number(/^blocks\.(\d+)\./.exec(hook_name)?.[1] ?? -1);
			const { split } = tasks[t];
			const x = { name: "activations" as const, x: pooled[h] };
			const notes = [
				...taskNotes(series, tasks[t]),
				...notesOn("sentence", tasks[t], [x], { activations: found }),
			];
			const { accuracy: commonest } = majority(tasks[t], seed);
			scores.push({
				...{ layer, series, value, interval, hook_name, split },
				majority: commonest,
				...(notes.length && { notes }),
			});
		}
	}
	return scores;
}
