import type { BlockHook, HookName } from "./types";

/** What TransformerLens 4's bridge calls the hooks of a block: the same values, whether they are read or changed. */
const bridge = {
	hook_in: "hook_resid_pre",
	hook_out: "hook_resid_post",
	"attn.hook_in": "ln1.hook_out",
	"attn.q.hook_out": "attn.hook_q",
	"attn.k.hook_out": "attn.hook_k",
	"attn.v.hook_out": "attn.hook_v",
	"attn.hook_attn": "attn.hook_pattern", // its name in the first releases
	"attn.o.hook_in": "attn.hook_z",
	"attn.o.hook_out": "hook_attn_out",
	"attn.hook_hidden_states": "hook_attn_out",
	"attn.hook_out": "hook_attn_out",
	"mlp.hook_in": "ln2.hook_out",
	"mlp.in.hook_in": "ln2.hook_out",
	"mlp.in.hook_out": "mlp.hook_pre",
	"mlp.out.hook_in": "mlp.hook_post",
	"mlp.out.hook_out": "hook_mlp_out",
	"mlp.hook_out": "hook_mlp_out",
} as const satisfies Record<string, BlockHook>;

/** The hooks of the modules of a block in Hugging Face's transformers: what a module gives. "" is the block itself. */
const gpt2 = {
	"": "hook_resid_post",
	".ln_1": "ln1.hook_out",
	".attn": "hook_attn_out",
	".attn.c_proj": "hook_attn_out",
	".attn.resid_dropout": "hook_attn_out",
	".ln_2": "ln2.hook_out",
	".mlp": "hook_mlp_out",
	".mlp.c_fc": "mlp.hook_pre",
	".mlp.act": "mlp.hook_post",
	".mlp.c_proj": "hook_mlp_out",
	".mlp.dropout": "hook_mlp_out",
} as const satisfies Record<string, BlockHook>;
const gptNeox = {
	"": "hook_resid_post",
	".input_layernorm": "ln1.hook_out",
	".attention": "hook_attn_out",
	".attention.dense": "hook_attn_out",
	".post_attention_layernorm": "ln2.hook_out",
	".mlp": "hook_mlp_out",
	".mlp.act": "mlp.hook_post",
	".mlp.dense_4h_to_h": "hook_mlp_out",
} as const satisfies Record<string, BlockHook>;
const llama = {
	"": "hook_resid_post",
	".input_layernorm": "ln1.hook_out",
	".self_attn": "hook_attn_out",
	".self_attn.o_proj": "hook_attn_out",
	".post_attention_layernorm": "ln2.hook_out",
	".mlp": "hook_mlp_out",
	".mlp.down_proj": "hook_mlp_out",
} as const satisfies Record<string, BlockHook>;

/** Names outside the blocks. */
const outside = {
	"embed.hook_out": "hook_embed",
	"pos_embed.hook_out": "hook_pos_embed",
	"unembed.hook_in": "ln_final.hook_out",
	"transformer.wte": "hook_embed",
	wte: "hook_embed",
	"transformer.wpe": "hook_pos_embed",
	wpe: "hook_pos_embed",
	"transformer.drop": "blocks.0.hook_resid_pre",
	drop: "blocks.0.hook_resid_pre",
	"transformer.ln_f": "ln_final.hook_out",
	ln_f: "ln_final.hook_out",
	"gpt_neox.embed_in": "hook_embed",
	embed_in: "hook_embed",
	"gpt_neox.final_layer_norm": "ln_final.hook_out",
	final_layer_norm: "ln_final.hook_out",
	"model.norm": "ln_final.hook_out",
	norm: "ln_final.hook_out",
} as const satisfies Record<string, HookName>;

/** Equal names of hooks, as other tools write them. */
export type HookAlias =
	| keyof typeof outside
	| `blocks.${number}.${keyof typeof bridge}`
	| `${"transformer." | ""}h.${number}${keyof typeof gpt2}`
	| `${"gpt_neox." | ""}layers.${number}${keyof typeof gptNeox}`
	| `${"model." | ""}layers.${number}${keyof typeof llama}`;

/** A hook by any of its names. */
export type AnyHookName = HookName | HookAlias;

interface Spelling {
	/** What stands before the layer's number. */
	prefixes: readonly string[];
	hooks: Readonly<Record<string, BlockHook>>;
	/** The types of models, as config.json has them, whose modules give what their names say here. */
	types?: readonly string[];
}

const spellings: readonly Spelling[] = [
	{
		prefixes: ["blocks."],
		hooks: Object.fromEntries(
			Object.entries(bridge).map(([name, hook]) => [`.${name}`, hook]),
		),
	},
	{ prefixes: ["transformer.h.", "h."], hooks: gpt2, types: ["gpt2"] },
	{
		prefixes: ["gpt_neox.layers.", "layers."],
		hooks: gptNeox,
		types: ["gpt_neox"],
	},
	{
		prefixes: ["model.layers.", "layers."],
		hooks: llama,
		types: ["llama", "mistral", "qwen2", "qwen3", "gemma", "phi3", "smollm3"],
	},
];

/**
 * TransformerLens's name of a hook ("blocks.3.hook_resid_post") by that or any equal one: of TransformerLens 4's bridge
 * ("blocks.3.hook_out"), or of the module in Hugging Face's transformers that gives the values ("transformer.h.3",
 * "h.3.mlp", "gpt_neox.layers.3", "model.layers.3.mlp"; "layers.3.mlp" as sparsify writes it). Undefined where it is
 * none. `model_type` is config.json's: where it is given ("" where it is not known), modules within a block count only
 * where that type of model is known to have them so.
 */
export function knownHook(
	name: string,
	model_type?: string,
): HookName | undefined {
	if (own.test(name)) return name as HookName;
	if (Object.hasOwn(outside, name))
		return outside[name as keyof typeof outside];
	for (const { prefixes, hooks, types } of spellings) {
		const prefix = prefixes.find((start) => name.startsWith(start));
		if (prefix === undefined) continue;
		const [layer = ""] = /^-?\d+/.exec(name.slice(prefix.length)) ?? [];
		const rest = name.slice(prefix.length + layer.length);
		if (layer === "" || !Object.hasOwn(hooks, rest)) continue;
		const sure = !types || types.includes(model_type ?? types[0]);
		if (sure || rest === "")
			return `blocks.${layer as `${number}`}.${hooks[rest]}` as HookName;
	}
	return undefined;
}

/** TransformerLens's names. */
const own =
	/^(hook_embed|hook_pos_embed|blocks\.-?\d+\.(hook_(resid_pre|attn_out|resid_mid|mlp_out|resid_post)|ln[12]\.hook_(scale|normalized|out)|attn\.hook_([qkvz]|attn_scores|pattern|result)|mlp\.hook_(pre|post))|ln_final\.hook_(scale|normalized|out))$/;

/** Every equal name of a model's hooks, for finding what a misspelt one meant: by the name, the hook. */
export function spelledHooks(
	hook_names: readonly HookName[],
	n_layers: number,
	model_type?: string,
): Map<string, HookName> {
	const there = new Set(hook_names);
	const found = new Map<string, HookName>(
		hook_names.map((name) => [name, name]),
	);
	const add = (name: string) => {
		const hook = knownHook(name, model_type);
		if (hook && there.has(hook)) found.set(name, hook);
	};
	for (const name of Object.keys(outside)) add(name);
	for (const { prefixes, hooks } of spellings)
		for (const prefix of prefixes)
			for (const hook of Object.keys(hooks))
				for (let layer = 0; layer < n_layers; layer++)
					add(`${prefix}${layer}${hook}`);
	return found;
}

/**
 * Names of TransformerLens of what one part of the model reads: equal to a hook as long as nobody changes it; a change
 * there does not reach what else reads the hook.
 */
const readBy: Record<string, BlockHook> = {
	"ln1.hook_in": "hook_resid_pre",
	hook_attn_in: "hook_resid_pre",
	"attn.hook_attn_in": "hook_resid_pre",
	"ln2.hook_in": "hook_resid_mid",
	hook_mlp_in: "hook_resid_mid",
	...Object.fromEntries(
		["q", "k", "v"].flatMap((part): [string, BlockHook][] => [
			[`hook_${part}_input`, "hook_resid_pre"],
			[`attn.hook_${part}_input`, "hook_resid_pre"],
			[`attn.${part}.hook_in`, "ln1.hook_out"],
		]),
	),
	"attn.qkv.hook_in": "ln1.hook_out",
};

/** Why a name that looks like a hook's is none, as a clause. Undefined where there is nothing to say. */
export function notAHook(name: string): string | undefined {
	const [, layer, rest = ""] = /^blocks\.(\d+)\.(.*)$/.exec(name) ?? [];
	if (Object.hasOwn(readBy, rest))
		return `is what one part of the model reads; its values are those of "blocks.${layer}.${readBy[rest]}", which can be read and changed here`;
	if (name === "ln_final.hook_in")
		return "is what the last norm reads; its values are those of the last block's hook_resid_post, which can be read and changed here";
	if (/^(hook_unembed|unembed\.hook_out|lm_head)$/.test(name))
		return "are the logits, which run and runWithCache give beside the hooks";
	if (/attn\.(qkv\.hook_out|c_attn)$/.test(name))
		return "holds queries, keys and values side by side; they are attn.hook_q, attn.hook_k and attn.hook_v here";
	return undefined;
}
