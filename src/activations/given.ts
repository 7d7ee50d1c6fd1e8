import { type Sentences, selectSentences, sentencesOf } from "../dataset";
import { turns } from "../interrupt";
import {
	checkIds,
	type Decoder,
	type TokenIds,
	UntokenizableText,
} from "../model";

/** What a function of many texts was given, as sentences: those of token ids show the ids. */
export function givenTexts(
	{ info }: Pick<Decoder, "info">,
	given: Sentences | string[] | readonly TokenIds[],
): Sentences {
	if (!Array.isArray(given)) return given as Sentences;
	const texts = given as readonly (string | TokenIds)[];
	if (texts.every((one) => typeof one === "string"))
		return sentencesOf(texts as string[]);
	const token_ids = texts.map((ids, i) => {
		if (typeof ids === "string")
			throw new Error(
				`Of ${texts.length} texts number ${i} is a text and others are token ids: give one or the other.`,
			);
		checkIds(info, ids, `text ${i}`);
		return Int32Array.from(ids);
	});
	const shown = token_ids.map((ids) => ids.join(" "));
	return { ...sentencesOf(shown, "token ids"), token_ids };
}

/** The sentences all of whose characters have tokens. Throws where there is none. */
export async function tokenizable(
	{ toTokens }: Pick<Decoder, "toTokens">,
	sentences: Sentences,
	signal?: AbortSignal,
): Promise<Sentences> {
	if (sentences.token_ids) return sentences;
	const turn = turns(signal);
	const whole: boolean[] = [];
	let last: unknown;
	for (const text of sentences.text) {
		await turn();
		try {
			toTokens(text);
			whole.push(true);
		} catch (error) {
			if (!(error instanceof UntokenizableText)) throw error;
			last = error;
			whole.push(false);
		}
	}
	if (!whole.includes(true)) throw last;
	return whole.every(Boolean)
		? sentences
		: selectSentences(sentences, (i) => whole[i]);
}
