import {
	batchesByLength,
	type Decoder,
	type HookName,
	NotFinite,
} from "../model";
import { centre, writesToStream } from "./centre";
import type { ExtractSettings } from "./types";
import type { Window } from "./window";

/** A hook and the width of its values. */
export interface Hook {
	hook_name: HookName;
	d_in: number;
}

/** A hook, and what takes each row's values, [d_in], in any order of the rows; they are overwritten afterwards. */
export interface Target extends Hook {
	put(row: number, value: Float32Array): void;
}

/** Puts a hook's rows into one array [rows, d_in]. */
export function intoArray(hook: Hook, into: Float32Array): Target {
	return { ...hook, put: (row, value) => into.set(value, row * hook.d_in) };
}

/** What progress calls the work. */
export function progressLabel(hooks: readonly Hook[]): string {
	return hooks.length === 1
		? `extract ${hooks[0].hook_name}`
		: `extract ${hooks.length} hooks`;
}

/**
 * Runs the contexts of a window through the model, those of like length together, and gives the values of their rows to
 * each hook's `put`. `told` hears after each batch how many rows it had.
 * Throws where a value is NaN or infinite, naming the sentence.
 */
export async function runContexts(
	model: Decoder,
	{ first, columns, count }: Window,
	firstRow: Float64Array,
	targets: readonly Target[],
	how: {
		texts: readonly string[];
		settings: ExtractSettings;
		told: (rows: number) => void;
	},
): Promise<void> {
	const { texts, settings, told } = how;
	/** The error with the sentence in the place of the context. */
	const inSentence = ({ message, text }: NotFinite, i: number) =>
		new Error(
			message.replace(
				`in text ${text},`,
				() => `in sentence ${i} (${JSON.stringify(texts[i].slice(0, 40))}),`,
			),
		);
	const { keep, sentence } = columns;
	const contexts = Array.from({ length: count() }, (_, i) => ({
		ids: columns.ids.subarray(first[i], first[i + 1]),
	}));
	const hooks = targets.map(({ hook_name }) => hook_name);
	for (const batch of batchesByLength(contexts, settings.batch_tokens)) {
		const { signal } = settings;
		signal?.throwIfAborted();
		const input = model.batch(batch.map((i) => contexts[i].ids));
		const { cache } = await model
			.run(input, { hooks, signal })
			.catch((error) => {
				throw error instanceof NotFinite
					? inSentence(
							error,
							sentence[first[batch[error.text]] + error.position],
						)
					: error;
			});
		for (const { hook_name, d_in, put } of targets) {
			const values = cache[hook_name].data; // [batch, seq, d_in]
			const centred =
				settings.center_writing_weights && writesToStream(hook_name);
			for (const [b, i] of batch.entries()) {
				let row = firstRow[i];
				for (let t = first[i]; t < first[i + 1]; t++) {
					if (!keep[t]) continue;
					const at = (b * input.seq + t - first[i]) * d_in;
					const value = values.subarray(at, at + d_in);
					if (centred) centre(value);
					put(row++, value);
				}
			}
		}
		told(batch.reduce((n, i) => n + firstRow[i + 1] - firstRow[i], 0));
	}
}
