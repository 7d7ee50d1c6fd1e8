import type { Decoder, Input, ModelInfo, TokenBatch, Tokens } from "./types";

/** What a model was given, as a batch. Throws where a text has no token of its own, or where tokens do not fit. */
export function asBatch(
	{ info, toTokens }: Pick<Decoder, "info" | "toTokens">,
	input: Input,
	prepend_bos?: boolean,
): TokenBatch {
	if (typeof input !== "string" && !Array.isArray(input)) {
		checkBatch(info, input);
		return input;
	}
	const texts = [input].flat();
	if (texts.length === 0)
		throw new Error("No text was given: give at least one.");
	return batchOf(
		info,
		texts.map((text) => {
			const tokens = toTokens(text, { prepend_bos });
			if (tokens.special.every(Boolean))
				throw new Error(
					`The text ${JSON.stringify(text)} has no token besides special ones; give a text with at least one word, or token ids as model.batch([Int32Array.of(…)]).`,
				);
			return tokens;
		}),
	);
}

/** Puts texts side by side, padded on the right with id 0. Throws where they do not fit the model. */
export function batchOf(
	info: ModelInfo,
	texts: readonly (Tokens | Int32Array)[],
): TokenBatch {
	const rows = texts.map((text) =>
		text instanceof Int32Array ? text : text.ids,
	);
	const lengths = Int32Array.from(rows, (row) => row.length);
	const seq = lengths.reduce((a, b) => Math.max(a, b), 0);
	const ids = new Int32Array(rows.length * seq);
	for (const [i, row] of rows.entries()) ids.set(row, i * seq);
	const batch = { ids, lengths, batch: rows.length, seq };
	checkBatch(info, batch);
	return batch;
}

/** Tokens that go through a model at once, padding included: more is not faster. */
const BATCH_TOKENS = 2048;

/** Numbers of the texts that go into each batch, longest first, so that those side by side are of nearly one length. */
export function batchesByLength(
	texts: readonly Pick<Tokens, "ids">[],
	batch_tokens = BATCH_TOKENS,
): number[][] {
	const length = (i: number) => texts[i].ids.length;
	const order = [...texts.keys()]
		.filter((i) => length(i) > 0)
		.sort((a, b) => length(b) - length(a));
	const batches: number[][] = [];
	for (let at = 0; at < order.length; ) {
		const size = Math.max(1, Math.floor(batch_tokens / length(order[at])));
		batches.push(order.slice(at, at + size));
		at += size;
	}
	return batches;
}

/** Throws where a batch does not fit the model or itself. */
export function checkBatch(info: ModelInfo, tokens: TokenBatch): void {
	const { ids, lengths, batch, seq } = tokens;
	if (ids.length !== batch * seq || lengths.length !== batch)
		throw new Error(
			`The batch says ${batch} texts of ${seq} tokens, but has ${ids.length} ids and ${lengths.length} lengths.`,
		);
	if (batch * seq === 0)
		throw new Error("The batch is empty: at least one token is needed.");
	if (seq > info.n_ctx)
		throw new Error(
			`The longest text has ${seq} tokens, but the context of "${info.name}" holds ${info.n_ctx}; cut it.`,
		);
	const wrong = ids.find((id) => id < 0 || id >= info.d_vocab);
	if (wrong !== undefined)
		throw new Error(
			`There is no token ${wrong} in "${info.name}": its ids are 0 to ${info.d_vocab - 1}.`,
		);
}

/** The texts from number `from` up to `to` (exclusive) of a batch; nothing is copied. */
export function textsOf(
	tokens: TokenBatch,
	from: number,
	to: number,
): TokenBatch {
	const lengths = tokens.lengths.subarray(from, to);
	const { seq } = tokens;
	return {
		ids: tokens.ids.subarray(from * seq, (from + lengths.length) * seq),
		lengths,
		batch: lengths.length,
		seq,
	};
}
