import type { Activations } from "../activations";
import { knownHook, type ModelInfo } from "../model";
import { centres } from "./encode";
import type { SaeConfig } from "./types";

/**
 * What of activations is not as the SAE was trained: one sentence each, with what to do. What an SAE does not say of
 * itself is not looked at.
 */
export function mismatches(cfg: SaeConfig, acts: Activations): string[] {
	const found: string[] = [];
	const { model, hook_name, rows } = acts;
	found.push(...otherModel(cfg, model));
	if (
		cfg.hook_name &&
		(knownHook(cfg.hook_name) ?? cfg.hook_name) !== hook_name
	)
		found.push(
			`This SAE was trained at ${cfg.hook_name} and the activations are of ${hook_name}: extract them at the former.`,
		);
	if (cfg.prepend_bos !== acts.prepend_bos && model.bos_token_id !== null)
		found.push(
			`This SAE was trained on contexts ${having(cfg.prepend_bos)} BOS in front and the activations are of contexts ${having(acts.prepend_bos)}: extract them with prepend_bos: ${cfg.prepend_bos}.`,
		);
	const longest = acts.context_size ?? longestContext(rows.position);
	if (cfg.context_size && longest > cfg.context_size)
		found.push(
			`This SAE was trained on contexts of ${cfg.context_size} tokens and the activations are of up to ${longest}: it is not made for later positions; extract them with context_size: ${cfg.context_size}.`,
		);
	if (acts.center_writing_weights && !centres(cfg))
		found.push(
			`The activations have each row's mean taken out and this SAE was trained on rows as they are: extract them without center_writing_weights.`,
		);
	return found;
}

/** The sentence where a model is not the one that an SAE was trained on: by their weights, by their names where these are not known. */
export function otherModel(
	{ model_name, model_fingerprint }: SaeConfig,
	model: Pick<ModelInfo, "name" | "fingerprint">,
): string[] {
	const known = model_fingerprint && model.fingerprint;
	const same = known
		? model_fingerprint === model.fingerprint
		: !model_name || modelName(model_name) === modelName(model.name);
	if (same) return [];
	const alike = model_name === model.name;
	return [
		`This SAE was trained on ${model_name || "a model without a name"} and the activations are of ${alike ? "another model of that name, whose weights differ" : model.name}: its latents mean nothing there unless the two are one model.`,
	];
}

function having(bos: boolean): string {
	return bos ? "with" : "without";
}

function longestContext(position: Uint16Array): number {
	let last = -1;
	for (const p of position) if (p > last) last = p;
	return last + 1;
}

/** One name for the names of one model: "gpt2-small", "openai-community/gpt2" and a folder ".../gpt2" are "gpt2". */
function modelName(name: string): string {
	const last = name.split(/[/\\]/).filter(Boolean).at(-1) ?? name;
	return last.toLowerCase().replace(/^gpt2-small$/, "gpt2");
}
