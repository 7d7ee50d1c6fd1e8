import { nearNames } from "../suggest";
import type { HookName, ModelInfo } from "./types";

const inBlock = [
	"hook_resid_pre",
	"hook_attn_out",
	"hook_resid_mid",
	"mlp.hook_post",
	"hook_mlp_out",
	"hook_resid_post",
	"attn.hook_pattern",
];

/** Every hook of a model. */
export function hookNames(info: Pick<ModelInfo, "n_layers">): HookName[] {
	const names = ["hook_embed"];
	for (let layer = 0; layer < info.n_layers; layer++)
		names.push(...inBlock.map((hook) => `blocks.${layer}.${hook}`));
	return [...names, "ln_final.hook_normalized"] as HookName[];
}

/** The name as a hook of this model. Throws where it is none, with the nearest names or the layers there are. */
export function parseHook(
	info: Pick<ModelInfo, "n_layers" | "name">,
	name: string,
): HookName {
	const names = hookNames(info);
	const found = names.find((hook) => hook === name);
	if (found) return found;
	const [, layer, hook] = /^blocks\.(-?\d+)\.(.*)$/.exec(name) ?? [];
	if (inBlock.includes(hook))
		throw new Error(
			`There is no layer ${layer} in "${info.name}": its layers are 0 to ${info.n_layers - 1}, so the last such hook is "blocks.${info.n_layers - 1}.${hook}".`,
		);
	const near = nearNames(name, names).join('", "');
	throw new Error(
		`There is no hook "${name}" in "${info.name}"; near names are "${near}".`,
	);
}

/**
 * The name of the width of a hook's values: `info[hookShape(hook)]` is d_in.
 * An attention pattern has none, since it is as wide as the text is long.
 */
export function hookShape(hook: HookName): "d_model" | "d_mlp" | "pattern" {
	if (hook.endsWith("attn.hook_pattern")) return "pattern";
	return hook.endsWith("mlp.hook_post") ? "d_mlp" : "d_model";
}

/** The number of values per token at a hook. Throws for an attention pattern. */
export function hookWidth(info: ModelInfo, hook: HookName): number {
	const shape = hookShape(hook);
	if (shape === "pattern")
		throw new Error(
			`"${hook}" is an attention pattern, as wide as the text is long; a hook of fixed width is needed here, such as "${hook.replace("attn.hook_pattern", "hook_attn_out")}".`,
		);
	return info[shape];
}
