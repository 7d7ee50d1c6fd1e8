import { createHash, type Hash } from "node:crypto";
import {
	closeSync,
	fstatSync,
	openSync,
	readdirSync,
	readFileSync,
	readSync,
} from "node:fs";
import { basename, join } from "node:path";
import type { ModelInfo } from "../../model";

/** A file of at most so many bytes is read whole; of a larger one, so many in samples. */
const WHOLE = 2 ** 25;
const SAMPLES = 1024;
const SAMPLE = 4096;

/**
 * Tells models apart by their files, in milliseconds: a hash of what says how they run (config.json, tokenizer.json)
 * and of each weights file its size, its beginning, where the header is, and samples spread over it. Of ONNX files only
 * the one that the model was loaded from counts, where its name is that of a file. The folder's place and the times of
 * the files do not count. Throws where the folder cannot be read.
 */
export function fingerprint(info: Pick<ModelInfo, "folder" | "name">): string {
	const hash = createHash("sha256");
	const { folder } = info;
	const names = filesIn(folder);
	for (const file of weightsOf(info, names)) sample(hash, file);
	for (const name of ["config.json", "tokenizer.json"])
		if (names.includes(name))
			hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
	return hash.digest("hex");
}

function weightsOf(
	{ folder, name }: Pick<ModelInfo, "folder" | "name">,
	names: string[],
): string[] {
	const below = names.includes("onnx") ? filesIn(join(folder, "onnx")) : [];
	const graph = [...names, ...below].find(
		(one) => one.endsWith(".onnx") && one === basename(name),
	);
	return [
		...names.map((one) => join(folder, one)),
		...below.map((one) => join(folder, "onnx", one)),
	].filter(
		(file) =>
			/\.(safetensors|onnx|onnx_data(_\d+)?|data)$/.test(file) &&
			(!graph || !file.endsWith(".onnx") || basename(file) === graph),
	);
}

function filesIn(folder: string): string[] {
	try {
		return readdirSync(folder).sort();
	} catch {
		throw new Error(
			`The model's folder "${folder}" cannot be read any more, and a store needs it to tell models apart; load the model again.`,
		);
	}
}

function sample(hash: Hash, file: string): void {
	const fd = openSync(file, "r");
	try {
		const { size } = fstatSync(fd);
		hash.update(`${basename(file)} ${size}\n`);
		const whole = size <= WHOLE;
		const step = whole ? SAMPLE : Math.floor(size / SAMPLES);
		const bytes = Buffer.alloc(SAMPLE);
		for (let at = 0; at < size; at += step) {
			const n = readSync(fd, bytes, 0, SAMPLE, at);
			hash.update(bytes.subarray(0, n));
		}
	} finally {
		closeSync(fd);
	}
}
