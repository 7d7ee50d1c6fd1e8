import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
	type HookName,
	type Intervention,
	loadModel,
	type Model,
	type TokenBatch,
} from "../../src/model";
import { at, norms } from "../../src/tensors";
import { largestDifference } from "../numbers";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
let model: Model;
before(async () => {
	model = await loadModel(writeRandomGpt2(join(folder, "random")));
});
after(async () => {
	await model.dispose();
	remove();
});

const [short, long] = ["hi", "hello there"]; // 3 and 12 tokens
const texts = [short, long];
const stream: HookName = "blocks.1.hook_resid_post";
const near = (a: ArrayLike<number>, b: ArrayLike<number>) =>
	assert.ok(largestDifference(a, b) < 1e-5);
const replace = (
	values: Float32Array,
	positions?: number[],
): Intervention[] => [
	{
		...{ type: "replace", hook_name: stream, values },
		...(positions && { positions }),
	},
];

test("a negative position is the text's own, and what lies beyond its end is an error", async () => {
	const both = await model.runWithCache(texts);
	for (const [text, words] of texts.entries()) {
		const alone = await model.runWithCache(words);
		const n = alone.tokens.seq;
		for (const hook of model.hook_names) {
			const [all, own] = [both.cache[hook], alone.cache[hook]];
			if (/pattern|scores/.test(hook)) {
				near(at(all, text, 1, -1), at(own, 0, 1, -1));
				assert.equal(at(all, text, 1, -1).length, n);
				near(at(all, text, 1, -1, -2), at(own, 0, 1, -1, -2));
			} else near(at(all, text, -1), at(own, 0, -1));
		}
		near(
			at(both.logits ?? assert.fail(), text, -1),
			alone.logits?.data.slice(-model.info.d_vocab) ?? [],
		);
	}
	const all = both.cache[stream];
	assert.throws(() => at(all, 0, 3), /Index 3 .*text 0 has 0 to 2/);
	assert.throws(() => at(all, 0, -4), /Index -4 .*text 0 has 0 to 2/);
	assert.equal(at(all, 1, 11).length, 16);
	const pattern = both.cache["blocks.0.attn.hook_pattern"];
	assert.throws(() => at(pattern, 0, 0, 3), /text 0 has 0 to 2/);
	assert.throws(() => at(pattern, 0, 0, 2, 3), /text 0 has 0 to 2/);
});

test("everything at padding is NaN, and nothing else is", async () => {
	const { cache, logits, tokens } = await model.runWithCache(texts);
	for (const { data, dims } of [
		...Object.values(cache),
		logits ?? assert.fail(),
	]) {
		const size = data.length / dims[0];
		const own = data.subarray(0, size).filter((v) => !Number.isNaN(v)).length;
		const share =
			dims[2] === dims[3] && dims[2] === 12 ? (3 / 12) ** 2 : 3 / 12;
		assert.equal(own, size * share);
		assert.ok(!data.subarray(size).some(Number.isNaN));
	}
	const loss = await model.loss(texts);
	assert.equal(loss.data.filter((v) => !Number.isNaN(v)).length, 2 + 11);
	near(at(loss, 0), (await model.loss(short)).data);
	near(at(loss, 0, -1), (await model.loss(short)).data.slice(-1));
	assert.deepEqual([...tokens.lengths], [3, 12]);
});

test("a text's vectors and lengths come without padding", async () => {
	const { cache } = await model.run(texts, { hooks: [stream] });
	const alone = await model.run(short, { hooks: [stream] });
	near(at(cache[stream], 0), alone.cache[stream].data);
	const lengths = norms(cache[stream]);
	assert.deepEqual(lengths.dims, [2, 12]);
	near(at(lengths, 0), norms(alone.cache[stream]).data);
	assert.ok(lengths.data.subarray(3, 12).every(Number.isNaN));
	assert.throws(() => at(lengths, 0, 3), /text 0 has 0 to 2/);
});

test("the lengths of attention's rows do not count the keys of padding", async () => {
	const hook: HookName = "blocks.1.attn.hook_pattern";
	const { cache } = await model.run(texts, { hooks: [hook] });
	const alone = await model.run(short, { hooks: [hook] });
	const rows = norms(cache[hook]); // [2, head, query]
	near(at(rows, 0, 1), at(norms(alone.cache[hook]), 0, 1));
	assert.ok(Number.isNaN(rows.data[3]));
});

test("gradients and metrics count from the text's own end, and know no padding", async () => {
	const hooks = model.hook_names.filter((name) => !name.endsWith("scale"));
	const run = (input: string | string[], position?: number) =>
		model.runWithGradients(input, {
			metric: {
				...{ type: "logit", token: 5 },
				...(position !== undefined && { position }),
			},
			hooks,
		});
	const [last, own, before] = [
		await run(texts),
		await run(texts, -1),
		await run(texts, -2),
	];
	assert.deepEqual(last.metric, own.metric);
	for (const [text, words] of texts.entries()) {
		const alone = await run(words, -2);
		near([before.metric[text]], alone.metric);
		for (const hook of hooks) {
			const [all, one] = [before.gradients[hook], alone.gradients[hook]];
			if (/pattern|scores/.test(hook))
				near(at(all, text, 0, -2), at(one, 0, 0, -2));
			else near(at(all, text), one.data);
		}
	}
	const { data } = own.gradients[stream];
	assert.ok(data.subarray(3 * 16, 12 * 16).every(Number.isNaN));
	await assert.rejects(
		run(texts, 3),
		/position 3, but text 0 has the positions 0 to 2/,
	);
	await assert.rejects(run(texts, -4), /position -4, but text 0/);
});

test("an intervention at a negative position changes each text at its own", async () => {
	const direction = new Float32Array(16)
		.fill(0.7)
		.map((v, i) => v * Math.sin(i));
	const kinds: Intervention[] = [
		{ type: "replace", hook_name: stream, values: direction, positions: [-1] },
		{
			type: "add",
			hook_name: stream,
			values: direction,
			scale: 2,
			positions: [-2, 0],
		},
		{
			type: "scale",
			hook_name: stream,
			factor: 0,
			units: [3, 5],
			positions: [-1],
		},
		{ type: "project", hook_name: stream, direction, positions: [-1, 1] },
	];
	for (const one of [...kinds.map((kind) => [kind]), kinds]) {
		const options = { interventions: one };
		const both = await model.run(texts, options);
		const slopes = await model.runWithGradients(texts, {
			...{ ...options, metric: { type: "loss" }, hooks: ["hook_embed"] },
		});
		for (const [text, words] of texts.entries()) {
			const alone = await model.run(words, options);
			near(at(both.logits ?? assert.fail(), text), alone.logits?.data ?? []);
			const own = await model.runWithGradients(words, {
				...{ ...options, metric: { type: "loss" }, hooks: ["hook_embed"] },
			});
			near(
				at(slopes.gradients.hook_embed, text),
				own.gradients.hook_embed.data,
			);
		}
	}
});

test("an intervention at a position that a shorter text does not have is refused", async () => {
	const values = new Float32Array(16);
	for (const position of [3, -4])
		await assert.rejects(
			model.run(texts, { interventions: replace(values, [position]) }),
			/asks for position -?\d, but text 0 has the positions 0 to 2/,
		);
	await model.run(texts, { interventions: replace(values, [2]) });
});

test("the values of a cache go back into the run they are of, padding and all", async () => {
	const { cache, logits } = await model.run(texts, {
		hooks: [stream],
		logits: true,
	});
	const { data } = cache[stream];
	for (const positions of [undefined, [0, 2], [-1]]) {
		const changed = await model.run(texts, {
			interventions: replace(data, positions),
		});
		for (const text of [0, 1])
			near(
				at(changed.logits ?? assert.fail(), text),
				at(logits ?? assert.fail(), text),
			);
	}
	const keys: HookName = "blocks.0.attn.hook_v"; // what padding holds there would reach no token
	const heads = await model.run(texts, { hooks: [keys] });
	const same = await model.run(texts, {
		interventions: [
			{ type: "replace", hook_name: keys, values: heads.cache[keys].data },
		],
	});
	near(at(same.logits ?? assert.fail(), 0), at(logits ?? assert.fail(), 0));
	const other = await model.run([long, short], { hooks: [stream] });
	await assert.rejects(
		model.run(texts, { interventions: replace(other.cache[stream].data) }),
		/has the value NaN for position 3 of text 1.*padding/,
	);
});

test("a comparison gives its conditions values without padding", async () => {
	const out = await model.compare(texts, {
		hooks: [stream],
		conditions: (cache) => {
			assert.throws(() => at(cache[stream], 0, 3), /text 0/);
			assert.ok(Number.isNaN(cache[stream].data[3 * 16]));
			return [replace(cache[stream].data)];
		},
	});
	near(at(out.changed[0].loss, 0), at(out.loss, 0));
	assert.ok(at(out.changed[0].kl, 0).every((kl) => Math.abs(kl) < 1e-6));
	assert.equal(at(out.changed[0].kl, 0).length, 3);
});

test("a batch made by hand may have lengths below its width, and none beyond it", async () => {
	const { ids } = model.toTokens(short);
	const wide = Int32Array.of(...ids, 7, 7);
	const made = (length: number) => ({
		...{ ids: wide, lengths: Int32Array.of(length), batch: 1, seq: 5 },
	});
	const lens = await model.logitLens(made(3));
	const alone = await model.logitLens(short);
	assert.deepEqual(lens.tokens, alone.tokens);
	for (const [i, row] of lens.log_probability.entries())
		near(row, alone.log_probability[i]);
	const values = new Float32Array(5 * 16).fill(Number.NaN, 3 * 16);
	await model.run(made(3), {
		interventions: [{ type: "add", hook_name: stream, values }],
	});
	for (const length of [0, 6, -1])
		await assert.rejects(
			model.run(made(length)),
			/text 0 has -?\d tokens, where 1 to 5/,
		);
	const odd = (change: object) =>
		model.run({ ...made(3), ...change } as unknown as TokenBatch);
	await assert.rejects(
		odd({ lengths: [2.5] }),
		/text 0 has 2\.5 tokens, where 1 to 5/,
	);
	await assert.rejects(odd({ ids: [1, 1.5, 2, 3, 4] }), /no token 1\.5/);
	await assert.rejects(odd({ cut: new Int32Array(2) }), /tokens were cut of 2/);
});

test("what is no text is refused in a sentence that is no longer than one", async () => {
	const run = (input: unknown) => model.run(input as string);
	await assert.rejects(run(5), /A text was expected, but .* number was given/);
	await assert.rejects(run(undefined), /A text was expected/);
	await assert.rejects(run(["a", null]), /but null was given/);
	await assert.rejects(run({}), /a list of texts or a batch/);
	const specials = "<|endoftext|>".repeat(100);
	await assert.rejects(
		run(specials),
		({ message }: Error) => message.length < 250 && /special/.test(message),
	);
});

test("generation changes what it is told to, or says that it cannot", async () => {
	const values = new Float32Array(16).fill(9);
	const generate = (positions: number[]) =>
		model.generate(short, {
			...{ max_new_tokens: 4, temperature: 0, stop_at_eos: false },
			interventions: replace(values, positions),
		});
	assert.deepEqual((await generate([-1])).ids, (await generate([2])).ids);
	await generate([5]); // the third new token, from which the fourth is told
	for (const position of [6, 50, -4, 1.5])
		await assert.rejects(generate([position]), /asks for position/);
});
