import { join } from "node:path";
import { writeFileAtomic } from "../../src/files";
import type { LayerScore } from "../../src/probe";
import { reportProgress } from "../../src/progress";
import { random } from "../../src/random";
import {
	type Behaviour,
	behaviourItems,
	behaviours,
	scoreText,
} from "../grammar";
import { encoder } from "./bpe";
import {
	type BehaviourScore,
	gpt2Scorer,
	scoreBehaviour,
	trigramScorer,
} from "./evaluate";
import { end, readModel, sizes } from "./model-files";
import { drawExcept } from "./run";
import { readTokenizer } from "./tokenizer-files";
import { openTrainer } from "./trainer";
import { trainTrigram } from "./trigram";

/** The seed that draws the forced choices. */
const itemSeed = 101;

/** What the model was measured to do. */
export interface Evaluation {
	kind: "tiny-gpt2-evaluation";
	/** Sentences of the test split, and their tokens with the end token. */
	sentences: number;
	tokens: number;
	/** Σ −log p over those sentences: of the model, of the trigram model, and of the grammar itself. */
	nats: { model: number; trigram: number; grammar: number };
	/** nats.model / nats.grammar */
	ratio: number;
	behaviours: { model: BehaviourScore; trigram: BehaviourScore }[];
	/** Texts that the trigram model was made from. */
	trigram_texts: number;
	/** What linear probes read off the residual stream behind each block, of the text before `prefix_end`. */
	layers?: LayerScore[];
}

export interface EvaluationOptions {
	/** The seed that the model was trained from. */
	seed: number;
	/** Texts that the trigram model is made from. */
	trigramTexts: number;
	/** Forced choices for each behaviour: 600 by default. */
	items?: number;
}

/**
 * Measures the model of a folder: the loss on held-out sentences beside the grammar's own, and the behaviours on
 * combinations that no training text has, with a trigram model beside it.
 */
export async function evaluateGpt2(
	folder: string,
	heldOut: string[],
	excluded: Set<string>,
	{ seed, trigramTexts, items = 600 }: EvaluationOptions,
): Promise<Evaluation> {
	const encode = encoder(readTokenizer(folder));
	const { weights, shapes, dispose: close } = await openTrainer(sizes, seed);
	readModel(folder, weights);
	const { score, dispose } = await gpt2Scorer(sizes, weights, shapes, end);
	const trigram = trigramScorer(
		trainTrigram(drawSequences(encode, excluded, seed, trigramTexts), {
			d_vocab: sizes.d_vocab,
			end,
		}),
		end,
	);
	const whole = heldOut.map((text) => ({
		given: [],
		scored: [...encode(text), end],
	}));
	const sum = (of: number[]) => of.reduce((a, b) => a - b, 0);
	const nats = {
		model: sum(await score(whole)),
		trigram: sum(await trigram(whole)),
		grammar: sum(heldOut.map(grammarLogProb)),
	};
	const scores: Evaluation["behaviours"] = [];
	for (const behaviour of behaviours) {
		const choices = behaviourItems(behaviour, items, itemSeed);
		scores.push({
			model: await scoreBehaviour(behaviour, choices, encode, score),
			trigram: await scoreBehaviour(behaviour, choices, encode, trigram),
		});
	}
	await dispose();
	await close();
	return {
		kind: "tiny-gpt2-evaluation",
		sentences: heldOut.length,
		tokens: whole.reduce((n, { scored }) => n + scored.length, 0),
		nats,
		ratio: nats.model / nats.grammar,
		behaviours: scores,
		trigram_texts: trigramTexts,
	};
}

function* drawSequences(
	encode: (text: string) => number[],
	excluded: Set<string>,
	seed: number,
	n: number,
) {
	const r = random(seed);
	const draw = drawExcept(excluded);
	for (let i = 0; i < n; i++) {
		if (i % 1000 === 0)
			reportProgress({
				label: "count trigrams",
				done: i,
				total: n,
				unit: "texts",
			});
		yield encode(draw(r).text);
	}
}

function grammarLogProb(text: string): number {
	const [derivation] = scoreText(text);
	if (!derivation)
		throw new Error(
			`The grammar cannot make the held-out sentence "${text}"; make data/sentences.csv again with \`npx tsx data/make-sentences.ts\`.`,
		);
	return derivation.logProb;
}

/** The least that the model must reach, and the most that the trigram model may. */
export const targets: Record<Behaviour, number> = {
	agreement: 0.98,
	sentiment: 0.95,
	copying: 0.95,
	quote: 0.98,
	pronoun: 0.95,
};

/** Writes the numbers, for the model card, to `evaluation.json`. */
export function writeEvaluation(folder: string, evaluation: Evaluation): void {
	writeFileAtomic(
		join(folder, "evaluation.json"),
		`${JSON.stringify(evaluation, null, "\t")}\n`,
	);
}
