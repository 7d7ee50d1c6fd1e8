import { rowsOf } from "../../activations";
import type { Sentences, Split } from "../../dataset";
import {
	batchesByLength,
	type Decoder,
	type Intervention,
	parseHook,
} from "../../model";
import { reportProgress } from "../../progress";
import type { Latents, Sae, SparseRows } from "../types";
import { type ReconstructionMetrics, reconstructionMetrics } from "./metrics";
import {
	countedPositions,
	gather,
	predicting,
	scatter,
	tokensOf,
	valuesAt,
} from "./positions";

/** How good an SAE is, on sentences that it was not trained on; formulas as in SAELens. */
export interface SaeEvaluation extends Omit<ReconstructionMetrics, "n"> {
	kind: "sae-evaluation";
	hook_name: string;
	/** The split that everything but `dead_fraction` is measured on; absent where the sentences have none. */
	split?: Split;
	/** Tokens counted: special ones never are. */
	n_tokens: number;
	/** Mean number of latents that fire on a token. */
	l0: number;
	/** Mean over tokens of Σ f. */
	l1: number;
	/** Mean cross-entropy in nats per predicted token: the model as it is. */
	ce_loss_without_sae: number;
	/** The same with the activations at the hook replaced by their reconstruction. */
	ce_loss_with_sae: number;
	/** The same with the activations at the hook replaced by zeros. */
	ce_loss_with_ablation: number;
	/** (ablation − with SAE) / (ablation − without SAE): 1 when nothing is lost, 0 when it is no better than zeros. */
	ce_loss_score: number;
	/** Latents that never fire on the train split (on any sentence where there are no splits), as a share of d_sae. */
	dead_fraction: number;
	/** Wall-clock. */
	seconds: number;
}

export interface EvaluateOptions {
	/** Default: "test". Where the sentences have no split, all of them are used. */
	split?: Split;
	/**
	 * This SAE's latents of the train split (others are ignored), to find dead latents with.
	 * Default: the model runs over the train split to get them.
	 */
	latents?: Latents;
	signal?: AbortSignal;
}

/**
 * Measures reconstruction, sparsity, the model's loss with the SAE in place, and dead latents.
 *
 * Special tokens are neither counted nor touched: reconstructions and zeros replace the activations everywhere else.
 * The loss is a mean over positions that hold no special token, each predicting the token after it.
 * Throws where the hook is not the model's, the split is empty, or the widths differ.
 */
export async function evaluate(
	sae: Sae,
	model: Decoder,
	sentences: Sentences,
	options: EvaluateOptions = {},
): Promise<SaeEvaluation> {
	const started = performance.now();
	const { d_in } = sae.cfg;
	const hook_name = parseHook(model, sae.cfg.hook_name);
	const split = sentences.split && (options.split ?? "test");
	const texts = tokensOf(sae, model, sentences, split);
	const metrics = reconstructionMetrics(d_in);
	const latents = { n: 0, l1: 0 };
	const loss = { tokens: 0, without: 0, sae: 0, ablation: 0 };
	let done = 0;
	for (const numbers of batchesByLength(texts)) {
		const some = numbers.map((i) => texts[i]);
		options.signal?.throwIfAborted();
		const tokens = model.batch(some);
		const values = await valuesAt(model, sae, tokens);
		const counted = countedPositions(some, tokens);
		const x = gather(values, counted, d_in);
		const sparse = await sae.encodeRows(x);
		const reconstruction = sae.decode(sparse);
		metrics.add(x, reconstruction);
		latents.n += sparse.values.length;
		for (const value of sparse.values) latents.l1 += value;

		const replaced = async (rows: Float32Array) => {
			const type = "replace" as const;
			const all = scatter(values, counted, rows, d_in);
			const change: Intervention = { type, hook_name, values: all };
			return model.loss(tokens, { interventions: [change] });
		};
		const without = await model.loss(tokens);
		const withSae = await replaced(reconstruction);
		const ablation = await replaced(new Float32Array(x.length));
		for (const at of predicting(counted, tokens)) {
			loss.tokens++;
			loss.without += without.data[at];
			loss.sae += withSae.data[at];
			loss.ablation += ablation.data[at];
		}
		done += some.length;
		const total = texts.length;
		reportProgress({ label: "evaluate SAE", done, total, unit: "sentences" });
	}
	const { n, ...reconstruction } = metrics.result();
	const [clean, spliced, ablated] = [
		loss.without / loss.tokens,
		loss.sae / loss.tokens,
		loss.ablation / loss.tokens,
	];
	return {
		kind: "sae-evaluation",
		hook_name,
		...(split && { split }),
		n_tokens: n,
		l0: latents.n / n,
		l1: latents.l1 / n,
		...reconstruction,
		ce_loss_without_sae: clean,
		ce_loss_with_sae: spliced,
		ce_loss_with_ablation: ablated,
		ce_loss_score: (ablated - spliced) / (ablated - clean),
		dead_fraction: await deadFraction(sae, model, sentences, options),
		seconds: (performance.now() - started) / 1000,
	};
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
		for (const row of rowsOf(latents.acts, "train")) mark(latents, row);
	} else {
		const texts = tokensOf(sae, model, sentences, sentences.split && "train");
		let done = 0;
		for (const numbers of batchesByLength(texts)) {
			const some = numbers.map((i) => texts[i]);
			signal?.throwIfAborted();
			const tokens = model.batch(some);
			const values = await valuesAt(model, sae, tokens);
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
