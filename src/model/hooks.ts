import { nearNames } from "../suggest";
import { knownHook, notAHook, spelledHooks } from "./hook-names";
import type { BlockHook, Decoder, HookName, ModelInfo } from "./types";

/** The hooks of a block of GPT-2, in the order in which they are computed. */
const inBlock: BlockHook[] = [
	"hook_resid_pre",
	"ln1.hook_scale",
	"ln1.hook_normalized",
	"ln1.hook_out",
	"attn.hook_q",
	"attn.hook_k",
	"attn.hook_v",
	"attn.hook_attn_scores",
	"attn.hook_pattern",
	"attn.hook_z",
	"attn.hook_result",
	"hook_attn_out",
	"hook_resid_mid",
	"ln2.hook_scale",
	"ln2.hook_normalized",
	"ln2.hook_out",
	"mlp.hook_pre",
	"mlp.hook_post",
	"hook_mlp_out",
	"hook_resid_post",
];

/** Every hook of a GPT-2, in the order in which they are computed. */
export function hookNames({ n_layers }: { n_layers: number }): HookName[] {
	return [
		"hook_embed",
		"hook_pos_embed",
		...Array.from({ length: n_layers }, (_, layer) =>
			inBlock.map((hook): HookName => `blocks.${layer}.${hook}`),
		).flat(),
		"ln_final.hook_scale",
		"ln_final.hook_normalized",
		"ln_final.hook_out",
	];
}

/**
 * TransformerLens's name of a hook of this model, by that or an equal one (`knownHook`). Throws where it is none, with
 * the nearest names or the layers there are.
 */
export function parseHook(
	model: { info: Pick<ModelInfo, "n_layers" | "name" | "model_type"> } & Pick<
		Decoder,
		"hook_names"
	>,
	name: string,
): HookName {
	const { info, hook_names } = model;
	const known = knownHook(name, info.model_type ?? "");
	const found = hook_names.find((hook) => hook === known);
	if (found) {
		checkReaders(hook_names, found, name);
		return found;
	}
	const [, layer, hook] = /^blocks\.(-?\d+)\.(.*)$/.exec(known ?? name) ?? [];
	const last = `blocks.${info.n_layers - 1}.${hook}`;
	if (hook_names.some((hook) => hook === last))
		throw new Error(
			`There is no layer ${layer} in "${info.name}": its layers are 0 to ${info.n_layers - 1}, so the last such hook is "${last}".`,
		);
	const why = notAHook(name);
	if (why) throw new Error(`"${name}" ${why}.`);
	const elsewhere = knownHook(name);
	if (elsewhere && !known)
		throw new Error(
			`"${name}" is a module's name, and whether it gives "${elsewhere}" in "${info.name}" is not known${info.model_type ? ` (its type is "${info.model_type}")` : " (there is no config.json that says its type)"}: name the hook itself.`,
		);
	if (known && known !== name)
		throw new Error(
			`There is no hook "${known}" in "${info.name}", which "${name}" is another name of; model.hook_names lists those that there are.`,
		);
	const spelled = spelledHooks(hook_names, info.n_layers, info.model_type);
	const near = nearNames(name, spelled.keys()).map((name) => spelled.get(name));
	throw new Error(
		`There is no hook "${name}" in "${info.name}"; near names are "${[...new Set(near)].join('", "')}".`,
	);
}

/** Throws where a name is of attention's own input and the MLP reads the same values: a change would reach both. */
function checkReaders(
	hook_names: readonly HookName[],
	hook: HookName,
	name: string,
): void {
	const block = /^(blocks\.\d+)\.attn\.hook_in$/.exec(name)?.[1];
	if (!block) return;
	const there = (rest: string) =>
		hook_names.some((one) => one === `${block}.${rest}`);
	if (there("hook_mlp_out") && !there("ln2.hook_out"))
		throw new Error(
			`"${name}" is what attention reads, and in this model the MLP reads the same values: name them "${hook}", where a change reaches both.`,
		);
}

/** What the values at a hook are: a vector a token, with the name of its width, or something else. */
export function hookShape(
	hook: HookName,
): "d_model" | "d_mlp" | "heads" | "scale" | "per head" {
	if (/attn\.hook_(pattern|attn_scores|result)$/.test(hook)) return "per head";
	if (/attn\.hook_[qkvz]$/.test(hook)) return "heads";
	if (hook.endsWith("hook_scale")) return "scale";
	return hook.includes(".mlp.") ? "d_mlp" : "d_model";
}

/** The number of values per token at a hook (q, k, v and z: of all heads). Throws where there is no one vector a token. */
export function hookWidth(
	info: Pick<ModelInfo, "d_model" | "d_mlp" | "n_heads" | "d_head">,
	hook: HookName,
): number {
	const shape = hookShape(hook);
	if (shape === "per head")
		throw new Error(
			`"${hook}" does not have one vector a token; read it with runWithCache, or take a hook that has, such as "${hook.replace(/attn\.hook_.*/, "attn.hook_z")}".`,
		);
	if (shape === "heads") return info.n_heads * info.d_head;
	return shape === "scale" ? 1 : info[shape];
}

/**
 * Lets what stands under TransformerLens's names be read by the names that were asked for as well. These do not count
 * among the keys: whoever goes through all hooks meets each once.
 */
export function alsoByName<T extends object>(
	byHook: T,
	model: Parameters<typeof parseHook>[0],
	asked: readonly string[],
): T {
	for (const name of asked) {
		const hook = parseHook(model, name);
		if (hook === name || !(hook in byHook)) continue;
		const get = () => byHook[hook as keyof T];
		Object.defineProperty(byHook, name, { get, configurable: true });
	}
	return byHook;
}
