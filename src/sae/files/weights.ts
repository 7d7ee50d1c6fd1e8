import {
	openSafetensors,
	readTensor,
	type SafetensorsFile,
} from "../../formats/safetensors";
import { near, quoted } from "../../hub";
import { decoderNorms, scaleLatents } from "../fold";
import type { SaeConfig, SaeWeights } from "../types";
import type { StoredConfig } from "./config";
import type { Json } from "./json";
import { CONFIG, SPARSITY, shapes } from "./save";

/** Tensors that some SAE has: one that has no business in a file says that the config is another SAE's. */
const meaningful = new Set([
	"W_enc",
	"W_dec",
	"b_enc",
	"b_dec",
	"threshold",
	"log_threshold",
	"topk_threshold",
	"b_gate",
	"b_mag",
	"r_mag",
	"W_skip",
	"encoder.weight",
	"encoder.bias",
]);

/**
 * The weights of a file of SAELens, with what the config asks for folded into them: latents that are multiplied by a
 * finetuning factor (into W_dec), and pre-activations that are multiplied by the lengths of the decoder's rows.
 * What is doubtful is added to `stored.warnings`.
 */
export function saeLensWeights(path: string, stored: StoredConfig): SaeWeights {
	const { cfg, rescaled } = stored;
	const file = openSafetensors(path);
	const wanted: Record<string, number[]> = { ...shapes(cfg) };
	const given = thresholdIn(file, cfg);
	if (given.name !== "threshold") {
		delete wanted.threshold;
		wanted[given.name] = given.shape;
	}
	const factor = ["scaling_factor", "finetuning_scaling_factor"].find((name) =>
		file.tensors.has(name),
	);
	if (factor) wanted[factor] = [cfg.d_sae];
	checkTensors(file, wanted, stored);
	noteRounding(file, Object.keys(wanted), stored);
	const read = (name: string) => readParameter(file, name);
	const weights = Object.fromEntries(
		Object.keys(shapes(cfg)).map((name) => [
			name,
			name === "threshold"
				? given.values(read(given.name), cfg.d_sae)
				: read(name),
		]),
	) as unknown as SaeWeights;
	if (factor) applyFactor(file, weights, read(factor), stored);
	const scales = rescaled && cfg.architecture !== "standard";
	return scales
		? scaleLatents(cfg, weights, decoderNorms(cfg, weights))
		: weights;
}

/**
 * Weights for x from weights for c·x: W_enc · c, W_dec / c, b_dec / c, as SAELens folds its activation scaler. Throws
 * where the file does not give a factor.
 */
export function foldScaler(
	{ scaling_factor: c }: Json,
	weights: SaeWeights,
	where: string,
): SaeWeights {
	if (typeof c !== "number" || !Number.isFinite(c) || c <= 0)
		throw new Error(
			`The activation_scaler.json in ${where} gives no scaling_factor above 0: fetch or save the SAE again.`,
		);
	return {
		...weights,
		W_enc: weights.W_enc.map((v) => v * c),
		W_dec: weights.W_dec.map((v) => v / c),
		b_dec: weights.b_dec.map((v) => v / c),
	};
}

/** log10(firing frequency + 1e-10) of each latent. */
export function readSparsity(path: string, { d_sae }: SaeConfig): Float32Array {
	const file = openSafetensors(path);
	const found = file.tensors.get("sparsity");
	if (!found || found.shape.join() !== `${d_sae}`)
		throw new Error(
			`The ${SPARSITY} at ${path} does not hold one tensor "sparsity" of ${d_sae} values: remove it, or fetch the SAE again.`,
		);
	return readParameter(file, "sparsity");
}

/** A threshold for each latent; a checkpoint of SAELens may hold its logarithm, or of a batchtopk one for all. */
function thresholdIn(
	file: SafetensorsFile,
	{ architecture, trained_as, d_sae }: SaeConfig,
) {
	const as = (
		name: string,
		shape: number[],
		values: (stored: Float32Array, d_sae: number) => Float32Array,
	) => ({ name, shape, values });
	const lacks = architecture === "jumprelu" && !file.tensors.has("threshold");
	if (lacks && file.tensors.has("log_threshold"))
		return as("log_threshold", [d_sae], (stored) => stored.map(Math.exp));
	if (lacks && file.tensors.has("topk_threshold") && trained_as) {
		const { shape } = file.tensors.get("topk_threshold") ?? { shape: [] };
		return as("topk_threshold", shape.length === 1 ? [1] : [], ([one], n) =>
			new Float32Array(n).fill(one),
		);
	}
	return as("threshold", [d_sae], (stored) => stored);
}

/** Throws unless the tensors are those of the config's architecture, each of its shape. */
export function checkTensors(
	{ file, tensors }: SafetensorsFile,
	wanted: Record<string, number[]>,
	{ cfg, warnings }: StoredConfig,
): void {
	for (const name of meaningful)
		if (tensors.has(name) && !Object.hasOwn(wanted, name))
			throw new Error(
				`The file ${file} holds ${name}, which a ${cfg.architecture} SAE does not have: its ${CONFIG} is of another architecture.`,
			);
	for (const [name, shape] of Object.entries(wanted)) {
		const found = tensors.get(name)?.shape;
		if (!found)
			throw new Error(
				`The file ${file} does not hold ${name}, which a ${cfg.architecture} SAE needs${near(name, [...tensors.keys()])}.`,
			);
		if (found.join() !== shape.join())
			throw new Error(
				`The file ${file} holds ${name} with the shape [${found.slice(0, 4)}${found.length > 4 ? ",…" : ""}], and ${CONFIG} says [${shape}]: the folder is corrupt.`,
			);
	}
	const others = [...tensors.keys()].filter(
		(name) => !Object.hasOwn(wanted, name),
	);
	if (others.length)
		warnings.push(
			`Its file holds ${others.slice(0, 3).map(quoted).join(", ")}${others.length > 3 ? " and more" : ""}, which is not known here and was left out: the SAE may compute something else than it was made for.`,
		);
}

/** Says where float64 weights become float32. A batchtopk checkpoint's threshold always is a float64, which says nothing. */
export function noteRounding(
	{ tensors }: SafetensorsFile,
	names: readonly string[],
	{ warnings }: StoredConfig,
): void {
	const wide = names.filter(
		(name) =>
			tensors.get(name)?.dtype === "F64" && tensors.get(name)?.shape.length,
	);
	if (wide.length)
		warnings.push(
			`Its file holds float64 numbers (${wide.join(", ")}), which were rounded to float32.`,
		);
}

/** Float32 numbers, all of them finite. */
export function readParameter(
	from: SafetensorsFile,
	name: string,
): Float32Array {
	const data = readTensor(from, name);
	let sum = 0;
	for (let i = 0; i < data.length; i++) sum += data[i] * 0; // NaN where one is not finite
	if (sum !== 0)
		throw new Error(
			`The file ${from.file} holds a value in ${name} that is no finite number: the folder is corrupt.`,
		);
	return data;
}

/** Latents are multiplied by the factor before they are decoded; all ones say nothing. */
function applyFactor(
	{ file }: SafetensorsFile,
	{ W_dec }: SaeWeights,
	factor: Float32Array,
	{ cfg, finetuned }: StoredConfig,
): void {
	if (factor.every((f) => f === 1)) return;
	if (finetuned === false)
		throw new Error(
			`The file ${file} scales latents by a factor of their own, and ${CONFIG} says that finetuning_scaling_factor is false: the folder is contradictory; fetch it again.`,
		);
	for (let latent = 0, at = 0; latent < cfg.d_sae; latent++)
		for (let i = 0; i < cfg.d_in; i++) W_dec[at++] *= factor[latent];
}
