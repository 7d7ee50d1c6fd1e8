import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "./config";

/** A text as tokens, without BOS, however long. */
export interface Encoded {
	ids: number[];
	/** UTF-16 offsets of each token's characters; `end` is exclusive. */
	start: number[];
	end: number[];
	special: boolean[];
}

/** What a text is refused with that has a character for which the tokenizer has no token. */
export class UntokenizableText extends Error {}

/** A byte-level BPE tokenizer. */
export interface Tokenizer {
	/** The id of the token that begins a text, by tokenizer_config.json. */
	bos_token_id?: number;
	/** Throws where a character has no token, naming it, and where the tokenizer changes the text. */
	encode(text: string): Encoded;
	/** The text of tokens in a row; part of a character is shown as U+FFFD. */
	decode(...ids: number[]): string;
}

/**
 * Reads tokenizer.json (and tokenizer_config.json where there is one) from a folder; nothing is downloaded.
 * Undefined where the folder has no tokenizer.json.
 */
export async function loadTokenizer(
	folder: string,
): Promise<Tokenizer | undefined> {
	const file = join(folder, "tokenizer.json");
	if (!existsSync(file)) return undefined;
	const configFile = join(folder, "tokenizer_config.json");
	const config = existsSync(configFile) ? readJson(configFile) : {};
	const { PreTrainedTokenizer } = await import("@huggingface/transformers"); // slow to load, so only when needed
	const tokenizer = new PreTrainedTokenizer(readJson(file), config);
	const added = new Set<string>(
		[...tokenizer._tokenizer.get_added_tokens_decoder().values()].map(
			(token) => token.content,
		),
	);
	const bytes: Uint8Array[] = [];
	for (const [token, id] of tokenizer._tokenizer.get_vocab(true))
		bytes[id] = added.has(token) ? Buffer.from(token) : tokenBytes(token);
	const special = new Set<number>(tokenizer.all_special_ids);
	const idsOf = (text: string): number[] =>
		tokenizer._tokenizer.encode(text, { add_special_tokens: false }).ids;
	const unknown = tokenizer.unk_token_id as number | undefined;
	/** Whether the tokens' bytes are as many as the text's, and none stands for what is not known. */
	const isWhole = (text: string, ids: readonly number[]): boolean => {
		const from = Buffer.from(text);
		let at = 0;
		for (const id of ids) {
			const own = bytes[id] ?? Buffer.alloc(0);
			if (
				id === unknown &&
				from.compare(own, 0, own.length, at, at + own.length)
			)
				return false;
			at += own.length;
		}
		return at === from.length;
	};
	return {
		bos_token_id: tokenizer.bos_token_id,
		encode(text) {
			const ids = idsOf(text);
			if (!isWhole(text, ids)) {
				const lacks = [...new Set(text)].find(
					(one) => !isWhole(one, idsOf(one)),
				);
				if (lacks !== undefined) throw withoutToken(lacks, text);
			}
			const lengths = ids.map((id) => bytes[id]?.length ?? 0);
			const { start, end } = characterSpans(text, lengths);
			return { ids, start, end, special: ids.map((id) => special.has(id)) };
		},
		decode: (...ids) =>
			Buffer.concat(ids.map((id) => bytes[id] ?? [])).toString("utf8"),
	};
}

function withoutToken(character: string, text: string): Error {
	const at = text.indexOf(character);
	const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
	const near = text.slice(Math.max(0, at - 20), at + 20);
	return new UntokenizableText(
		`The tokenizer has no token for the character ${JSON.stringify(character)} (U+${code.padStart(4, "0")}), which is character ${at} of the text (${JSON.stringify(near)}): take it out, or leave the text out.`,
	);
}

/**
 * Where each token's characters are in the text, given how many bytes of its UTF-8 form each token stands for.
 * A byte-level tokenizer loses nothing, so the tokens' bytes are the text's, in order.
 */
export function characterSpans(
	text: string,
	byteLengths: readonly number[],
): { start: number[]; end: number[] } {
	const from: number[] = []; // of every byte: where its character begins …
	const to: number[] = []; // … and ends
	let at = 0;
	for (const character of text) {
		const next = at + character.length;
		for (let byte = Buffer.byteLength(character); byte > 0; byte--) {
			from.push(at);
			to.push(next);
		}
		at = next;
	}
	if (byteLengths.reduce((a, b) => a + b, 0) !== from.length)
		throw new Error(
			`The tokenizer changes the text "${text.slice(0, 40)}" before it splits it, so its tokens have no place in it; only plain byte-level BPE (as GPT-2's, without add_prefix_space) can be used.`,
		);
	const start: number[] = [];
	const end: number[] = [];
	let byte = 0;
	for (const length of byteLengths) {
		start.push(from[byte] ?? text.length);
		byte += length;
		end.push(length ? to[byte - 1] : start[start.length - 1]);
	}
	return { start, end };
}

/**
 * The bytes that a byte-level BPE token stands for. Its alphabet (openai/gpt-2, encoder.py) writes each byte
 * as one printable character: itself where it is printable, else the next free one from U+0100 on.
 */
function tokenBytes(token: string): Uint8Array {
	return Uint8Array.from(token, (character) => {
		const byte = byteOf.get(character);
		if (byte === undefined)
			throw new Error(
				`The token "${token}" is not in byte-level form; only byte-level BPE tokenizers (as GPT-2's) can be used.`,
			);
		return byte;
	});
}

const byteOf = new Map<string, number>();
for (let byte = 0, free = 256; byte < 256; byte++) {
	const printable =
		(byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
	byteOf.set(String.fromCharCode(printable ? byte : free++), byte);
}
