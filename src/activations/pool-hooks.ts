import type { Sentences } from "../dataset";
import { listenTo } from "../interrupt";
import {
	type AnyHookName,
	type Decoder,
	parseHook,
	type TokenIds,
} from "../model";
import { reportProgress } from "../progress";
import { contextSize } from "./contexts";
import { checkHooks, gather, gigabytes } from "./extract";
import { givenTexts } from "./given";
import type { DenseMatrix } from "./matrix";
import { memoryForActivations } from "./memory";
import { whole } from "./options";
import {
	checkPool,
	countedTokens,
	densePooler,
	type PoolOptions,
} from "./pool";
import { runContexts } from "./run";
import type { ExtractSettings } from "./types";
import { layOut } from "./window";

/** As for `extract` and `poolSentences`. */
export interface PoolHooksOptions
	extends PoolOptions,
		Pick<
			ExtractSettings,
			| "prepend_bos"
			| "include_bos"
			| "context_size"
			| "center_writing_weights"
			| "batch_tokens"
		> {
	/** Several hooks, from one pass of the model. */
	hook_names: readonly AnyHookName[];
}

/**
 * What `poolSentences` gives for the activations at each hook: dense rows [n_sentences, d_in], in the order of
 * `hook_names`; but the model runs once for all hooks, and no token's values are kept. Memory holds n_sentences × d_in
 * numbers a hook, and some 35 bytes a token. Sums over the contexts of a text that needs several are added in another
 * order, so that the last digit of their mean may differ from `poolSentences`'.
 *
 * Throws as `extract` and `poolSentences` do, and where memory has no room for the rows.
 */
export async function poolHooks(
	model: Decoder,
	sentences: Sentences | string[] | readonly TokenIds[],
	options: PoolHooksOptions,
): Promise<DenseMatrix[]> {
	const from = givenTexts(model, sentences);
	const pool = checkPool(options.pool);
	const hooks = checkHooks(model, options.hook_names);
	contextSize(model, options);
	const { batch_tokens = 1 } = options;
	whole({ batch_tokens });
	if (from.text.length === 0)
		throw new Error(
			`The data set "${from.name}" is empty: there is nothing to pool.`,
		);
	checkRoom(from.text.length * hooks.reduce((n, { d_in }) => n + d_in, 0));
	const settings = { ...options, signal: listenTo(options.signal) };
	const window = await gather(model, from, [], settings);
	const { rows, firstRow } = layOut(window);
	const placed = { rows, sentences: from, model: model.info };
	const counted = countedTokens(placed, options.before);
	const poolers = new Map(
		hooks.map((hook) => [
			hook.hook_name,
			densePooler(pool, hook.d_in, rows.sentence, counted),
		]),
	);
	const targets = hooks.map((hook) => ({
		...hook,
		put(row: number, value: Float32Array) {
			poolers.get(hook.hook_name)?.add(row, value, 0);
		},
	}));
	let done = 0;
	await runContexts(model, window, firstRow, targets, {
		texts: from.text,
		settings,
		told(more) {
			done += more;
			const total = rows.sentence.length;
			const label = `pool ${hooks.length} hook${hooks.length === 1 ? "" : "s"}`;
			reportProgress({ label, done, total, unit: "tokens" });
		},
	});
	return options.hook_names.map(
		(name) => poolers.get(parseHook(model, name))?.matrix as DenseMatrix,
	);
}

function checkRoom(numbers: number): void {
	const room = memoryForActivations();
	if (4 * numbers > room)
		throw new Error(
			`The pooled rows need ${gigabytes(4 * numbers)} of memory, and ${gigabytes(room)}, half of what is free, may be used: name fewer hooks, or give fewer sentences.`,
		);
}
