import * as ort from "onnxruntime-node";
import { buildBackward, type Gpt2Sizes } from "../../src/model/backward";
import { reportProgress } from "../../src/progress";
import type { Behaviour, BehaviourItem } from "../grammar";
import { toBatch } from "./batches";
import { sessionOptions } from "./trainer";
import type { Trigram } from "./trigram";

/** A continuation of a text: the tokens before it are given, those after are scored. */
export interface Continuation {
	given: number[];
	scored: number[];
}

/** Gives the log-probability (nats) of each continuation. */
export type Score = (of: Continuation[]) => Promise<number[]> | number[];

/** Scores with the GPT-2: the forward half of the training graph. */
export async function gpt2Scorer(
	sizes: Gpt2Sizes,
	weights: Record<string, Float32Array>,
	shapes: Record<string, number[]>,
	end: number,
): Promise<{ score: Score; dispose(): Promise<void> }> {
	const session = await ort.InferenceSession.create(
		buildBackward(sizes, ["nats"]),
		sessionOptions,
	);
	const inputs = Object.fromEntries(
		Object.entries(weights).map(([name, data]) => [
			name,
			new ort.Tensor("float32", data, shapes[name]),
		]),
	);
	async function score(of: Continuation[]): Promise<number[]> {
		const out = new Array<number>(of.length);
		const order = of
			.map(({ given, scored }, i) => ({ i, ids: [...given, ...scored] }))
			.sort((a, b) => a.ids.length - b.ids.length);
		for (let from = 0; from < order.length; from += 32) {
			const part = order.slice(from, from + 32);
			const { ids, targets, batch, seq } = toBatch(part, end);
			const { nats } = await session.run({
				...inputs,
				ids: new ort.Tensor("int32", ids, [batch, seq]),
				targets: new ort.Tensor("int32", targets, [batch, seq]),
			});
			const each = nats.data as Float32Array;
			part.forEach(({ i }, row) => {
				const first = row * seq + of[i].given.length;
				let sum = 0;
				for (let at = first; at < first + of[i].scored.length; at++)
					sum -= each[at];
				out[i] = sum;
			});
			reportProgress({
				label: "score",
				done: from + part.length,
				total: order.length,
				unit: "continuations",
			});
		}
		return out;
	}
	return { score, dispose: () => session.release() };
}

/** Scores with the trigram model. */
export function trigramScorer(trigram: Trigram, end: number): Score {
	return (of) =>
		of.map(({ given, scored }) => {
			let [before, last] = [end, end, ...given].slice(-2);
			let sum = 0;
			for (const token of scored) {
				sum += trigram.logProb(before, last, token);
				[before, last] = [last, token];
			}
			return sum;
		});
}

export interface BehaviourScore {
	behaviour: Behaviour;
	/** How many forced choices. */
	items: number;
	/** The share that a blind guess gets right. */
	chance: number;
	/** The share that was right. */
	accuracy: number;
}

/** How often the right continuation is likelier than every foil; a tie counts as a blind guess among the tied. */
export async function scoreBehaviour(
	behaviour: Behaviour,
	items: BehaviourItem[],
	encode: (text: string) => number[],
	score: Score,
): Promise<BehaviourScore> {
	const options = items.flatMap(({ prefix, right, foils }) => {
		const given = encode(prefix);
		return [right, ...foils].map((option) => {
			const ids = encode(prefix + option);
			if (given.some((id, i) => ids[i] !== id))
				throw new Error(
					`The tokens of "${prefix}" change when "${option}" follows; a choice must begin at a word or a mark.`,
				);
			return { given, scored: ids.slice(given.length) };
		});
	});
	const scores = await score(options);
	let right = 0;
	let chance = 0;
	let at = 0;
	for (const { foils } of items) {
		const others = scores.slice(at + 1, at + 1 + foils.length);
		const best = Math.max(...others);
		const tied = others.filter((other) => other === best).length;
		if (scores[at] >= best) right += scores[at] > best ? 1 : 1 / (1 + tied);
		chance += 1 / (1 + foils.length);
		at += 1 + foils.length;
	}
	return {
		behaviour,
		items: items.length,
		chance: chance / items.length,
		accuracy: right / items.length,
	};
}
