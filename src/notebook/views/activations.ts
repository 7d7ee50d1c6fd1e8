import type { Activations } from "../../activations";
import type { Html } from "../html";
import { fields } from "../table";

/** Where the activations come from, how many there are, and where they lie. */
export function activationsView(acts: Activations): Html {
	return fields(`Activations of ${acts.hook_name}`, [
		["model", acts.model.name],
		["tokens", acts.n_tokens],
		// those of a folder are not read for this: they may be millions
		["sentences", acts.folder ? undefined : acts.sentences.text.length],
		["sentences left out (a character has no token)", acts.skipped],
		["d_in", acts.d_in],
		["tokens per packed context", acts.context_size],
		[
			"centred",
			acts.center_writing_weights ? "mean over d_model removed" : undefined,
		],
		["folder", acts.folder],
		["kept as", acts.dtype],
		["hooks in the folder", acts.hook_names?.join(", ")],
	]);
}
