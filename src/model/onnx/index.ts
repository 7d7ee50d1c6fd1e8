import { join } from "node:path";
import { allTensors, type OnnxFile, readOnnx } from "../../formats/onnx-file";
import { batchOf } from "../batch";
import { makeRuns } from "../decoder";
import { fingerprintOf } from "../fingerprint";
import { endingAt, keptOf, openSessions } from "../sessions";
import { loadTokenizer } from "../tokenizer";
import { makeTokens } from "../tokens";
import type { Decoder, ModelInfo } from "../types";
import { checkInputs } from "./feeds";
import { describe } from "./info";
import { findWeights } from "./links";
import { locateOnnx } from "./locate";
import { prepare } from "./prepare";
import { makeEngine } from "./run";
import { findStructure } from "./structure";
import { withUnsignedWeights } from "./unsigned";
import { checkOperators } from "./versions";
import { wire } from "./wiring";

/**
 * Loads any decoder that was exported to ONNX for text generation: an .onnx file, or a folder that holds one (or whose
 * "onnx" folder does). Its residual stream is found by the structure of its graph, so it may be optimised, quantised,
 * or merged with its form that has a cache; `hook_names` lists the hooks that were found. The weights stay in their
 * files. What is not in the graph comes from the config.json and tokenizer.json beside it or in the folder above.
 * Throws one sentence where the file is broken, or is no such decoder.
 */
export async function loadOnnxModel(path: string): Promise<Decoder> {
	const file = readOnnx(locateOnnx(path));
	checkOperators(file);
	const w = wire(file.file, withUnsignedWeights(prepare(file.graph)));
	const structure = findStructure(w, file.file);
	checkInputs(file.file, w.graph.inputs);
	const weights = findWeights(file.file, allTensors(w.graph));
	const described = describe(file, w, structure);
	const info = {
		...described,
		fingerprint: fingerprintOfFile(described, file, weights),
	};
	const tokenizer = await loadTokenizer(info.folder);
	if (tokenizer) info.bos_token_id ??= tokenizer.bos_token_id ?? null;
	const tokens = makeTokens(info, tokenizer);
	const kept = keptOf(weights.bytes);
	const sessions = openSessions(info.name, weights.folder, kept);
	const hook_names = [...structure.hooks.keys()];
	const source = { file, w, structure, locate: weights.locate };
	const model = { info, hook_names, ...tokens };
	const decoder = { ...model, source, sessions };
	return {
		kind: "model",
		...model,
		batch: (texts) => batchOf(info, texts),
		...makeRuns(model, (signal) => makeEngine(endingAt(decoder, signal))),
		dispose: () => sessions.dispose(),
	};
}

function fingerprintOfFile(
	{ name: _, folder: __, model_type: ___, ...rest }: ModelInfo,
	{ graph }: OnnxFile,
	{ folder, locate }: ReturnType<typeof findWeights>,
): string {
	const { bos_token_id, eos_token_id, ...use } = rest; // a tokenizer may give them
	const tensors = allTensors(graph).map((tensor) => {
		const { name, type, shape, message: bytes } = tensor;
		const form = `${type} [${shape}]`;
		if (bytes) return { name, form, bytes };
		const { location, offset, length } = locate(tensor);
		const file = join(folder, location);
		return { name, form, place: { file, offset, length } };
	});
	return fingerprintOf(use, tensors);
}
