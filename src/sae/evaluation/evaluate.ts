import type { Sentences, Split, SplitRecord } from "../../dataset";
import { listenTo } from "../../interrupt";
import {
	batchesByLength,
	type Decoder,
	type Intervention,
	parseHook,
} from "../../model";
import { reportProgress } from "../../progress";
import type { Latents, Sae, SparseRows } from "../types";
import { otherModel } from "../warnings";
import { judgedSentences, trainingRows, trainingSentences } from "./judged";
import { type LatentMetrics, latentMetrics } from "./latents";
import { type ReconstructionMetrics, reconstructionMetrics } from "./metrics";
import {
	batchOf,
	countedPositions,
	gather,
	predicting,
	rowsAt,
	scatter,
	tokensOf,
	valuesAt,
} from "./positions";
import { type PredictionMetrics, predictionMetrics } from "./predictions";
import { type WeightMetrics, weightMetrics } from "./weights";

/**
 * How good an SAE is; names and formulas as in SAELens. On sentences that it was not trained on where there are any:
 * `n_trained_on` and `notes` say where that is not so, or not known.
 */
export interface SaeEvaluation
	extends Omit<ReconstructionMetrics, "n">,
		LatentMetrics,
		PredictionMetrics,
		WeightMetrics {
	kind: "sae-evaluation";
	hook_name: string;
	d_sae: number;
	/** The split that everything but `dead_fraction` is measured on; absent where it is no part of one. */
	split?: Split;
	/** How that split came about. */
	split_record?: SplitRecord;
	/** Sentences measured. */
	n_sentences: number;
	/** Of these, how many the SAE was trained on; absent where that is not known. */
	n_trained_on?: number;
	/** What a reader should know, a sentence each. */
	notes: string[];
	/** Tokens counted: special ones never are. */
	n_tokens: number;
	/** Special tokens (BOS and the like) in the same texts, which no metric counts. */
	excluded: number;
	/**
	 * Latents that never fire on the train split (without one: on what the SAE was trained on, or on any sentence), as a share
	 * of d_sae; NaN where the sentences' own split has no train part: not known.
	 */
	dead_fraction: number;
	/** Wall-clock. */
	seconds: number;
	/** That the SAE was trained on another model, in one sentence; absent where it was not. */
	warnings?: string[];
}

export interface EvaluateOptions {
	/**
	 * Default: "test". Where the sentences have no split it is a part of the one that was made for the SAE's training; of
	 * other sentences those are used that it was not trained on.
	 */
	split?: Split;
	/**
	 * This SAE's latents of the train split (others are ignored), to find dead latents with.
	 * Default: the model runs over the train split to get them.
	 */
	latents?: Latents;
	/**
	 * Ends the work, with the signal's reason as error: metrics of the texts so far would be those of the longest, which run
	 * first. Default: the notebook's interrupt.
	 */
	signal?: AbortSignal;
}

/**
 * Measures reconstruction, sparsity, the model's predictions with the SAE in place, and dead latents. The model runs three
 * times over the sentences: as it is, with reconstructions in place of the activations, and with zeros.
 *
 * Special tokens are counted in no metric, and keep their own activations where the others are reconstructed; zeros stand
 * at every position, as in SAELens. The loss is a mean over positions that hold no special token, each predicting the
 * token after it; the divergence is one over the same positions and each text's last.
 * An SAE with `center_writing_weights` reads each row without its mean, and is measured against that.
 *
 * Throws where the hook is not the model's, the split is empty, or the widths differ.
 */
export async function evaluate(
	sae: Sae,
	model: Decoder,
	sentences: Sentences,
	options: EvaluateOptions = {},
): Promise<SaeEvaluation> {
	const started = performance.now();
	const signal = listenTo(options.signal);
	const { d_in, d_sae } = sae.cfg;
	const hook_name = parseHook(model, sae.cfg.hook_name);
	const warnings = otherModel(sae.cfg, model.info);
	const judged = judgedSentences(sae, sentences, options.split);
	const { split_record, n_sentences, n_trained_on, notes } = judged;
	const texts = await tokensOf(
		sae,
		model,
		judged.sentences,
		judged.split,
		signal,
	);
	const reconstructions = reconstructionMetrics(d_in);
	const latents = latentMetrics(d_sae);
	const predictions = predictionMetrics();
	let done = 0;
	for (const numbers of batchesByLength(texts)) {
		const some = numbers.map((i) => texts[i]);
		signal?.throwIfAborted();
		const tokens = batchOf(model, some);
		const counted = countedPositions(some, tokens);
		const conditions = async (
			cache: Parameters<typeof rowsAt>[0],
		): Promise<Intervention[][]> => {
			const values = rowsAt(cache, sae, hook_name);
			const x = gather(values, counted, d_in);
			const sparse = await sae.encodeRows(x);
			const reconstruction = sae.decode(sparse);
			reconstructions.add(sae.input(x), reconstruction);
			latents.add(sparse, ends(counted, tokens.seq));
			const all = scatter(values, counted, reconstruction, d_in);
			return [all, new Float32Array(all.length)].map((values) => [
				{ type: "replace", hook_name, values },
			]);
		};
		const hooks = [hook_name];
		const compared = await model.compare(tokens, {
			hooks,
			conditions,
			signal,
		});
		predictions.add(compared, counted, predicting(counted, tokens));
		done += some.length;
		const total = texts.length;
		reportProgress({ label: "evaluate SAE", done, total, unit: "sentences" });
	}
	const { n, ...reconstruction } = reconstructions.result();
	const sum = (of: (text: (typeof texts)[number]) => number) =>
		texts.reduce((so_far, text) => so_far + of(text), 0);
	return {
		kind: "sae-evaluation",
		hook_name,
		d_sae,
		...(judged.part && { split: judged.part }),
		...(split_record && { split_record }),
		n_sentences,
		...(n_trained_on !== undefined && { n_trained_on }),
		notes,
		n_tokens: n,
		excluded: sum(({ excluded }) => excluded),
		...latents.result(),
		...reconstruction,
		...predictions.result(),
		...(await weightMetrics(sae, { signal })),
		dead_fraction: await deadFraction(sae, model, sentences, {
			...options,
			signal,
		}),
		seconds: (performance.now() - started) / 1000,
		...(warnings.length > 0 && { warnings }),
	};
}

/** Where each text's rows end among the counted ones. */
function* ends(counted: number[], seq: number): Generator<number> {
	for (let i = 1; i <= counted.length; i++)
		if (Math.floor(counted[i] / seq) !== Math.floor(counted[i - 1] / seq))
			yield i;
}

async function deadFraction(
	sae: Sae,
	model: Decoder,
	sentences: Sentences,
	{ latents, signal }: EvaluateOptions,
): Promise<number> {
	const fired = new Uint8Array(sae.cfg.d_sae);
	const mark = ({ indptr, indices }: SparseRows, row: number) => {
		for (let j = indptr[row]; j < indptr[row + 1]; j++) fired[indices[j]] = 1;
	};
	if (latents) {
		if (latents.sae !== sae)
			throw new Error(
				"The latents given are another SAE's: give those of `sae.encode(acts)`.",
			);
		const rows = trainingRows(sae, latents);
		if (rows.length === 0) return Number.NaN;
		for (const row of rows) mark(latents, row);
	} else {
		const seen = trainingSentences(sae, sentences);
		const split = seen.split && "train";
		if (split && !seen.split?.includes(split)) return Number.NaN;
		const texts = await tokensOf(sae, model, seen, split, signal);
		let done = 0;
		for (const numbers of batchesByLength(texts)) {
			const some = numbers.map((i) => texts[i]);
			signal?.throwIfAborted();
			const tokens = batchOf(model, some);
			const values = await valuesAt(model, sae, tokens, signal);
			const x = gather(values, countedPositions(some, tokens), sae.cfg.d_in);
			const sparse = await sae.encodeRows(x);
			for (const latent of sparse.indices) fired[latent] = 1;
			done += some.length;
			const total = texts.length;
			reportProgress({
				label: "find dead latents",
				done,
				total,
				unit: "sentences",
			});
		}
	}
	return fired.filter((one) => !one).length / fired.length;
}
