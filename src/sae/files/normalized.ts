import { knownHook } from "../../model";

/** What `metadata.hook_normalized` says in our own files; older versions meant the value after gain and shift. */
const BEFORE = "before gain and shift";

/** For cfg.json: what a norm's hook_normalized is, where the SAE is of one. */
export function saidOfNormalized(hook_name: string): object {
	return isNormalized(hook_name) ? { hook_normalized: BEFORE } : {};
}

/** A doubt where a file was written when a norm's hook_normalized was another quantity; none otherwise. */
export function normalizedDoubt(
	stored: Record<string, unknown>,
	hook_name: string,
): string[] {
	if (!isNormalized(hook_name) || stored.hook_normalized === BEFORE) return [];
	const now = `Today "${hook_name}" is before the norm's gain and shift, and "${hook_name.replace("normalized", "out")}" after them`;
	if (typeof stored.model_fingerprint === "string")
		return [
			`This SAE was written by an older version, whose "${hook_name}" was after the norm's gain and shift. ${now}: load it with config_overrides: { hook_name: "${hook_name.replace("normalized", "out")}" }.`,
		];
	const { sae_lens_version } = stored;
	const major = Number.parseInt(String(sae_lens_version ?? "0"), 10);
	if (major >= 6) return [];
	return [
		`This SAE is of SAELens ${sae_lens_version ?? "before 6"}, whose TransformerLens had "${hook_name}" after the norm's gain and shift unless these were folded into the weights. ${now}: where the model was not processed, give config_overrides: { hook_name: "${hook_name.replace("normalized", "out")}" }.`,
	];
}

function isNormalized(hook_name: string): boolean {
	return (knownHook(hook_name) ?? hook_name).endsWith(".hook_normalized");
}
