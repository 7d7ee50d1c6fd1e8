import type { Sentences } from "../dataset";
import type { Decoder, HookName, Intervention, Tokens } from "../model";
import { thin } from "./pick";

/** A prompt with the right answer and a wrong one, each as the text that follows the prompt. */
export interface Answer {
	text: string;
	right: string;
	wrong?: string;
}

/** Tokens of a prompt with an answer; the answer's tokens begin at `from`. */
interface Scored {
	ids: Int32Array;
	from: number;
}

/** Prompts ready to be scored. */
export interface Prompts {
	right: Scored[];
	wrong?: Scored[];
}

/** Prompts a run: small, so that the logits of a large vocabulary stay small. */
const batch_size = 16;

/**
 * Tokens of the prompts that were given. Throws where an answer has no token, or where only some have a wrong answer.
 */
export function prepare(model: Decoder, answers: Answer[]): Prompts {
	const complete = answers.filter((a) => a.wrong !== undefined).length;
	if (!answers.length || (complete && complete < answers.length))
		throw new Error(
			`${complete} of ${answers.length} prompts have a wrong answer: give at least one prompt, and a wrong answer to all or to none.`,
		);
	const tokens = (prompt: string, answer: string): Scored => {
		const scored = tokensOf(model, prompt, answer);
		if (scored) return scored;
		throw new Error(
			`The answer ${JSON.stringify(answer)} to ${JSON.stringify(prompt.slice(0, 60))} has no token of its own within the context: give a longer answer or a shorter prompt.`,
		);
	};
	const right = answers.map((a) => tokens(a.text, a.right));
	if (!complete) return { right };
	return { right, wrong: answers.map((a) => tokens(a.text, a.wrong ?? "")) };
}

/**
 * Prompts from sentences: each is scored on the clause after `prefix_end`, or on its second half where the sentences have
 * no such column. At most `limit`, evenly spread; a sentence whose ending lies beyond the context is left out.
 */
export function promptsFrom(
	model: Decoder,
	sentences: Sentences,
	rows: Uint32Array,
	limit: number,
): Prompts {
	const column = sentences.offsets.prefix_end;
	const right = thin(rows, limit).flatMap((row) => {
		const text = sentences.text[row];
		const cut = column?.[row] ?? text.lastIndexOf(" ", text.length / 2);
		const at = cut > 0 && cut < text.length ? cut : Math.ceil(text.length / 2);
		return tokensOf(model, text.slice(0, at), text.slice(at)) ?? [];
	});
	if (right.length) return { right };
	throw new Error(
		"No sentence has an ending to score within the context: give shorter sentences, or prompts as `answers`.",
	);
}

function tokensOf(
	model: Decoder,
	prompt: string,
	answer: string,
): Scored | undefined {
	const { ids, end, cut }: Tokens = model.toTokens(prompt + answer);
	const from = end.findIndex((e) => e > prompt.length);
	return answer && from > 0 && cut === 0 ? { ids, from } : undefined; // all of the answer is scored
}

/**
 * The score of each prompt, in nats: log p(right | prompt) − log p(wrong | prompt) where there is a wrong answer, summed
 * over the answer's tokens. For answers of one token that is the difference of their logits, since the normaliser cancels;
 * without a wrong answer, the log-probability of the right one.
 */
export async function score(
	model: Decoder,
	prompts: Prompts,
	zero?: { hook_name: HookName; neurons: number[] },
	signal?: AbortSignal,
): Promise<Float64Array> {
	const interventions: Intervention[] = zero
		? [
				{
					hook_name: zero.hook_name,
					type: "scale",
					factor: 0,
					units: zero.neurons,
				},
			]
		: [];
	const right = await logProbs(model, prompts.right, interventions, signal);
	if (!prompts.wrong) return right;
	const wrong = await logProbs(model, prompts.wrong, interventions, signal);
	return right.map((value, i) => value - wrong[i]);
}

async function logProbs(
	model: Decoder,
	texts: Scored[],
	interventions: Intervention[],
	signal?: AbortSignal,
): Promise<Float64Array> {
	const out = new Float64Array(texts.length);
	for (let at = 0; at < texts.length; at += batch_size) {
		signal?.throwIfAborted();
		const some = texts.slice(at, at + batch_size);
		const batch = model.batch(some.map(({ ids }) => ids));
		const loss = await model.loss(batch, { interventions, signal }); // [batch, seq - 1]
		some.forEach(({ ids, from }, b) => {
			let sum = 0;
			for (let t = from; t < ids.length; t++)
				sum -= loss.data[b * (batch.seq - 1) + t - 1];
			out[at + b] = sum;
		});
	}
	return out;
}
