import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadModel, type Model } from "../../src/model";
import { runView } from "../../src/notebook/views/model";
import { at } from "../../src/tensors";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
let model: Model;
before(async () => {
	model = await loadModel(writeRandomGpt2(join(folder, "random"))); // a context of 32 tokens
});
after(async () => {
	await model.dispose();
	remove();
});

const long = "x".repeat(50); // 51 tokens with BOS
const hook = "blocks.1.hook_resid_post" as const;
const metric = { type: "logit", token: 5 } as const;

test("a text longer than the context is refused by everything that runs once, with what to do", async () => {
	const calls: ((text: string | string[]) => Promise<unknown>)[] = [
		(text) => model.run(text),
		(text) => model.run(text, { hooks: [hook] }),
		(text) => model.runWithCache(text),
		(text) => model.loss(text),
		(text) => model.compare(text, { conditions: () => [] }),
		(text) => model.runWithGradients(text, { metric, hooks: [hook] }),
	];
	for (const call of calls)
		for (const text of [long, ["short", long]])
			await assert.rejects(
				call(text),
				/The text "x{40}…" has 51 tokens, and the context of "random" holds 32: shorten it, or .*toTokens/,
			);
	await assert.rejects(model.logitLens(long), /has 51 tokens/);
	await assert.rejects(model.generate(long), /has 51 tokens/);
	for (const call of calls) await call("x".repeat(31)); // fits to the last token
});

test("the tokens of a text as words are all of them", () => {
	assert.equal(model.toStrTokens(long).length, 51);
	assert.equal(model.toStrTokens(long, { truncate: true }).length, 32);
});

test("a text that was cut on purpose says so, and nobody is told of its end", async () => {
	const tokens = model.toTokens(long);
	assert.equal(tokens.cut, 19);
	const batch = model.batch([model.toTokens("short"), tokens]);
	assert.deepEqual([...(batch.cut ?? [])], [0, 19]);
	const out = await model.run(batch, { hooks: [hook] });
	assert.deepEqual([...(out.tokens.cut ?? [])], [0, 19]);
	assert.match(runView(out).text, /19 at their ends were cut/);
	assert.equal(at(out.cache[hook], 1, 31).length, 16);
	at(out.cache[hook], 0, -1);
	assert.throws(
		() => at(out.cache[hook], 1, -1),
		/the end of text 1, of which 19 tokens were cut/,
	);
	for (const position of [undefined, -1])
		await assert.rejects(
			model.runWithGradients(batch, {
				...{ metric: { ...metric, ...(position && { position }) } },
				hooks: [hook],
			}),
			/19 tokens at the end of text 1 were cut/,
		);
	const at5 = { ...metric, position: 5 };
	await model.runWithGradients(batch, { metric: at5, hooks: [hook] });
	await assert.rejects(
		model.run(batch, {
			interventions: [
				{ type: "scale", hook_name: hook, factor: 0, positions: [-1] },
			],
		}),
		/19 tokens at the end of text 1 were cut/,
	);
	const lens = await model.logitLens(model.batch([tokens]));
	assert.equal(lens.cut, 19);
	assert.equal(model.batch([model.toTokens("short")]).cut, undefined);
});
