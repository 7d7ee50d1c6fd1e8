import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../src/files";
import { reportProgress } from "../../src/progress";
import { random } from "../../src/random";
import { sampleText } from "../grammar";
import { men, women } from "../grammar/lexicon";
import { type BatchStream, batchStream, type Draw } from "./batches";
import { encoder, trainBpe } from "./bpe";
import { loadCheckpoint, type Standing, saveCheckpoint } from "./checkpoint";
import { end, sizes, writeModel } from "./model-files";
import { readTokenizer, writeTokenizer } from "./tokenizer-files";
import {
	emphasisAt,
	learningRate,
	openTrainer,
	recipe,
	type Trainer,
} from "./trainer";

/** Texts in a batch, and batches in a step. */
export const rows = 16;
export const batchesInStep = 2;
/** Steps from one checkpoint to the next, and draws that the tokenizer learns from. */
const checkpointEvery = 250;
const tokenizerDraws = 20_000;

/** A line of `training-log.jsonl`. */
export interface LogLine {
	seed: number;
	step: number;
	/** Of this step's texts, in nats per token. */
	loss: number;
	/** How much what depends on something said long before counts in the gradient. */
	emphasis: number;
	/** The loss under the grammar: the least possible on average. */
	best: number;
	lr: number;
	/** Targets so far. */
	tokens: number;
}

export interface RunOptions {
	/** Where the model, its tokenizer and the log go. */
	folder: string;
	/** Where checkpoints go. */
	checkpoint: string;
	seed: number;
	/** Texts that must not be trained on. */
	excluded: Set<string>;
	/** Steps in all. Either this or `minutes`. */
	steps?: number;
	/** Wall-clock for the training: the number of steps follows from the speed. */
	minutes?: number;
	resume?: boolean;
	/** Stop after this step, as if the program had been ended there. */
	until?: number;
	signal?: AbortSignal;
}

/** Draws from the grammar, save the texts that are held out. */
export function drawExcept(excluded: Set<string>) {
	return (r: ReturnType<typeof random>): Draw => {
		for (;;) {
			const sample = sampleText(r);
			if (!excluded.has(sample.text))
				return { ...sample, far: farSpans(sample.text, sample.prefix_end) };
		}
	};
}

const names = new RegExp(`\\b(?:${[...women, ...men].join("|")})\\b`, "g");

/** What depends on something said long before: he or she, a name that comes back, and all behind `prefix_end`. */
export function farSpans(text: string, prefixEnd: number): [number, number][] {
	const seen = new Set<string>();
	const spans: [number, number][] = [];
	for (const { 0: name, index } of text.matchAll(names)) {
		if (seen.has(name)) spans.push([index - 1, index + name.length]); // with the space before it
		seen.add(name);
	}
	for (const { 0: word, index } of text.matchAll(/ s?he\b/g))
		spans.push([index, index + word.length]);
	return [...spans, [prefixEnd, text.length]];
}

/** Trains the tiny GPT-2, or goes on from the checkpoint. Gives where the run stands at its end. */
export async function trainGpt2(options: RunOptions): Promise<Standing> {
	const { folder, checkpoint, seed } = options;
	const trainer = await openTrainer(sizes, seed);
	const start: Standing = {
		seed,
		step: 0,
		steps: options.steps ?? 0,
		tokens: 0,
		seconds: 0,
		stream: { pool: seed, used: 0 },
	};
	const standing = options.resume ? loadCheckpoint(checkpoint, trainer) : start;
	if (!options.minutes) standing.steps ||= options.steps ?? 0;
	if (!options.resume) makeTokenizer(options);
	const stream = batchStream(
		random(standing.stream.pool),
		drawExcept(options.excluded),
		encoder(readTokenizer(folder)),
		end,
		{ rows, n_ctx: sizes.n_ctx, skip: standing.stream.used },
	);
	const log = readLog(folder).filter(({ step }) => step <= standing.step);
	try {
		await loop(options, trainer, stream, standing, log);
	} finally {
		await trainer.dispose();
	}
	return standing;
}

function makeTokenizer({ folder, seed, excluded }: RunOptions): void {
	const r = random(seed + 1);
	const draw = drawExcept(excluded);
	const texts = Array.from({ length: tokenizerDraws }, () => draw(r).text);
	writeTokenizer(folder, trainBpe(texts, sizes.d_vocab), sizes.n_ctx);
}

async function loop(
	{ folder, checkpoint, minutes, signal, until }: RunOptions,
	trainer: Trainer,
	stream: BatchStream,
	standing: Standing,
	log: LogLine[],
): Promise<void> {
	const save = () => {
		standing.stream = stream.state();
		saveCheckpoint(checkpoint, trainer, standing);
		writeModel(folder, trainer.weights, trainer.shapes);
		writeLog(folder, log);
	};
	const last = () =>
		Math.min(
			standing.steps || Number.POSITIVE_INFINITY,
			until ?? Number.POSITIVE_INFINITY,
		);
	let since = performance.now();
	while (standing.step < last() && !signal?.aborted) {
		const step = ++standing.step;
		const batches = Array.from({ length: batchesInStep }, stream.next);
		const lr = learningRate(recipe, step, standing.steps);
		const emphasis = emphasisAt(recipe, step, standing.steps);
		const { loss } = await trainer.step(batches, { lr, step, emphasis });
		const count = batches.reduce((sum, batch) => sum + batch.count, 0);
		const best = batches.reduce((sum, batch) => sum + batch.best, 0) / count;
		standing.tokens += count;
		const now = performance.now();
		standing.seconds += (now - since) / 1000;
		since = now;
		// the fall of the learning rate begins when its share of the time is left
		if (
			!standing.steps &&
			minutes &&
			standing.seconds >= 60 * minutes * (1 - recipe.decay)
		)
			standing.steps = Math.ceil(step / (1 - recipe.decay));
		if (step <= 20 || step % 10 === 0 || step === standing.steps)
			log.push({
				seed: standing.seed,
				step,
				loss,
				best,
				lr,
				emphasis,
				tokens: standing.tokens,
			});
		if (step % checkpointEvery === 0) save();
		report(standing, loss / best, minutes);
	}
	save();
}

/** Steps are counted in wall-clock while their number is not known. */
function report(
	{ step, steps, seconds, tokens }: Standing,
	ratio: number,
	minutes = 0,
): void {
	reportProgress({
		label: "train the tiny GPT-2",
		done: steps ? step : Math.floor(seconds),
		total: steps || 60 * minutes,
		unit: steps ? "steps" : "seconds",
		note: `step ${step}, loss ${ratio.toFixed(3)} × the least possible, ${Math.round(tokens / seconds)} tokens/s`,
	});
}

const logFile = "training-log.jsonl";

/** The lines of a run's log; none where there is no log. */
export function readLog(folder: string): LogLine[] {
	const file = join(folder, logFile);
	if (!existsSync(file)) return [];
	return readFileSync(file, "utf8")
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line) as LogLine);
}

function writeLog(folder: string, log: LogLine[]): void {
	writeFileAtomic(
		join(folder, logFile),
		`${log.map((line) => JSON.stringify(line)).join("\n")}\n`,
	);
}
