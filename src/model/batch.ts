import type {
	Decoder,
	Input,
	ModelInfo,
	TokenBatch,
	TokenIds,
	Tokens,
} from "./types";

/** What a model was given, as a batch. Throws where a text has no token of its own, or where it does not fit whole. */
export function asBatch(
	{ info, toTokens }: Pick<Decoder, "info" | "toTokens">,
	input: Input,
	prepend_bos?: boolean,
): TokenBatch {
	if (typeof input === "object" && input !== null && !Array.isArray(input)) {
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
					`The text ${JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)} has no token besides special ones; give a text with at least one word, or token ids as model.batch([Int32Array.of(…)]).`,
				);
			if (tokens.cut > 0)
				throw new Error(
					`The text ${JSON.stringify(`${text.slice(0, 40)}…`)} has ${tokens.ids.length + tokens.cut} tokens, and the context of "${info.name}" holds ${info.n_ctx}: shorten it, or give its beginning as model.batch([model.toTokens(text)]); extract reads texts of any length.`,
				);
			return tokens;
		}),
	);
}

/** Puts texts side by side, padded on the right with id 0. Throws where they do not fit the model. */
export function batchOf(
	info: ModelInfo,
	texts: readonly (Tokens | TokenIds)[],
): TokenBatch {
	const rows = texts.map((text) => ("ids" in text ? text.ids : text));
	for (const [i, row] of rows.entries()) checkIds(info, row, `text ${i}`);
	const lengths = Int32Array.from(rows, (row) => row.length);
	const seq = lengths.reduce((a, b) => Math.max(a, b), 0);
	const ids = new Int32Array(rows.length * seq);
	for (const [i, row] of rows.entries()) ids.set(row, i * seq);
	const cut = Int32Array.from(texts, (text) => ("ids" in text ? text.cut : 0));
	const batch = {
		...{ ids, lengths, batch: rows.length, seq },
		...(cut.some(Boolean) && { cut }),
	};
	checkBatch(info, batch);
	return batch;
}

/** Throws where a list is none of token ids of the model. */
export function checkIds(
	{ name, d_vocab }: ModelInfo,
	ids: TokenIds,
	where: string,
): void {
	if (!Array.isArray(ids) && !ArrayBuffer.isView(ids))
		throw new Error(
			`Of ${where} ${JSON.stringify(ids) ?? ids} was given, where a list of token ids was expected.`,
		);
	if (ids.length === 0)
		throw new Error(
			`The list of ${where} is empty: at least one token is needed.`,
		);
	for (let at = 0; at < ids.length; at++)
		if (!Number.isInteger(ids[at]) || ids[at] < 0 || ids[at] >= d_vocab)
			throw new Error(
				`There is no token ${ids[at]} in "${name}" (${where}, position ${at}): its ids are 0 to ${d_vocab - 1}.`,
			);
}

/**
 * A position of a text as it counts from its beginning, where a negative one counts from its own end.
 * Throws where the text has no such position, or where that end was cut off. `asks`: who asks for it.
 */
export function ownPosition(
	{ lengths, cut }: Pick<TokenBatch, "lengths" | "cut">,
	text: number,
	position: number,
	asks: string,
): number {
	const length = lengths[text];
	const at = position < 0 ? length + position : position;
	if (!Number.isInteger(position) || at < 0 || at >= length)
		throw new Error(
			`${asks} asks for position ${position}, but text ${text} has the positions 0 to ${length - 1}.`,
		);
	if (position < 0 && cut?.[text])
		throw new Error(
			`${asks} asks for position ${position}, counted from the end, but ${cut[text]} tokens at the end of text ${text} were cut: give a position from the beginning, or a shorter text.`,
		);
	return at;
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
	const { ids, lengths, batch, seq, cut } = tokens;
	if (!ids || !lengths)
		throw new Error(
			"A text, a list of texts or a batch (of model.batch) was expected, and none of these was given.",
		);
	if (ids.length !== batch * seq || lengths.length !== batch)
		throw new Error(
			`The batch says ${batch} texts of ${seq} tokens, but has ${ids.length} ids and ${lengths.length} lengths.`,
		);
	if (cut && cut.length !== batch)
		throw new Error(
			`The batch says ${batch} texts, but how many tokens were cut of ${cut.length}.`,
		);
	if (batch * seq === 0)
		throw new Error("The batch is empty: at least one token is needed.");
	if (seq > info.n_ctx)
		throw new Error(
			`The longest text has ${seq} tokens, but the context of "${info.name}" holds ${info.n_ctx}; cut it.`,
		);
	for (let text = 0; text < batch; text++)
		if (!whole(lengths[text], 1, seq))
			throw new Error(
				`The batch says that text ${text} has ${lengths[text]} tokens, where 1 to ${seq}, the tokens side by side, are possible.`,
			);
	const wrong = ids.find((id) => !whole(id, 0, info.d_vocab - 1));
	if (wrong !== undefined)
		throw new Error(
			`There is no token ${wrong} in "${info.name}": its ids are 0 to ${info.d_vocab - 1}.`,
		);
}

const whole = (value: number, least: number, most: number) =>
	Number.isInteger(value) && value >= least && value <= most;

/** The texts from number `from` up to `to` (exclusive) of a batch; nothing is copied. */
export function textsOf(
	tokens: TokenBatch,
	from: number,
	to: number,
): TokenBatch {
	const lengths = tokens.lengths.subarray(from, to);
	const { seq, cut } = tokens;
	return {
		...(cut && { cut: cut.subarray(from, to) }),
		ids: tokens.ids.subarray(from * seq, (from + lengths.length) * seq),
		lengths,
		batch: lengths.length,
		seq,
	};
}
