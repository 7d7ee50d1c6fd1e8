/**
 * Trains the tiny GPT-2 of data/models/tiny-gpt2 on fresh draws from the grammar, measures it, and writes its card.
 *
 *     npx tsx data/train-tiny-gpt2.ts                 # as the one that ships was trained
 *     npx tsx data/train-tiny-gpt2.ts --minutes 10    # the number of steps follows from the speed
 *     npx tsx data/train-tiny-gpt2.ts --resume        # goes on from the last checkpoint
 *     npx tsx data/train-tiny-gpt2.ts --eval-only     # measures the model again and rewrites the card
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadSentences } from "../src/dataset";
import { loadModel } from "../src/model";
import { probeLayers } from "../src/probe";
import { setProgressSink } from "../src/progress";
import { writeCard } from "./training/card";
import { evaluateGpt2, writeEvaluation } from "./training/report";
import { trainGpt2 } from "./training/run";
import { progressBar } from "./training/terminal";

const { values } = parseArgs({
	options: {
		steps: { type: "string" },
		minutes: { type: "string" },
		seed: { type: "string", default: "1" },
		folder: { type: "string", default: join(__dirname, "models/tiny-gpt2") },
		resume: { type: "boolean" },
		"eval-only": { type: "boolean" },
		"trigram-texts": { type: "string", default: "200000" },
	},
});

async function main(): Promise<void> {
	setProgressSink(progressBar());
	const sentences = await loadSentences(join(__dirname, "sentences.csv"));
	const { text, split } = sentences;
	const excluded = new Set(text.filter((_, i) => split?.[i] !== "train"));
	const { folder } = values;
	const seed = whole("seed") ?? 1;
	if (!values["eval-only"]) {
		const stop = new AbortController();
		process.once("SIGINT", () => stop.abort());
		const minutes = whole("minutes");
		const { step, steps } = await trainGpt2({
			folder,
			checkpoint: join(__dirname, "../out/tiny-gpt2.checkpoint.safetensors"),
			seed,
			excluded,
			minutes,
			steps: whole("steps") ?? (minutes ? undefined : 13_649),
			resume: values.resume,
			signal: stop.signal,
		});
		if (step !== steps) {
			console.log(`\nStopped at step ${step}; --resume goes on from there.`);
			return;
		}
	}
	const heldOut = text.filter((_, i) => split?.[i] === "test");
	const evaluation = await evaluateGpt2(folder, heldOut, excluded, {
		seed,
		trigramTexts: whole("trigram-texts") ?? 200_000,
	});
	const model = await loadModel(folder);
	evaluation.layers = await probeLayers(model, sentences, {
		labels: ["topic", "sentiment"],
		before: "prefix_end",
	});
	writeEvaluation(folder, evaluation);
	writeCard(folder, evaluation);
	console.log(`\n${JSON.stringify(evaluation, null, 2)}`);
}

function whole(
	option: "steps" | "minutes" | "seed" | "trigram-texts",
): number | undefined {
	const given = values[option];
	if (given === undefined) return undefined;
	const number = Number(given);
	if (!Number.isInteger(number) || number < 1)
		throw new Error(
			`--${option} was given "${given}"; it takes a whole number of at least 1.`,
		);
	return number;
}

main().catch((error: Error) => {
	console.error(`\n${error.message}`);
	process.exitCode = 1;
});
