import { near } from "../../hub";
import type { SaeConfig } from "../types";

/** What a config does not say of itself, or says wrongly. */
export type ConfigOverrides = Partial<
	Pick<
		SaeConfig,
		| "model_name"
		| "hook_name"
		| "prepend_bos"
		| "context_size"
		| "center_writing_weights"
		| "dataset_path"
		| "neuronpedia_id"
	>
>;

/** SAEs that were published together. */
interface Release {
	/** The repository on the hub. */
	repo: string;
	config_overrides?: ConfigOverrides;
	/** By id: the folder in the repository, and the dashboard's id. */
	saes: Map<string, { path: string; neuronpedia_id: string }>;
}

/** Where a published SAE is. */
export interface PretrainedSae {
	repo: string;
	path: string;
	config_overrides: ConfigOverrides;
}

const LAYERS = Array.from({ length: 12 }, (_, layer) => layer);
/** Trained on weights that TransformerLens had centred. */
const centred: ConfigOverrides = { center_writing_weights: true };
const openWebText: ConfigOverrides = { dataset_path: "Skylion007/openwebtext" };

/**
 * The releases for GPT-2 small that are kept as safetensors; names, ids and overrides as in SAELens' list of pretrained
 * SAEs.
 */
const releases = new Map<string, Release>([
	["gpt2-small-res-jb", residualJb()],
	["gpt2-small-res-jb-feature-splitting", featureSplitting()],
	...["attn-out", "mlp-out", "resid-mid", "resid-post"].flatMap((site) =>
		["32k", "128k"].map((size): [string, Release] => [
			`gpt2-small-${site}-v5-${size}`,
			openAi(site, size),
		]),
	),
	...["sce", "scefr", "scl", "sle", "slefr", "sll"].map(
		(kind): [string, Release] => [`gpt2-small-res_${kind}-ajt`, endToEnd(kind)],
	),
]);

/** Releases that are not loaded, and why. */
const refused = new Map([
	[
		"gpt2-small-hook-z-kk",
		"its weights are pickles (.pt), which can run code and are not read; take another release",
	],
	[
		"gpt2-small-mlp-tm",
		'its folders have ":" in their names, which not every system allows in a file\'s name; download a folder and give its path, with config_overrides: { center_writing_weights: true }',
	],
]);

export function isRelease(name: string): boolean {
	return releases.has(name) || refused.has(name);
}

/** What `near` says of a name that is no release. */
export function nearReleases(name: string): string {
	return near(name, [...releases.keys()]);
}

/** An SAE of a release. Throws where it has none of that id, or is not loaded here. */
export function pretrainedSae(
	name: string,
	id: string | undefined,
): PretrainedSae {
	const why = refused.get(name);
	if (why) throw new Error(`The release "${name}" is not loaded here: ${why}.`);
	const { repo, config_overrides, saes } = releases.get(name) as Release;
	const sae = saes.get(id ?? "");
	if (!sae)
		throw new Error(
			id
				? `The release "${name}" has no SAE ${JSON.stringify(id.slice(0, 100))}${near(id, [...saes.keys()])}.`
				: `The release "${name}" has ${saes.size} SAEs: give the id of one as well, such as "${[...saes.keys()][0]}".`,
		);
	const { path, neuronpedia_id } = sae;
	return {
		repo,
		path,
		config_overrides: {
			model_name: "gpt2-small",
			...config_overrides,
			neuronpedia_id,
		},
	};
}

function saesOf(
	list: [id: string, path: string, dashboard: string][],
): Release["saes"] {
	return new Map(
		list.map(([id, path, dashboard]) => [
			id,
			{ path, neuronpedia_id: `gpt2-small/${dashboard}` },
		]),
	);
}

/** Bloom 2024: the residual stream, 24,576 latents a layer. */
function residualJb(): Release {
	const ids = LAYERS.map((layer) => `blocks.${layer}.hook_resid_pre`);
	return {
		repo: "jbloom/GPT2-Small-SAEs-Reformatted",
		config_overrides: centred,
		saes: saesOf(
			[...ids, "blocks.11.hook_resid_post"].map((id, i) => [
				id,
				id,
				`${i}-res-jb`,
			]),
		),
	};
}

/** Layer 8 once more, from 768 to 98,304 latents. */
function featureSplitting(): Release {
	return {
		repo: "jbloom/GPT2-Small-Feature-Splitting-Experiment-Layer-8",
		config_overrides: centred,
		saes: saesOf(
			[768, 1536, 3072, 6144, 12288, 24576, 49152, 98304].map((d_sae) => {
				const id = `blocks.8.hook_resid_pre_${d_sae}`;
				return [id, id, `8-res_fs${d_sae}-jb`];
			}),
		),
	};
}

/** Gao et al. 2024: topk with k = 32 on layer-normalised inputs, without BOS, in contexts of 64 tokens. */
function openAi(site: string, size: string): Release {
	const dashboard = site
		.replace("attn-out", "att")
		.replace("mlp-out", "mlp")
		.replace("resid-", "res_");
	const suffix = site === "resid-post" && size === "32k" ? ".pt" : ""; // of a folder
	return {
		repo: `jbloom/GPT2-Small-OAI-v5-${size}-${site}-SAEs`,
		config_overrides: openWebText,
		saes: saesOf(
			LAYERS.map((layer) => [
				`blocks.${layer}.hook_${site.replace("-", "_")}`,
				`v5_${size}_layer_${layer}${suffix}`,
				`${layer}-${dashboard}_${size}-oai`,
			]),
		),
	};
}

/** Braun et al. 2024: trained locally or end to end, at three layers. */
function endToEnd(kind: string): Release {
	return {
		repo: `neuronpedia/gpt2-small__res_${kind}-ajt`,
		saes: saesOf(
			[2, 6, 10].map((layer) => [
				`blocks.${layer}.hook_resid_pre`,
				`${layer}-res_${kind}-ajt`,
				`${layer}-res_${kind}-ajt`,
			]),
		),
	};
}
