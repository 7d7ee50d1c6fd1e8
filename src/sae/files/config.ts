import { quoted } from "../../hub";
import { knownHook } from "../../model";
import type {
	Architecture,
	InferenceArchitecture,
	Normalization,
	SaeConfig,
} from "../types";
import { isCount, isObject, type Json, text } from "./json";
import { doubts, kept, unmade } from "./making";
import { normalizedDoubt } from "./normalized";
import type { ConfigOverrides } from "./pretrained";
import { CONFIG } from "./save";

/** Numbers in one matrix: 4 GiB. */
const LARGEST_MATRIX = 2 ** 30;

/** What a `cfg.json` says. */
export interface StoredConfig {
	cfg: SaeConfig;
	/** Whether pre-activations are multiplied by the lengths of the decoder's rows, and latents divided by them. */
	rescaled: boolean;
	/** Whether latents are multiplied by `finetuning_scaling_factor`; undefined where it does not say. */
	finetuned?: boolean;
	/** Whether the decoder's rows are said to have length 1. */
	unit_decoder?: boolean;
	/** What is doubtful, one sentence each. */
	warnings: string[];
}

/** By the name in the file: what it computes, and what it was trained as. */
const known = new Map<string, [InferenceArchitecture, Architecture]>([
	["standard", ["standard", "standard"]],
	["topk", ["topk", "topk"]],
	["jumprelu", ["jumprelu", "jumprelu"]],
	["gated", ["gated", "gated"]],
	["batchtopk", ["jumprelu", "batchtopk"]],
	["matryoshka_batchtopk", ["jumprelu", "matryoshka"]],
	["matryoshka", ["jumprelu", "matryoshka"]],
]);
const trainable = new Set<unknown>([...known.values()].map(([, as]) => as));

/**
 * Reads a config of SAELens of any generation: of 6 and later, whose facts about the model are under `metadata`; of 3 to
 * 5, which is flat; of 1 and 2, with `hook_point`. What it says beside what is used here is kept in `cfg.metadata`.
 * Throws where it reads one place and predicts another, and where its rows cannot be made: `unmade`.
 */
export function saeLensConfig(
	stored: Json,
	where: string,
	overrides: ConfigOverrides,
): StoredConfig {
	const metadata = isObject(stored.metadata) ? stored.metadata : {};
	const flat: Json = { ...metadata, ...stored };
	const wrong = complaint(flat, where);
	const [architecture, trained_as, k] = architectureOf(flat, wrong);
	const { d_in, d_sae } = sizesOf(flat, wrong);
	if (architecture === "topk" && !(isCount(k) && k <= d_sae))
		throw wrong("k", `a whole number from 1 to d_sae, ${d_sae},`, k);
	const named_hook = text(flat.hook_name ?? flat.hook_point);
	const hook_name = overrides.hook_name ?? knownHook(named_hook) ?? named_hook;
	const why = unmade(flat, hook_name);
	if (why) throw new Error(`The ${CONFIG} in ${where} ${why}`);
	const normalize_activations = normalizationOf(flat, wrong);
	const cfg: SaeConfig = {
		architecture,
		...(trained_as !== architecture && { trained_as }),
		d_in,
		d_sae,
		...(architecture === "topk" && { k: k as number }),
		dtype: "float32",
		apply_b_dec_to_input: flat.apply_b_dec_to_input !== false,
		normalize_activations,
		...reshapeOf(flat, hook_name, wrong),
		...(centringOf(flat) && { center_writing_weights: true }),
		hook_name,
		model_name: text(flat.model_name),
		...(text(flat.model_fingerprint) && {
			model_fingerprint: text(flat.model_fingerprint),
		}),
		...(typeof flat.packed === "boolean" && { packed: flat.packed }),
		prepend_bos: flat.prepend_bos !== false,
		...counts(flat),
		...texts(flat),
		...kept(metadata, flat, (name) => known.has(name)),
		...overrides,
	};
	const { rescale_acts_by_decoder_norm, finetuning_scaling_factor } = flat;
	return {
		cfg,
		rescaled: rescale_acts_by_decoder_norm === true,
		...(typeof finetuning_scaling_factor === "boolean" && {
			finetuned: finetuning_scaling_factor,
		}),
		warnings: [...doubts(flat, overrides), ...normalizedDoubt(flat, hook_name)],
	};
}

/** Makes the error of a value that cannot be loaded. */
export type Complaint = (
	name: string,
	expected: string,
	value?: unknown,
) => Error;

export function complaint(stored: Json, where: string): Complaint {
	return (name, expected, value = stored[name]) =>
		new Error(
			`The ${CONFIG} in ${where} gives ${name} as ${shown(value)}; ${expected} is what can be loaded.`,
		);
}

/** Before SAELens 6 a topk SAE was a "standard" one with another activation function. */
function architectureOf(
	flat: Json,
	wrong: Complaint,
): [InferenceArchitecture, Architecture, unknown] {
	const { architecture = "standard", k, trained_as } = flat;
	const found = typeof architecture === "string" && known.get(architecture);
	if (!found)
		throw wrong("architecture", named([...known.keys()]), architecture);
	const [name, activation] =
		flat.activation_fn_str === undefined
			? ["activation_fn", flat.activation_fn ?? "relu"]
			: ["activation_fn_str", flat.activation_fn_str];
	const [computes, as] = found;
	if (activation === "topk" && /^(standard|topk)$/.test(computes)) {
		const { activation_fn_kwargs: more } = flat;
		return ["topk", "topk", k ?? (isObject(more) ? more.k : undefined)];
	}
	if (activation !== "relu" && !(activation === "topk" && computes === "topk"))
		throw wrong(name, '"relu" or, for a topk SAE, "topk"', activation);
	const { training_architecture: told } = flat; // SAELens 6.46 and later
	const trained = typeof told === "string" ? known.get(told)?.[1] : undefined;
	const before = trainable.has(trained_as)
		? (trained_as as Architecture)
		: (trained ?? as);
	return [computes, before, k];
}

/** The width and the number of latents, neither absurdly large. */
export function sizesOf(flat: Json, wrong: Complaint) {
	const { d_in, d_sae } = flat;
	if (!isCount(d_in)) throw wrong("d_in", "a whole number above 0");
	if (!isCount(d_sae)) throw wrong("d_sae", "a whole number above 0", d_sae);
	if (d_in * d_sae > LARGEST_MATRIX)
		throw wrong(
			"d_sae",
			`at most ${Math.floor(LARGEST_MATRIX / d_in)} latents of width ${d_in}`,
			d_sae,
		);
	return { d_in, d_sae };
}

function normalizationOf(flat: Json, wrong: Complaint): Normalization {
	const { normalize_activations: mode } = flat;
	switch (mode) {
		case undefined:
		case null:
		case false:
			return "none";
		case true:
			return "expected_average_only_in";
		case "none":
		case "expected_average_only_in":
		case "constant_norm_rescale":
		case "layer_norm":
			return mode;
	}
	throw wrong(
		"normalize_activations",
		'"none", "expected_average_only_in", "constant_norm_rescale" or "layer_norm"',
	);
}

function reshapeOf(
	{ reshape_activations: shape = null }: Json,
	hook_name: string,
	wrong: Complaint,
): Pick<SaeConfig, "reshape_activations"> {
	if (shape !== null && shape !== "none" && shape !== "hook_z")
		throw wrong("reshape_activations", '"none" or "hook_z"');
	const flattened = shape === "hook_z" || (!shape && /hook_z/.test(hook_name));
	return flattened ? { reshape_activations: "hook_z" } : {};
}

function centringOf({ model_from_pretrained_kwargs: how }: Json): boolean {
	return isObject(how) && how.center_writing_weights === true;
}

function counts(flat: Json) {
	const seen = flat.training_tokens ?? flat.total_training_tokens;
	const all = { context_size: flat.context_size, training_tokens: seen };
	const numbers = Object.entries(all).filter(([, value]) => isCount(value));
	const { seed } = flat;
	return {
		...(Object.fromEntries(numbers) as Partial<typeof all & SaeConfig>),
		...(Number.isSafeInteger(seed) && { seed: seed as number }),
	};
}

function texts({ dataset_path, neuronpedia_id }: Json) {
	const all = {
		dataset_path: text(dataset_path),
		neuronpedia_id: text(neuronpedia_id),
	};
	return Object.fromEntries(
		Object.entries(all).filter(([, value]) => value !== ""),
	) as Partial<typeof all>;
}

function shown(value: unknown): string {
	if (typeof value === "string") return quoted(value);
	if (Array.isArray(value)) return "a list";
	return isObject(value) ? "an object" : String(value ?? "nothing");
}

function named(names: string[]): string {
	const all = names.map((name) => `"${name}"`);
	return `${all.slice(0, -1).join(", ")} or ${all[all.length - 1]}`;
}
