import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { extract, rowsOf } from "../../src/activations";
import type { Sentences } from "../../src/dataset";
import {
	openSafetensors,
	readTensor,
	writeSafetensors,
} from "../../src/formats/safetensors";
import { type HookName, loadModel, type Model } from "../../src/model";
import { type Progress, setProgressSink } from "../../src/progress";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
let model: Model;
before(async () => {
	model = await loadModel(writeRandomGpt2(join(folder, "model")));
});
after(async () => {
	await model.dispose();
	remove();
});

const hook_name: HookName = "blocks.1.hook_resid_post";
const text = ["abc", "a longer one é", "x", "<|endoftext|>mid<|endoftext|>"];
const sentences: Sentences = {
	kind: "sentences",
	name: "four",
	text,
	labels: {},
	offsets: {},
	split: ["train", "test", "train", "validation"],
};

test("each row is what the sentence alone gives, in the sentences' order", async () => {
	for (const batch_tokens of [1, 20, 2048]) {
		const acts = await extract(model, text, { hook_name, batch_tokens });
		assert.equal(acts.d_in, 16);
		assert.equal(acts.cut, 0);
		let row = 0;
		for (const [i, sentence] of text.entries()) {
			const tokens = model.toTokens(sentence);
			const { cache } = await model.run(sentence, { hooks: [hook_name] });
			for (const [position, id] of tokens.ids.entries()) {
				if (tokens.special[position]) continue;
				assert.equal(acts.rows.sentence[row], i);
				assert.equal(acts.rows.position[row], position);
				assert.equal(acts.rows.token[row], id);
				assert.equal(acts.rows.start[row], tokens.start[position]);
				assert.equal(acts.rows.end[row], tokens.end[position]);
				for (let unit = 0; unit < 16; unit++)
					assert.ok(
						Math.abs(
							acts.data[row * 16 + unit] -
								cache[hook_name].data[position * 16 + unit],
						) < 1e-5,
					);
				row++;
			}
		}
		assert.equal(acts.n_tokens, row);
		assert.equal(acts.data.length, row * 16);
	}
});

test("special tokens have no rows; BOS has one when asked for", async () => {
	const without = await extract(model, text, { hook_name });
	assert.ok(!without.rows.token.includes(256));
	assert.equal(without.n_tokens, 3 + 15 + 1 + 3);
	const included = await extract(model, text, { hook_name, include_bos: true });
	assert.equal(included.n_tokens, without.n_tokens + text.length);
	assert.equal(included.rows.token[0], 256);
	assert.equal(included.rows.position[0], 0);
});

test("without BOS in front the model sees other contexts", async () => {
	const acts = await extract(model, ["abc"], { hook_name, prepend_bos: false });
	assert.deepEqual([...acts.rows.position], [0, 1, 2]);
	const tokens = model.batch([Int32Array.from(Buffer.from("abc"))]);
	const { cache } = await model.run(tokens, { hooks: [hook_name] });
	assert.deepEqual(acts.data, cache[hook_name].data);
});

test("the MLP's hidden layer is as wide as d_mlp", async () => {
	const wide = await extract(model, text, {
		hook_name: "blocks.0.mlp.hook_post",
	});
	assert.equal(wide.d_in, 64);
	assert.equal(wide.data.length, 64 * wide.n_tokens);
});

test("batches give the rows in order, of all or of one split", async () => {
	const acts = await extract(model, sentences, { hook_name });
	const gather = async (options?: Parameters<typeof acts.batches>[0]) => {
		const parts: number[] = [];
		for await (const batch of acts.batches(options)) parts.push(...batch);
		return Float32Array.from(parts);
	};
	assert.deepEqual(await gather(), acts.data);
	assert.deepEqual(await gather({ size: 5 }), acts.data);
	const train = rowsOf(acts, "train");
	assert.deepEqual([...train], [0, 1, 2, 18]);
	const expected = [...train].flatMap((row) => [
		...acts.data.subarray(row * 16, (row + 1) * 16),
	]);
	assert.deepEqual(
		await gather({ split: "train", size: 3 }),
		Float32Array.from(expected),
	);
	assert.equal(rowsOf(acts).length, acts.n_tokens);
	const unsplit = { ...acts, sentences: { ...sentences, split: undefined } };
	assert.equal(rowsOf(unsplit, "test").length, acts.n_tokens);
});

test("the same sentences give the same numbers twice", async () => {
	const once = await extract(model, sentences, { hook_name });
	const twice = await extract(model, sentences, { hook_name });
	assert.deepEqual(once.data, twice.data);
	assert.deepEqual(once.rows, twice.rows);
});

test("texts longer than the context are cut with one warning that counts", async () => {
	const warnings: string[] = [];
	const listen = (warning: Error) => warnings.push(warning.message);
	process.on("warning", listen);
	const long = ["x".repeat(40), "short", "y".repeat(33)];
	const acts = await extract(model, long, { hook_name });
	await new Promise(setImmediate);
	process.off("warning", listen);
	assert.equal(acts.cut, 9 + 2);
	assert.equal(acts.n_tokens, 31 + 5 + 31);
	assert.deepEqual(warnings, [
		"2 of 3 texts are longer than the context of 32 tokens; 11 tokens at their ends were left out.",
	]);
});

test("progress is told in tokens and ends at their number", async () => {
	const told: Progress[] = [];
	setProgressSink((progress) => told.push(progress));
	const acts = await extract(model, text, { hook_name, batch_tokens: 20 });
	setProgressSink(undefined);
	assert.ok(told.length > 1);
	assert.ok(told.every(({ unit, total }) => unit === "tokens" && total === 22));
	assert.equal(told[told.length - 1].done, acts.n_tokens);
	assert.match(told[0].label, /extract blocks\.1\.hook_resid_post/);
});

test("a signal ends the extraction", async () => {
	const controller = new AbortController();
	const pending = extract(model, text, {
		hook_name,
		batch_tokens: 1,
		signal: controller.signal,
	});
	controller.abort();
	await assert.rejects(pending, { name: "AbortError" });
});

test("activations that are not numbers are refused, naming the sentence", async () => {
	const path = writeRandomGpt2(join(folder, "nan"));
	const file = join(path, "model.safetensors");
	const opened = openSafetensors(file);
	const tensors = Object.fromEntries(
		[...opened.tensors].map(([name, { shape }]) => [
			name,
			{ shape, data: readTensor(opened, name) },
		]),
	);
	tensors["transformer.wte.weight"].data[120 * 16] = Number.NaN; // "x"
	writeSafetensors(file, tensors);
	const broken = await loadModel(path);
	await extract(broken, ["abc"], { hook_name });
	await assert.rejects(
		extract(broken, text, { hook_name }),
		/NaN or infinite in sentence 2 \("x"\)/,
	);
	await broken.dispose();
});

test("an empty data set and a hook without fixed width are refused", async () => {
	await assert.rejects(extract(model, [], { hook_name }), /is empty/);
	await assert.rejects(
		extract(model, ["<|endoftext|>"], { hook_name }),
		/no token besides special ones/,
	);
	await assert.rejects(
		extract(model, text, { hook_name: "blocks.0.attn.hook_pattern" }),
		/attention pattern/,
	);
	await assert.rejects(
		extract(model, text, { hook_name: "blocks.7.hook_resid_post" }),
		/layers are 0 to 2/,
	);
});
