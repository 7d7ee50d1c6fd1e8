import { join } from "node:path";
import { writeFileAtomic } from "../../src/files";
import { type Evaluation, targets } from "./report";
import { batchesInStep, readLog, rows } from "./run";
import { recipe } from "./trainer";

/** What each behaviour asks of the model. */
const meaning = {
	agreement:
		"the verb agrees with its subject across a noun of the other number",
	sentiment:
		"after a negated word of praise or blame, the ending fits the turn",
	copying: "the name that comes back is the one that was introduced",
	quote: "an open quotation is closed, where no other is",
	pronoun: "he or she is the person that the verb points to",
};

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const count = (n: number) => Math.round(n).toLocaleString("en-US");

/** Writes the model card, README.md, from measured numbers. */
export function writeCard(folder: string, evaluation: Evaluation): void {
	const { nats, ratio, sentences, tokens, behaviours } = evaluation;
	const last = readLog(folder).at(-1);
	const lines = behaviours.map(
		({ model, trigram }) =>
			`| ${model.behaviour}: ${meaning[model.behaviour]} | ${model.items} | ${percent(model.chance)} | ${percent(trigram.accuracy)} | ${percent(targets[model.behaviour])} | **${percent(model.accuracy)}** |`,
	);
	const card = `---
language: en
license: mit
library_name: transformers
pipeline_tag: text-generation
---

# Tiny GPT-2

A GPT-2 small enough to take apart in minutes: 6 layers, d_model 128, 4 heads, context 128, 1000 byte-level tokens, gelu_new, the head tied to the embedding; 1.3 million weights in float32. It speaks only the English of [the bundled sentences](../../README.md), whose grammar is known in full: so is the least possible loss, and so are the true factors behind every text.

It is no model of English at large. Any text can be typed in, but what lies outside the grammar it has never seen.

## How it was made
\`npx tsx data/train-tiny-gpt2.ts${last ? ` --seed ${last.seed} --steps ${last.step}` : ""}\`: ${last ? `${count(last.step)} steps of ${rows * batchesInStep} texts, ${count(last.tokens)} tokens in all` : "no log was kept"}, all fresh draws from the grammar, without the validation and test sentences. Adam (β₁ ${recipe.beta1}, β₂ ${recipe.beta2}), no weight decay, the gradient's norm cut at 1, learning rate up to ${recipe.lr} over ${recipe.warmUp} steps, falling to 0 along a cosine over the last ${percent(recipe.decay).replace(".0", "")} of the steps. What depends on something said long before (he or she, a name that comes back, the ending, which depends on the sentiment) counts ${recipe.emphasis} times in the gradient after the first ${count(recipe.plainSteps)} steps and until the learning rate falls, and once before and after: else its signal drowns for long in the free choice of the other words. \`training-log.jsonl\` holds seed, step, loss and the grammar's own loss on the same texts (\`best\`), in nats per token.

Each text stands between two \`<|endoftext|>\` (id 999, the last): one as BOS, one as the end.

## How good it is
On the ${count(sentences)} sentences of the test split (${count(tokens)} tokens with the end token, ${(tokens / sentences).toFixed(1)} a text; BOS given):

| | Σ −log p, nats | nats per token |
|---|---|---|
| the grammar itself: the least possible on average | ${count(nats.grammar)} | ${(nats.grammar / tokens).toFixed(4)} |
| **this model** | **${count(nats.model)}** | **${(nats.model / tokens).toFixed(4)}** |
| a trigram model of the same tokens (${count(evaluation.trigram_texts)} texts) | ${count(nats.trigram)} | ${(nats.trigram / tokens).toFixed(4)} |

The model's sum is **${ratio.toFixed(4)} ×** the grammar's (target: at most 1.05).

## What it has learnt
Each behaviour is a forced choice: is the right continuation likelier (summed log-probability of its tokens) than its minimal foil, or, for copying, than every other name? The combinations of words asked about occur in no training text. Beside it, a trigram model, which sees two tokens back.

| behaviour | choices | chance | trigram | target | this model |
|---|---|---|---|---|---|
${lines.join("\n")}

${layerTable(evaluation)}
\`npx tsx data/train-tiny-gpt2.ts --eval-only\` measures all this again; the numbers lie in \`evaluation.json\`.
`;
	writeFileAtomic(join(folder, "README.md"), card);
}

/** A table of what linear probes read at each layer. */
function layerTable({ layers }: Evaluation): string {
	if (!layers) return "";
	const labels = [...new Set(layers.map(({ series }) => series))];
	const depth = 1 + Math.max(...layers.map(({ layer }) => layer));
	const rows = Array.from({ length: depth }, (_, layer) => {
		const scores = layers.filter((score) => score.layer === layer);
		const cells = scores.map(
			({ value, interval: [low, high] }) =>
				`${percent(value)} (${percent(low)} to ${percent(high)})`,
		);
		return `| blocks.${layer}.hook_resid_post | ${cells.join(" | ")} |`;
	});
	return `## What each layer holds
A linear probe on the mean of a sentence's hidden states, of the text before \`prefix_end\`; accuracy on the test split with its 95 % interval.

| hook | ${labels.join(" | ")} |
|---|${labels.map(() => "---|").join("")}
${rows.join("\n")}
`;
}
