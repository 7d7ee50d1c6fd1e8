/**
 * Activations of the model that ships, streamed to a folder: the memory should be the same for any number of tokens.
 * The last row takes minutes and 5 GB of disk.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { extract } from "../../src/activations";
import { loadSentences } from "../../src/dataset";
import { loadModel, type Model } from "../../src/model";
import { timed } from "../turns";
import type { Row, Suite } from "../types";

const hook_name = "blocks.5.hook_resid_post";

/** The bundled sentences over and over, since the same texts take the same memory however often they come. */
async function textsOf(model: Model, tokens: number): Promise<string[]> {
	const { text } = await loadSentences("bundled");
	const lengths: number[] = [];
	const texts: string[] = [];
	for (let n = 0; n < tokens; ) {
		const i = texts.length % text.length;
		lengths[i] ??= model.toTokens(text[i]).special.filter((is) => !is).length;
		n += lengths[i];
		texts.push(text[i]);
	}
	return texts;
}

function row(name: string, tokens: number): Row {
	return {
		name: `store, tiny, ${name} tokens`,
		rounds: 1,
		warm_up: false,
		async open(root) {
			const model = await loadModel("tiny-gpt2");
			const texts = await textsOf(model, tokens);
			const to = join(root, name);
			return {
				ours: {
					...timed(
						() => extract(model, texts, { hook_name, to }),
						({ n_tokens }) => n_tokens,
					),
					close: () => rmSync(to, { recursive: true, force: true }),
				},
				note({ ours: [{ ms, value = 0 }] }) {
					return `${value} tokens, ${Math.round((1000 * value) / ms)} a second`;
				},
			};
		},
	};
}

export const suite: Suite = {
	rows: [row("10k", 10_000), row("100k", 100_000), row("10M", 10_000_000)],
};
