// Runs where real GPT-2 small is on the machine: SPARSELENS_GPT2=<folder>, or in the Hugging Face cache. The values are
// read in place from the fixtures beside the checkout.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { loadModel, type Model } from "../../src/model";
import { fixture } from "../fixtures";
import { largestDifference } from "../numbers";

const prompts = fixture("reference/gpt2_small_transformer_explainer");
const values = fixture("reference/gpt2_reference_values.json");
let gpt2: Model | undefined;

before(async () => {
	const named = process.env.SPARSELENS_GPT2;
	if (named) gpt2 = await loadModel(named);
	for (const id of ["openai-community/gpt2", "gpt2"])
		gpt2 ??= await loadModel(id, { offline: true }).catch(() => undefined);
});
after(() => gpt2?.dispose());

/** A test that needs the model and a fixture. */
function golden(
	title: string,
	file: string | undefined,
	check: (model: Model, file: string) => Promise<void>,
): void {
	test(title, async (t) => {
		if (!gpt2) return t.skip("real GPT-2 is not on this machine");
		if (!file) return t.skip("the fixtures are not beside the checkout");
		await check(gpt2, file);
	});
}

const readJson = (file: string) => JSON.parse(readFileSync(file, "utf8"));
const floats = (file: string) =>
	new Float32Array(new Uint8Array(readFileSync(file)).buffer);

golden(
	"real GPT-2 gives the recorded last logits within 1e-3, and the recorded patterns",
	prompts,
	async (model, folder) => {
		for (const { file, prompt, tokenIds } of readJson(`${folder}/index.json`)) {
			const tokens = model.toTokens(prompt, { prepend_bos: false });
			assert.deepEqual([...tokens.ids], tokenIds);
			const { logits, cache } = await model.runWithCache(
				model.batch([tokens]),
				{ names_filter: (name) => name.endsWith("hook_pattern") },
			);
			const expected = floats(`${folder}/${file}.last_logits.f32`);
			const last = logits?.data.subarray(-expected.length) ?? [];
			const difference = largestDifference(last, expected);
			assert.ok(difference < 1e-3, `${prompt}: ${difference}`);
			const patterns = Object.values(cache).flatMap(({ data }) => [...data]);
			const recorded = floats(`${folder}/${file}.attn_softmax.f32`);
			assert.ok(largestDifference(patterns, recorded) < 1e-3, prompt);
		}
	},
);

golden(
	"real GPT-2 continues texts greedily as published",
	values,
	async (model, file) => {
		const known = readJson(file);
		const { input_ids, expected_output_ids } = known.hf_greedy_ids;
		const options = { prepend_bos: false, temperature: 0 };
		const { ids } = await model.generate("The dog", {
			...options,
			max_new_tokens: expected_output_ids.length - input_ids.length,
		});
		assert.deepEqual([...input_ids, ...ids], expected_output_ids);
		for (const name of ["hf_greedy_batch", "hf_tf_greedy", "hf_flax_greedy"])
			for (const [i, prompt] of known[name].prompts.entries()) {
				const expected: string = known[name].expected[i];
				const count = (text: string) =>
					model.toTokens(text, { prepend_bos: false }).ids.length;
				const { text } = await model.generate(prompt, {
					...options,
					max_new_tokens: count(expected) - count(prompt),
				});
				assert.equal(prompt + text, expected);
			}
	},
);

golden(
	"real GPT-2 gives published slices of logits and of the last norm's output, and a published loss",
	values,
	async (model, file) => {
		const known = readJson(file);
		const rows = (data: Float32Array, width: number) =>
			[1, 2, 3].map((row) => [
				...data.subarray(row * width + 1, row * width + 4),
			]);
		const last = "ln_final.hook_out" as const;
		const { input_ids, expected } = known.bumblebee_logits;
		const { logits } = await model.run(
			model.batch([Int32Array.from(input_ids)]),
		);
		assert.ok(logits);
		const slice = rows(logits.data, 50257).flat();
		assert.ok(largestDifference(slice, expected.flat()) < 1e-3);

		const hidden = known.bumblebee_last_hidden_state;
		const { cache } = await model.run(
			model.batch([Int32Array.from(hidden.input_ids)]),
			{ hooks: [last] },
		);
		const state = rows(cache[last].data, 768).flat();
		assert.ok(largestDifference(state, hidden.expected.flat()) < 2e-4);

		const raven = known.raven_last_hidden_state;
		const hello = await model.run(raven.text, {
			hooks: [last],
			prepend_bos: false,
		});
		const first = hello.cache[last].data.subarray(0, raven.expected.length);
		assert.ok(largestDifference(first, raven.expected) < 2e-4);

		const { text, mean_next_token_loss_nats } = known.transformerlens_loss;
		const { data } = await model.loss(text);
		const mean = data.reduce((a, b) => a + b, 0) / data.length;
		assert.ok(Math.abs(mean - mean_next_token_loss_nats["gpt2-small"]) < 2e-4);
	},
);
