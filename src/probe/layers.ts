import { extract, poolSentences } from "../activations";
import type { Sentences } from "../dataset";
import { listenTo } from "../interrupt";
import type { Decoder, HookName } from "../model";
import { reportProgress } from "../progress";
import { assess } from "./assess";
import type { ProbeOptions } from "./probe";
import { makeTask } from "./task";

/** How well one label is read from one layer; `charts.layers` draws a list of them. */
export interface LayerScore {
	layer: number;
	/** The label. */
	series: string;
	/** Accuracy on the test split, 0 to 1. */
	value: number;
	/** 95 % interval of the accuracy, as `probe` gives it. */
	interval: [number, number];
	hook_name: HookName;
}

/**
 * Linear probes on the residual stream behind every block (`blocks.L.hook_resid_post`), one for each label and layer:
 * where in the model the knowledge arises. One layer's activations are held at a time.
 *
 * `labels`: columns of the sentences. `before`, `seed`, `signal`: as for `probe`.
 *
 * Throws as `extract` and `probe` do.
 */
export async function probeLayers(
	model: Decoder,
	sentences: Sentences,
	options: { labels: string[] } & Pick<
		ProbeOptions,
		"before" | "seed" | "signal"
	>,
): Promise<LayerScore[]> {
	const { labels, before, seed = 0 } = options;
	const signal = listenTo(options.signal);
	const tasks = labels.map((label) => makeTask(sentences, label, seed));
	const scores: LayerScore[] = [];
	for (let layer = 0; layer < model.info.n_layers; layer++) {
		const hook_name = `blocks.${layer}.hook_resid_post` as const;
		const acts = await extract(model, sentences, { hook_name, signal });
		const pooled = await poolSentences(acts, { before, signal });
		for (const [t, series] of labels.entries()) {
			const { score } = await assess(
				pooled,
				"each",
				tasks[t],
				{ seed, signal },
				(share) =>
					reportProgress({
						label: "probe the layers",
						done: layer * labels.length + t + share,
						total: model.info.n_layers * labels.length,
						unit: "probes",
						note: `${series} at ${hook_name}`,
					}),
			);
			const { accuracy: value, interval } = score;
			scores.push({ layer, series, value, interval, hook_name });
		}
	}
	return scores;
}
