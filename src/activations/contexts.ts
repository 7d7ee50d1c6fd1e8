import type { Sentences } from "../dataset";
import {
	type Decoder,
	type ModelInfo,
	type Tokens,
	UntokenizableText,
} from "../model";

/** Texts, or the tokens that stand for them. */
export type Texts = Pick<Sentences, "text" | "token_ids">;

/** How texts become contexts. */
export interface ContextOptions {
	prepend_bos?: boolean;
	include_bos?: boolean;
	/** Tokens of a context into which texts are packed; default: each text has contexts of its own. */
	context_size?: number;
	/** Tokens that a context of its own has at most; default: the model's context. */
	longest?: number;
}

/** A place between two tokens of the data set. */
export interface Place {
	sentence: number;
	/** Tokens of that sentence before the place, without the BOS that the model puts in front. */
	token: number;
}

/** What the model sees at once: one text, a part of one, or several. The arrays have one entry per token. */
export interface Context {
	ids: Int32Array;
	/** The sentence a token belongs to; BOS belongs to the token after it. */
	sentence: Uint32Array;
	start: Uint32Array;
	end: Uint32Array;
	/** 1 where the token has a row. */
	keep: Uint8Array;
	/** Where the next context begins. */
	next: Place;
}

/** The tokens of text number i, all of them and without BOS in front. Throws where one of its characters has none. */
export function tokensOf(
	{ info, toTokens }: Pick<Decoder, "info" | "toTokens">,
	{ text, token_ids }: Texts,
	i: number,
): Tokens {
	if (token_ids) return fromIds(info, token_ids[i]);
	try {
		return toTokens(text[i], { prepend_bos: false, truncate: false });
	} catch (error) {
		if (!(error instanceof UntokenizableText)) throw error;
		throw new UntokenizableText(
			`Sentence ${i}: ${error.message} extract leaves such sentences out with skip_untokenizable: true.`,
		);
	}
}

/** Tokens whose places are in their ids, written one after the other with a space between. */
function fromIds(
	{ bos_token_id, eos_token_id }: ModelInfo,
	ids: Int32Array,
): Tokens {
	const start = new Uint32Array(ids.length);
	const end = new Uint32Array(ids.length);
	for (let at = 0, i = 0; i < ids.length; i++) {
		start[i] = at;
		end[i] = at + String(ids[i]).length;
		at = end[i] + 1;
	}
	const special = Uint8Array.from(ids, (id) =>
		Number(id === bos_token_id || id === eos_token_id),
	);
	return { ids, start, end, special, cut: 0 };
}

/** Whether the contexts of a model begin with BOS. Throws where they should and the model has none. */
export function beginsWithBos(
	{ info }: Pick<Decoder, "info">,
	prepend_bos?: boolean,
): boolean {
	if (prepend_bos && info.bos_token_id === null)
		throw new Error(
			`"${info.name}" has no BOS token to put in front; leave prepend_bos out or set it to false.`,
		);
	return prepend_bos !== false && info.bos_token_id !== null;
}

/** Positions are 16-bit numbers. */
const MOST = 65536;

/** Tokens a context has at most. Throws where contexts of the size asked for cannot be made. */
export function contextSize(
	{ info }: Pick<Decoder, "info">,
	{ context_size, prepend_bos, longest }: ContextOptions,
): number {
	const least = beginsWithBos({ info }, prepend_bos) ? 2 : 1;
	const most = Math.min(info.n_ctx, MOST);
	const size = context_size ?? Math.max(least, Math.min(most, longest ?? most));
	if (!Number.isInteger(size) || size < least || size > most)
		throw new Error(
			`context_size is ${size}, where a whole number from ${least} to ${most}, the context of "${info.name}", was expected.`,
		);
	return size;
}

/**
 * The contexts of the texts from `from` on. Each text is one of its own, and one that is too long for the model goes
 * on in further ones; with `context_size` the texts are packed. No token is left out.
 */
export function* contextsOf(
	model: Pick<Decoder, "info" | "toTokens">,
	given: Texts | readonly string[],
	options: ContextOptions,
	from: Place = { sentence: 0, token: 0 },
): Generator<Context> {
	const texts = "text" in given ? given : { text: [...given] };
	const begins = beginsWithBos(model, options.prepend_bos);
	const bos = model.info.bos_token_id ?? undefined;
	const packed = options.context_size !== undefined;
	const draft = drafts(contextSize(model, options), options.include_bos);
	const brings = packed || texts.token_ids !== undefined;
	const count = texts.text.length;
	for (let i = from.sentence; i < count; i++) {
		const text = tokensOf(model, texts, i);
		const n = text.ids.length;
		let at = i === from.sentence ? from.token : 0;
		if (n === 0 && begins && !packed && bos !== undefined) {
			draft.bos(bos, i, 0); // a context of its own, though it has no more than BOS
			yield draft.finish({ sentence: i + 1, token: 0 });
		}
		for (let first = at === 0; at < n; first = false) {
			const needed = draft.empty() ? begins : packed && first;
			// A text that brings its BOS along needs no second one.
			if (needed && bos !== undefined && !(brings && text.ids[at] === bos))
				draft.bos(bos, i, text.start[at]);
			at = draft.fill(text, i, at);
			const next =
				at < n ? { sentence: i, token: at } : { sentence: i + 1, token: 0 };
			if (draft.full() || (!packed && at === n)) yield draft.finish(next);
		}
	}
	if (!draft.empty()) yield draft.finish({ sentence: count, token: 0 });
}

/** One context after another, each filled from the front. */
function drafts(size: number, include_bos = false) {
	let length = 0;
	const draft = {
		ids: new Int32Array(size),
		sentence: new Uint32Array(size),
		start: new Uint32Array(size),
		end: new Uint32Array(size),
		keep: new Uint8Array(size),
	};
	return {
		empty: () => length === 0,
		full: () => length === size,
		bos(id: number, sentence: number, at: number) {
			draft.ids[length] = id;
			draft.sentence[length] = sentence;
			draft.start[length] = draft.end[length] = at;
			draft.keep[length++] = Number(include_bos);
		},
		/** As many tokens of a text as there is room for, from number `from` on; returns how far it came. */
		fill(text: Tokens, sentence: number, from: number): number {
			const to = Math.min(text.ids.length, from + size - length);
			draft.ids.set(text.ids.subarray(from, to), length);
			draft.start.set(text.start.subarray(from, to), length);
			draft.end.set(text.end.subarray(from, to), length);
			draft.sentence.fill(sentence, length, length + to - from);
			for (let t = from; t < to; t++, length++)
				draft.keep[length] =
					!text.special[t] || (include_bos && length === 0) ? 1 : 0;
			return to;
		},
		finish(next: Place): Context {
			const { ids, sentence, start, end, keep } = draft;
			const context = {
				ids: ids.slice(0, length),
				sentence: sentence.slice(0, length),
				start: start.slice(0, length),
				end: end.slice(0, length),
				keep: keep.slice(0, length),
				next,
			};
			length = 0;
			return context;
		},
	};
}
