import { allTensors, readOnnx } from "../../formats/onnx-file";
import { batchOf } from "../batch";
import { openSessions } from "../sessions";
import { loadTokenizer } from "../tokenizer";
import { makeTokens } from "../tokens";
import type { Decoder } from "../types";
import { checkInputs } from "./feeds";
import { describe } from "./info";
import { findWeights } from "./links";
import { locateOnnx } from "./locate";
import { prepare } from "./prepare";
import { makeRun } from "./run";
import { findStructure } from "./structure";
import { wire } from "./wiring";

/** Graphs are kept ready while their copies of the weights need at most this many bytes, but always two of them. */
const KEPT_BYTES = 2e9;

/**
 * Loads any decoder that was exported to ONNX for text generation: an .onnx file, or a folder that holds one (or whose
 * "onnx" folder does). Its residual stream is found by the structure of its graph, so it may be optimised, quantised,
 * or merged with its form that has a cache; `hook_names` lists the hooks that were found. The weights stay in their
 * files. What is not in the graph comes from the config.json and tokenizer.json beside it or in the folder above.
 * Throws one sentence where the file is broken, or is no such decoder.
 */
export async function loadOnnxModel(path: string): Promise<Decoder> {
	const file = readOnnx(locateOnnx(path));
	const w = wire(file.file, prepare(file.graph));
	const structure = findStructure(w, file.file);
	checkInputs(file.file, w.graph.inputs);
	const weights = findWeights(file.file, allTensors(w.graph));
	const info = describe(path, file, w, structure);
	const tokenizer = await loadTokenizer(info.folder);
	if (tokenizer) info.bos_token_id ??= tokenizer.bos_token_id ?? null;
	const tokens = makeTokens(info, tokenizer);
	const kept = Math.max(2, Math.min(6, Math.floor(KEPT_BYTES / weights.bytes)));
	const sessions = openSessions(path, weights.folder, kept);
	const hook_names = [...structure.hooks.keys()];
	const source = { file, w, structure, locate: weights.locate };
	return {
		kind: "model",
		info,
		hook_names,
		...tokens,
		batch: (texts) => batchOf(info, texts),
		...makeRun({ ...{ info, hook_names, source, sessions }, ...tokens }),
		dispose: () => sessions.dispose(),
	};
}
