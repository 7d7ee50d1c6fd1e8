import {
	closeSync,
	copyFileSync,
	existsSync,
	mkdtempSync,
	openSync,
	readdirSync,
	rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeAll, writeError } from "../files";
import { bytesOf, safetensorsHeader } from "../formats/safetensors";
import { holderName, lives, readHolder, thisProcess } from "../holder";
import { listenTo, turns } from "../interrupt";
import { reportProgress } from "../progress";
import { type Random, random } from "../random";
import { type Gpt2Config, readConfig } from "./config";
import { openGpt2 } from "./load";
import type { Decoder, Model } from "./types";
import { expectedShapes } from "./weights";

export interface UntrainedOptions {
	/** Same seed, same weights. Default: 0. */
	seed?: number;
	/** Ends the writing, with the signal's reason as error; nothing stays. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

/**
 * A GPT-2 of the shape and with the tokenizer of another model, as it is before training: what a probe reads of its
 * activations was not learned by the model. Weights are drawn from a normal distribution with a deviation of 0.02, those
 * that write to the residual stream (c_proj) of 0.02 / √(2 · n_layers); norms are 1, biases 0 (Radford et al. 2019,
 * "Language Models are Unsupervised Multitask Learners", section 2.3, for the scaling; 0.02 for the positions as well, as
 * in Hugging Face's). It shares nothing with the other model, which may be disposed of before it.
 *
 * Its weights are a file in the system's temporary folder, as large as a GPT-2 of that shape in float32 (500 MB for GPT-2
 * small), made a megabyte at a time. It is removed when the model is disposed of, or when the process ends; what a killed
 * process left is removed by the next call.
 *
 * Throws where the model's config.json is not a GPT-2's, and where the disk has no room.
 */
export async function untrainedModel(
	model: Pick<Decoder, "info">,
	options: UntrainedOptions = {},
): Promise<Model> {
	const { seed = 0 } = options;
	if (!Number.isSafeInteger(seed))
		throw new Error(`seed is ${seed}, where a whole number was expected.`);
	const signal = listenTo(options.signal);
	const { name, folder: from } = model.info;
	const config = readConfig(from, name);
	const folder = temporaryFolder();
	try {
		for (const file of ["config.json", ...TOKENIZER])
			if (existsSync(join(from, file)))
				copyFileSync(join(from, file), join(folder, file));
		const file = join(folder, "model.safetensors");
		await writeWeights(file, config, { seed, signal });
		const made = await openGpt2(`untrained ${name}`, { folder });
		return {
			...made,
			async dispose() {
				await made.dispose();
				remove(folder);
			},
		};
	} catch (error) {
		remove(folder);
		throw writeError(error, folder);
	}
}

const TOKENIZER = ["tokenizer.json", "tokenizer_config.json"];
/** Numbers that are drawn and written at a time. */
const AT_ONCE = 1 << 18;

async function writeWeights(
	file: string,
	config: Gpt2Config,
	{ seed, signal }: UntrainedOptions & { seed: number },
): Promise<void> {
	const shapes = [...new Map(expectedShapes(config))].map(([name, shape]) => ({
		name: `transformer.${name}`,
		shape,
		dtype: "F32",
		length: shape.reduce((a, b) => a * b, 1),
	}));
	const total = shapes.reduce((n, { length }) => n + length, 0);
	const draw = random(seed);
	const turn = turns(signal);
	const numbers = new Float32Array(AT_ONCE);
	let done = 0;
	const fd = openSync(file, "wx");
	try {
		writeAll(fd, safetensorsHeader(shapes));
		for (const { name, length } of shapes)
			for (let at = 0; at < length; at += AT_ONCE) {
				await turn();
				signal?.throwIfAborted();
				const piece = numbers.subarray(0, Math.min(AT_ONCE, length - at));
				fill(piece, name, config.n_layers, draw);
				writeAll(fd, bytesOf(piece));
				done += piece.length;
				const label = `make untrained ${config.name}`;
				reportProgress({ label, done, total, unit: "weights" });
			}
	} finally {
		closeSync(fd);
	}
}

function fill(
	piece: Float32Array,
	name: string,
	n_layers: number,
	draw: Random,
): void {
	if (name.endsWith(".bias")) {
		piece.fill(0);
		return;
	}
	if (name.includes(".ln_")) {
		piece.fill(1);
		return;
	}
	const residual = name.endsWith("c_proj.weight");
	const deviation = residual ? 0.02 / Math.sqrt(2 * n_layers) : 0.02;
	for (let i = 0; i < piece.length; i++) piece[i] = deviation * draw.normal();
}

/** What the folders begin with; who made one follows, since other machines and containers may share the place. */
const PREFIX = "sparselens-untrained-";

const folders = new Set<string>();

function temporaryFolder(): string {
	try {
		removeLeftovers();
		const folder = mkdtempSync(
			join(tmpdir(), `${PREFIX}${holderName(thisProcess())}.`),
		);
		if (folders.size === 0) process.once("exit", removeAll);
		folders.add(folder);
		return folder;
	} catch (error) {
		throw writeError(error, tmpdir());
	}
}

function remove(folder: string): void {
	rmSync(folder, { recursive: true, force: true });
	folders.delete(folder);
	if (folders.size === 0) process.removeListener("exit", removeAll);
}

function removeAll(): void {
	for (const folder of [...folders]) remove(folder);
}

/** Of processes that have ended; those that cannot be asked may still read theirs. */
function removeLeftovers(): void {
	for (const name of readdirSync(tmpdir())) {
		if (!name.startsWith(PREFIX)) continue;
		const holder = readHolder(name.slice(PREFIX.length).replace(/\.\w+$/, ""));
		if (holder && lives(holder) === false)
			rmSync(join(tmpdir(), name), { recursive: true, force: true });
	}
}
