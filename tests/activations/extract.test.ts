import assert from "node:assert/strict";
import os from "node:os";
import { join } from "node:path";
import { after, before, mock, test } from "node:test";
import {
	type Activations,
	extract,
	openActivations,
	rowsOf,
} from "../../src/activations";
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

/** The values of activations in memory. */
function dataOf({ data }: Activations): Float32Array {
	assert.ok(data);
	return data;
}

function near(a: ArrayLike<number>, b: ArrayLike<number>, within: number) {
	assert.equal(a.length, b.length);
	for (let i = 0; i < a.length; i++)
		assert.ok(Math.abs(a[i] - b[i]) <= within, `${a[i]} and ${b[i]} at ${i}`);
}

test("each row is what the sentence alone gives, in the sentences' order", async () => {
	for (const batch_tokens of [1, 20, 2048]) {
		const acts: Activations = await extract(model, text, {
			hook_name,
			batch_tokens,
		});
		const data = dataOf(acts);
		assert.equal(acts.d_in, 16);
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
							data[row * 16 + unit] -
								cache[hook_name].data[position * 16 + unit],
						) < 1e-5,
					);
				row++;
			}
		}
		assert.equal(acts.n_tokens, row);
		assert.equal(data.length, row * 16);
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
	assert.equal(dataOf(wide).length, 64 * wide.n_tokens);
});

test("queries, keys, values and z are as wide as all heads together, a norm's scale is one number", async () => {
	const attn = ["q", "k", "v", "z"].map(
		(one) => `blocks.0.attn.hook_${one}` as HookName,
	);
	for (const hook of [...attn, "blocks.0.ln1.hook_scale"] as HookName[]) {
		const acts = await extract(model, ["abc"], { hook_name: hook });
		const { cache } = await model.run("abc", { hooks: [hook] });
		assert.equal(acts.d_in, hook.endsWith("scale") ? 1 : 16);
		assert.deepEqual(dataOf(acts), cache[hook].data.subarray(acts.d_in));
	}
});

test("several hooks come from one pass, in the order asked for", async () => {
	const hook_names: HookName[] = [
		hook_name,
		"blocks.0.mlp.hook_post",
		hook_name,
		"hook_embed",
	];
	let runs = 0;
	const counting = {
		...model,
		run: (...given: Parameters<Model["run"]>) => {
			runs++;
			return model.run(...given);
		},
	};
	const several = await extract(counting, sentences, { hook_names });
	assert.equal(runs, 1);
	assert.deepEqual(
		several.map((acts) => acts.hook_name),
		hook_names,
	);
	for (const acts of several) {
		const alone = await extract(model, sentences, {
			hook_name: acts.hook_name,
		});
		assert.equal(acts.d_in, alone.d_in);
		near(dataOf(acts), dataOf(alone), 1e-6);
		assert.deepEqual(acts.rows, alone.rows);
	}
	await assert.rejects(
		extract(model, text, { hook_names: [] }),
		/hook_names is empty: name at least one/,
	);
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
		...dataOf(acts).subarray(row * 16, (row + 1) * 16),
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

test("a text longer than the context goes on in further contexts, each as if its part stood alone", async () => {
	const long = `${"x".repeat(31)}${"yz".repeat(15)}y${"end"}`;
	const acts = await extract(model, [long, "short"], { hook_name });
	assert.equal(acts.n_tokens, 65 + 5);
	assert.equal(acts.context_size, undefined);
	const [first, second, third] = [
		long.slice(0, 31),
		long.slice(31, 62),
		long.slice(62),
	];
	const positions = [first, second, third, "short"].flatMap((part) =>
		Array.from(part, (_, i) => i + 1),
	);
	assert.deepEqual([...acts.rows.position], positions);
	assert.deepEqual([...acts.rows.start.subarray(0, 65)], [...Array(65).keys()]);
	const alone = await extract(model, [first, second, third, "short"], {
		hook_name,
	});
	near(dataOf(acts), dataOf(alone), 1e-6);
});

test("packed texts are seen side by side, with BOS between", async () => {
	const acts = await extract(model, ["abc", "defgh"], {
		hook_name,
		context_size: 6,
	});
	assert.equal(acts.context_size, 6);
	assert.equal(acts.n_tokens, 8);
	assert.deepEqual([...acts.rows.position], [1, 2, 3, 5, 1, 2, 3, 4]);
	const bos = 256;
	const ids = (parts: string[]) =>
		Int32Array.from(parts.flatMap((part) => [bos, ...Buffer.from(part)]));
	for (const [parts, from, keep] of [
		[["abc", "d"], 0, [1, 2, 3, 5]],
		[["efgh"], 4, [1, 2, 3, 4]],
	] as const) {
		const input = model.batch([ids([...parts])]);
		const { cache } = await model.run(input, { hooks: [hook_name] });
		for (const [row, position] of keep.entries())
			near(
				dataOf(acts).subarray((from + row) * 16, (from + row + 1) * 16),
				cache[hook_name].data.subarray(position * 16, (position + 1) * 16),
				1e-5,
			);
	}
	await assert.rejects(
		extract(model, text, { hook_name, context_size: 33 }),
		/context_size is 33, where a whole number from 2 to 32/,
	);
});

test("centring gives what the model gives whose writing weights are centred, and the same logits", async () => {
	// An untied head: it reads the stream, and is not centred with W_E.
	const untied = { tie_word_embeddings: false };
	const plain = await loadModel(
		writeRandomGpt2(join(folder, "untied"), untied),
	);
	const path = writeRandomGpt2(join(folder, "centred"), untied);
	const centred = await withWeights(path, (name, { shape, data }) => {
		if (!/wte|wpe|c_proj/.test(name)) return;
		const d = shape[shape.length - 1];
		for (let row = 0; row < data.length; row += d) {
			let mean = 0;
			for (let i = 0; i < d; i++) mean += data[row + i] / d;
			for (let i = 0; i < d; i++) data[row + i] -= mean;
		}
	});
	const input = "a stream of bytes";
	const hooks = plain.hook_names.filter(
		(name) => !/attn_scores|pattern|result/.test(name),
	);
	const options = { hook_names: hooks, include_bos: true };
	const raw = await extract(plain, [input], options);
	const ours = await extract(plain, [input], {
		...options,
		center_writing_weights: true,
	});
	const theirs = await extract(centred, [input], options);
	let changed = 0;
	for (const [i, hook] of hooks.entries()) {
		near(dataOf(ours[i]), dataOf(theirs[i]), 2e-5);
		const stream =
			/hook_(pos_)?embed$|hook_resid|hook_attn_out|hook_mlp_out/.test(hook);
		if (!stream) assert.deepEqual(dataOf(ours[i]), dataOf(raw[i]));
		else {
			changed++;
			assert.ok(
				dataOf(raw[i]).some((v, j) => Math.abs(v - dataOf(ours[i])[j]) > 0.01),
			);
		}
		assert.equal(ours[i].center_writing_weights, true);
		assert.equal(raw[i].center_writing_weights, false);
	}
	assert.equal(changed, 2 + 3 * 5);
	const logits = async (one: Model) =>
		(await one.run(input)).logits?.data ?? [];
	near(await logits(plain), await logits(centred), 2e-5);
	await Promise.all([plain.dispose(), centred.dispose()]);
});

test("what does not fit in memory is refused before it is run, with what it needs and what to do", async () => {
	const free = mock.method(os, "freemem", () => 4000);
	try {
		const pending = extract(model, Array(1000).fill("abcdefghij"), {
			hook_name,
		});
		// 1000 texts of 11 tokens, 64 bytes each: 0.0007 GB.
		await assert.rejects(
			pending,
			/^Error: The activations need about 0\.000(70|71) GB of memory, and 0\.0000020 GB, half of what is free, may be used: give a folder to keep them in, such as to: "activations"\.$/,
		);
		await extract(model, ["abc"], { hook_name });
		const acts = await extract(model, ["abc"], {
			hook_name,
			to: join(folder, "little"),
			shard_tokens: 4,
		});
		assert.equal(acts.n_tokens, 3);
		await assert.rejects(
			extract(model, ["abc"], {
				hook_name,
				to: join(folder, "little2"),
				shard_tokens: 40,
			}),
			/shard_tokens is 40, and a shard of so many tokens needs more memory/,
		);
	} finally {
		free.mock.restore();
	}
	assert.equal((await openActivations(join(folder, "little"))).n_tokens, 3);
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

/** A model like the one in a folder, with its weights changed. */
async function withWeights(
	path: string,
	change: (
		name: string,
		tensor: { shape: number[]; data: Float32Array },
	) => void,
): Promise<Model> {
	const file = join(path, "model.safetensors");
	const opened = openSafetensors(file);
	const tensors = Object.fromEntries(
		[...opened.tensors].map(([name, { shape }]) => [
			name,
			{ shape, data: readTensor(opened, name) },
		]),
	);
	for (const [name, tensor] of Object.entries(tensors)) change(name, tensor);
	writeSafetensors(file, tensors);
	return loadModel(path);
}

test("activations that are not numbers are refused, naming the sentence", async () => {
	const path = writeRandomGpt2(join(folder, "nan"));
	const broken = await withWeights(path, (name, { data }) => {
		if (name === "transformer.wte.weight") data[120 * 16] = Number.NaN; // "x"
	});
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
	for (const one of ["pattern", "attn_scores", "result"] as const)
		await assert.rejects(
			extract(model, text, { hook_name: `blocks.0.attn.hook_${one}` }),
			/does not have one vector a token; read it with runWithCache/,
		);
	await assert.rejects(
		extract(model, text, { hook_name: "blocks.7.hook_resid_post" }),
		/layers are 0 to 2/,
	);
});
