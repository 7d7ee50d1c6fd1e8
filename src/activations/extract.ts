import { type Sentences, type Split, sentencesOf } from "../dataset";
import {
	batchesByLength,
	hookWidth,
	type Model,
	parseHook,
	type Tokens,
} from "../model";
import { reportProgress } from "../progress";
import { rowsOf } from "./rows";
import type { Activations, ExtractOptions, TokenRows } from "./types";

/** Sentences turned into tokens between two looks at the event loop. */
const AT_ONCE = 256;

/**
 * The values at one hook for every token of the sentences (or of plain texts). The model runs no further than the
 * hook; padding and special tokens have no rows. Sentences longer than the context are cut, with a warning.
 * Throws on an unknown hook, an empty data set, and NaN or infinite activations.
 */
export async function extract(
	model: Model,
	sentences: Sentences | string[],
	options: ExtractOptions,
): Promise<Activations> {
	const from = Array.isArray(sentences) ? sentencesOf(sentences) : sentences;
	const { info } = model;
	const hook_name = parseHook(info, options.hook_name);
	const d_in = hookWidth(info, hook_name);
	if (from.text.length === 0)
		throw new Error(
			`The data set "${from.name}" is empty: there is nothing to extract.`,
		);
	const texts = await tokenize(model, from, options);
	const { rows, firstRow } = layOut(texts, options.include_bos ?? false);
	const n_tokens = rows.sentence.length;
	if (n_tokens === 0)
		throw new Error(
			`The data set "${from.name}" has no token besides special ones.`,
		);
	const cut = warnOfCuts(texts, info.n_ctx);
	const data = new Float32Array(n_tokens * d_in);
	let done = 0;
	for (const batch of batchesByLength(texts, options.batch_tokens)) {
		options.signal?.throwIfAborted();
		const out = await model.run(model.batch(batch.map((i) => texts[i])), {
			hooks: [hook_name],
		});
		const { data: values, dims } = out.cache[hook_name];
		for (const [b, i] of batch.entries())
			for (let row = firstRow[i]; row < firstRow[i + 1]; row++) {
				const at = (b * dims[1] + rows.position[row]) * d_in;
				const value = values.subarray(at, at + d_in);
				if (!allFinite(value))
					throw new Error(
						`The activations at "${hook_name}" are NaN or infinite in sentence ${i} ("${from.text[i].slice(0, 40)}"), so the model's weights are broken or the text drives it out of range.`,
					);
				data.set(value, row * d_in);
			}
		done += batch.reduce((n, i) => n + firstRow[i + 1] - firstRow[i], 0);
		reportProgress({
			label: `extract ${hook_name}`,
			done,
			total: n_tokens,
			unit: "tokens",
		});
	}
	const acts = { rows, sentences: from, d_in, n_tokens, data };
	return {
		kind: "activations",
		hook_name,
		...acts,
		model: info,
		cut,
		batches: (chosen = {}) => batches(acts, chosen.size ?? 4096, chosen.split),
	};
}

async function tokenize(
	model: Model,
	{ text }: Sentences,
	{ prepend_bos, signal }: ExtractOptions,
): Promise<Tokens[]> {
	const tokens: Tokens[] = [];
	for (let i = 0; i < text.length; i++) {
		if (i % AT_ONCE === 0) {
			await new Promise(setImmediate);
			signal?.throwIfAborted();
		}
		tokens.push(model.toTokens(text[i], { prepend_bos }));
	}
	return tokens;
}

/** Which tokens have rows, in order; the rows of sentence i are firstRow[i] to firstRow[i + 1]. */
function layOut(
	texts: Tokens[],
	include_bos: boolean,
): { rows: TokenRows; firstRow: Uint32Array } {
	const has = (text: Tokens, position: number) =>
		!text.special[position] || (include_bos && position === 0);
	const firstRow = new Uint32Array(texts.length + 1);
	for (const [i, text] of texts.entries())
		firstRow[i + 1] =
			firstRow[i] +
			text.ids.filter((_, position) => has(text, position)).length;
	const n = firstRow[texts.length];
	const rows = {
		sentence: new Uint32Array(n),
		position: new Uint16Array(n),
		token: new Uint32Array(n),
		start: new Uint32Array(n),
		end: new Uint32Array(n),
	};
	let row = 0;
	for (const [i, text] of texts.entries())
		for (const [position, id] of text.ids.entries()) {
			if (!has(text, position)) continue;
			rows.sentence[row] = i;
			rows.position[row] = position;
			rows.token[row] = id;
			rows.start[row] = text.start[position];
			rows.end[row] = text.end[position];
			row++;
		}
	return { rows, firstRow };
}

function warnOfCuts(texts: Tokens[], n_ctx: number): number {
	const cut = texts.reduce((n, text) => n + text.cut, 0);
	const many = texts.filter((text) => text.cut > 0).length;
	if (cut > 0)
		process.emitWarning(
			`${many} of ${texts.length} texts are longer than the context of ${n_ctx} tokens; ${cut} tokens at their ends were left out.`,
		);
	return cut;
}

function allFinite(values: Float32Array): boolean {
	let sum = 0;
	for (let i = 0; i < values.length; i++) sum += values[i] * 0; // NaN where a value is not finite
	return sum === 0;
}

async function* batches(
	acts: Pick<Activations, "rows" | "sentences" | "d_in" | "n_tokens" | "data">,
	size: number,
	split: Split | undefined,
): AsyncGenerator<Float32Array> {
	const { d_in, n_tokens, data } = acts;
	if (!split || !acts.sentences.split) {
		for (let from = 0; from < n_tokens; from += size)
			yield data.subarray(from * d_in, (from + size) * d_in);
		return;
	}
	const numbers = rowsOf(acts, split);
	for (let from = 0; from < numbers.length; from += size) {
		const some = numbers.subarray(from, from + size);
		const batch = new Float32Array(some.length * d_in);
		for (const [i, row] of some.entries())
			batch.set(data.subarray(row * d_in, (row + 1) * d_in), i * d_in);
		yield batch;
	}
}
