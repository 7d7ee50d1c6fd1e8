/**
 * Byte-level byte-pair encoding as GPT-2's (Sennrich et al. 2016; Radford et al. 2019): learnt, and applied fast.
 * The most frequent words are tokens whole, and looked up before any pair is merged (`ignore_merges` in
 * tokenizer.json): a thousand tokens would otherwise be spent on the beginnings of words.
 */

/** How GPT-2 cuts text before any pair is merged: words carry the space before them. */
const cut =
	/'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

export const endOfText = "<|endoftext|>";

export interface Bpe {
	/** Token → id: the 256 bytes, the whole words, the merges in the order learnt, then `<|endoftext|>`. */
	vocab: Record<string, number>;
	/** Pairs, most frequent first. */
	merges: [string, string][];
}

/** GPT-2's letter for each byte: printable ones stand for themselves, the others for letters from U+0100 on. */
function byteLetters(): string[] {
	const letters = new Array<string>(256);
	const printable = (b: number) =>
		(b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
	let next = 256;
	for (let b = 0; b < 256; b++)
		letters[b] = String.fromCharCode(printable(b) ? b : next++);
	return letters;
}
const letterOf = byteLetters();

/** The letters of a piece of text, one for each UTF-8 byte. */
function lettersOf(piece: string): string[] {
	return Array.from(Buffer.from(piece), (byte) => letterOf[byte]);
}

/** Numbers the tokens: bytes (in the order of their letters) first, `<|endoftext|>` last. */
function withVocabulary(whole: string[], merges: [string, string][]): Bpe {
	const tokens = [...letterOf].sort((a, b) => (a < b ? -1 : 1));
	tokens.push(...whole, ...merges.map(([a, b]) => a + b), endOfText);
	return { vocab: Object.fromEntries(tokens.map((t, id) => [t, id])), merges };
}

/** How much of the room beyond the bytes goes to whole words; the rest is merges, for all other words. */
const WHOLE_SHARE = 0.87;

/**
 * Learns a vocabulary of exactly `size` tokens from texts. The most frequent words become tokens whole; for the rest
 * the most frequent pair is merged, again and again, where a word that is whole counts once. Of equally frequent words
 * or pairs the one first in code-unit order is taken, so that the same texts give the same tokens.
 *
 * @throws when the texts are too poor to give that many tokens
 */
export function trainBpe(texts: Iterable<string>, size: number): Bpe {
	const counts = new Map<string, number>();
	for (const text of texts)
		for (const [piece] of text.matchAll(cut))
			counts.set(piece, (counts.get(piece) ?? 0) + 1);
	const words = [...counts]
		.map(([piece, count]) => ({ parts: lettersOf(piece), count }))
		.sort(
			(a, b) =>
				b.count - a.count || (a.parts.join("") < b.parts.join("") ? -1 : 1),
		);
	const room = size - 257;
	const whole: string[] = [];
	for (const word of words) {
		if (whole.length >= WHOLE_SHARE * room) break;
		if (word.parts.length === 1) continue;
		whole.push(word.parts.join(""));
		word.count = 1;
	}
	const merges: [string, string][] = [];
	const made = new Set([...letterOf, ...whole]);
	while (whole.length + merges.length < room) {
		const pair = mostFrequentPair(words, made);
		if (!pair)
			throw new Error(
				`The texts give only ${whole.length + merges.length + 257} tokens of the ${size} asked for; give more or richer texts.`,
			);
		merges.push(pair);
		made.add(pair[0] + pair[1]);
		for (const word of words) word.parts = merge(word.parts, pair);
	}
	return withVocabulary(whole, merges);
}

function mostFrequentPair(
	words: { parts: string[]; count: number }[],
	made: Set<string>,
): [string, string] | undefined {
	const counts = new Map<string, number>();
	for (const { parts, count } of words)
		for (let i = 1; i < parts.length; i++) {
			const key = `${parts[i - 1]} ${parts[i]}`;
			counts.set(key, (counts.get(key) ?? 0) + count);
		}
	let best: string | undefined;
	let most = 0;
	for (const [key, count] of counts) {
		if (count < most || (count === most && best && key > best)) continue;
		if (made.has(key.replace(" ", ""))) continue; // the same token by another way would be a second id
		[best, most] = [key, count];
	}
	return best?.split(" ") as [string, string] | undefined;
}

function merge(parts: string[], [a, b]: [string, string]): string[] {
	if (!parts.includes(a)) return parts;
	const out: string[] = [];
	for (let i = 0; i < parts.length; i++) {
		if (parts[i] === a && parts[i + 1] === b) {
			out.push(a + b);
			i++;
		} else out.push(parts[i]);
	}
	return out;
}

/** A function from text to token ids. Pieces seen before are looked up: about a million tokens a second. */
export function encoder({ vocab, merges }: Bpe): (text: string) => number[] {
	const ranks = new Map(merges.map(([a, b], rank) => [`${a} ${b}`, rank]));
	const known = new Map<string, number[]>();
	const encodePiece = (piece: string) => {
		let parts = lettersOf(piece);
		const whole = vocab[parts.join("")];
		if (whole !== undefined) return [whole];
		for (;;) {
			let best = Number.POSITIVE_INFINITY;
			for (let i = 1; i < parts.length; i++)
				best = Math.min(best, ranks.get(`${parts[i - 1]} ${parts[i]}`) ?? best);
			if (best === Number.POSITIVE_INFINITY)
				return parts.map((part) => vocab[part]);
			parts = merge(parts, merges[best]);
		}
	};
	return (text) => {
		const ids: number[] = [];
		for (const [piece] of text.matchAll(cut)) {
			let tokens = known.get(piece);
			if (!tokens) {
				tokens = encodePiece(piece);
				known.set(piece, tokens);
			}
			for (const id of tokens) ids.push(id);
		}
		return ids;
	};
}
