import type { Sentences } from "../../dataset";
import { several } from "../../say";
import type { Html } from "../html";
import { table } from "../table";

/** The first five sentences with their labels, and the notes on how they were read. */
export function sentencesView(sentences: Sentences): Html {
	const names = Object.keys(sentences.labels).slice(0, 6);
	const notes = (sentences.notes ?? []).map((note) => ` ${note}`).join("");
	return table(
		["", "text", ...names],
		sentences.text
			.slice(0, 5)
			.map((text, i) => [
				i,
				text,
				...names.map((name) => sentences.labels[name][i]),
			]),
		{
			caption: `${several(sentences.text.length, "sentence")} (${sentences.name})${sentences.text.length > 5 ? ", the first five" : ""}${notes && `.${notes}`}`,
		},
	);
}
