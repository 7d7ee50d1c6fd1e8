import { nearNames } from "../suggest";
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

/** The name as a hook of this model. Throws where it is none, with the nearest names or the layers there are. */
export function parseHook(
	model: { info: Pick<ModelInfo, "n_layers" | "name"> } & Pick<
		Decoder,
		"hook_names"
	>,
	name: string,
): HookName {
	const { info, hook_names } = model;
	const found = hook_names.find((hook) => hook === name);
	if (found) return found;
	const [, layer, hook] = /^blocks\.(-?\d+)\.(.*)$/.exec(name) ?? [];
	const last = `blocks.${info.n_layers - 1}.${hook}`;
	if (hook_names.some((hook) => hook === last))
		throw new Error(
			`There is no layer ${layer} in "${info.name}": its layers are 0 to ${info.n_layers - 1}, so the last such hook is "${last}".`,
		);
	const near = nearNames(name, hook_names).join('", "');
	throw new Error(
		`There is no hook "${name}" in "${info.name}"; near names are "${near}".`,
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
