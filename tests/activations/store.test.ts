import assert from "node:assert/strict";
import {
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
	type Activations,
	type ExtractSettings,
	extract,
	openActivations,
	poolSentences,
} from "../../src/activations";
import { type Sentences, splitSentences } from "../../src/dataset";
import { fromFloat16, toFloat16 } from "../../src/formats/half";
import { openSafetensors, readTensor } from "../../src/formats/safetensors";
import { type HookName, loadModel, type Model } from "../../src/model";
import { recordHtml } from "../../src/notebook/records";
import { type Progress, setProgressSink } from "../../src/progress";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";
import { filesOf, gather, madeSentences, near } from "./made";

const { folder, remove } = temporaryFolder();
const at = (...names: string[]) => join(folder, ...names);
const hook_name: HookName = "blocks.1.hook_resid_post";
const sentences = madeSentences(40);
let model: Model;
let memory: Activations;
before(async () => {
	model = await loadModel(writeRandomGpt2(at("model")));
	memory = await extract(model, sentences, { hook_name });
	await extract(model, sentences, { hook_name, to: at("whole"), ...small });
});
after(async () => {
	await model.dispose();
	remove();
});

/** Shards of a few sentences. */
const small: ExtractSettings = { shard_tokens: 100 };

test("what is written to a folder is what memory would have held", async () => {
	const acts = await openActivations(at("whole"));
	assert.equal(acts.kind, "activations");
	assert.equal(acts.data, undefined);
	assert.equal(acts.folder, at("whole"));
	assert.equal(acts.dtype, "float32");
	assert.equal(acts.hook_name, hook_name);
	assert.equal(acts.n_tokens, memory.n_tokens);
	assert.deepEqual(acts.rows, memory.rows);
	assert.deepEqual(acts.sentences, sentences);
	assert.deepEqual(acts.model, { ...model.info, folder: "" });
	near(await gather(acts), memory.data, 1e-5);
	assert.ok(filesOf(at("whole")).size > 8, "there are several shards");
});

test("a store names the file of its sentences without the folders of the machine", async () => {
	const to = at("named");
	const named = { ...sentences, name: "/home/me/a.csv, /home/me/b.csv" };
	const acts = await extract(model, named, { hook_name, to, ...small });
	assert.equal(acts.sentences.name, "a.csv, b.csv");
	for (const [name, bytes] of filesOf(to))
		assert.ok(!bytes.includes("/home"), name);
});

test("the groups of sentences are kept in a store, and a store of sentences without any has none", async () => {
	const group = sentences.text.map((_, i) => (i % 3 ? `author ${i % 4}` : ""));
	const to = at("groups");
	await extract(model, { ...sentences, group }, { hook_name, to, ...small });
	assert.deepEqual((await openActivations(to)).sentences.group, group);
	const before = (await openActivations(at("whole"))).sentences;
	assert.equal("group" in before, false);
});

test("what is said of the sentences is kept in a store", async () => {
	const notes = ['3 rows without a value in "a".'];
	const to = at("notes");
	await extract(model, { ...sentences, notes }, { hook_name, to, ...small });
	assert.deepEqual((await openActivations(to)).sentences.notes, notes);
	assert.equal(
		"notes" in (await openActivations(at("whole"))).sentences,
		false,
	);
});

test("the rows of a split that is made are read from a store as from memory", async () => {
	const { parts } = splitSentences({ ...sentences, split: undefined });
	const acts = await openActivations(at("whole"));
	const options = { split: "test", parts } as const;
	const found = await gather(acts, { ...options, size: 30 });
	near(found, await gather(memory, options), 1e-5);
	assert.ok(found.length > 0 && found.length < (memory.data?.length ?? 0) / 4);
});

test("batches of a store are the rows in order, of all or of one split", async () => {
	const acts = await openActivations(at("whole"));
	const values = await gather(acts);
	for (const size of [1, 7, 100, 10_000])
		assert.deepEqual(await gather(acts, { size }), values);
	for (const split of ["train", "test"] as const)
		near(
			await gather(acts, { size: 30, split }),
			await gather(memory, { split }),
			1e-5,
		);
	const sizes: number[] = [];
	for await (const batch of acts.batches({ size: 100 }))
		sizes.push(batch.length / 16);
	const rest = acts.n_tokens % 100;
	assert.deepEqual(sizes, [
		...Array(Math.floor(acts.n_tokens / 100)).fill(100),
		rest,
	]);
});

test("what reads activations through batches reads a store as well", async () => {
	const acts = await openActivations(at("whole"));
	const [pooled, expected] = [
		await poolSentences(acts),
		await poolSentences(memory),
	];
	assert.ok(pooled.kind === "dense" && expected.kind === "dense");
	near(pooled.data, expected.data, 1e-5);
});

test("a shard is a safetensors file with the hook's values and the rows they belong to", async () => {
	const file = openSafetensors(at("whole", "shard-000000.safetensors"));
	const shapes = Object.fromEntries(
		[...file.tensors].map(([name, { dtype, shape }]) => [
			name,
			`${dtype} ${shape.length}`,
		]),
	);
	assert.deepEqual(shapes, {
		[hook_name]: "F32 2",
		sentence: "U32 1",
		token: "U32 1",
		start: "U32 1",
		end: "U32 1",
		position: "U16 1",
	});
	const [n, d] = file.tensors.get(hook_name)?.shape ?? [];
	assert.equal(d, 16);
	near(readTensor(file, hook_name), memory.data?.slice(0, n * d), 1e-5);
	for (const { offset, dtype } of file.tensors.values())
		assert.equal(offset % (dtype === "U16" ? 2 : 4), 0);
});

test("float16 keeps each value as the nearest half", async () => {
	const dtype = "float16";
	const acts = await extract(model, sentences, {
		hook_name,
		to: at("half"),
		dtype,
		...small,
	});
	const exact = await gather(await openActivations(at("whole")));
	assert.equal(acts.dtype, "float16");
	assert.deepEqual(await gather(acts), fromFloat16(toFloat16(exact)));
});

test("several hooks share a store; one is chosen when it is opened", async () => {
	const hook_names: HookName[] = [hook_name, "blocks.0.attn.hook_q"];
	const options = { hook_names, to: at("several"), ...small };
	const [stream, queries] = await extract(model, sentences, options);
	assert.equal(stream.hook_name, hook_name);
	near(await gather(stream), memory.data, 1e-5);
	const q = await extract(model, sentences, { hook_name: hook_names[1] });
	near(await gather(queries), q.data, 1e-5);
	// Asked for in another order, it is the same store.
	const before = filesOf(at("several"));
	const turned = { ...options, hook_names: [...hook_names].reverse() };
	const [again] = await extract(model, sentences, turned);
	assert.equal(again.hook_name, hook_names[1]);
	assert.deepEqual(filesOf(at("several")), before);

	assert.equal(
		(await openActivations(at("several"), { hook_name })).hook_name,
		hook_name,
	);
	await assert.rejects(
		openActivations(at("several")),
		/has 2 hooks: say which with hook_name \("blocks\.0\.attn\.hook_q", "blocks\.1\.hook_resid_post"\)/,
	);
	await assert.rejects(
		openActivations(at("several"), { hook_name: "hook_embed" }),
		/has no hook "hook_embed"; it has/,
	);
});

test("how it was extracted is told by the store as by memory", async () => {
	const options = {
		hook_name,
		context_size: 20,
		center_writing_weights: true,
		prepend_bos: false,
	};
	const there = await extract(model, sentences, {
		...options,
		to: at("options"),
		...small,
	});
	const here = await extract(model, sentences, options);
	for (const acts of [there, here]) {
		assert.equal(acts.context_size, 20);
		assert.equal(acts.center_writing_weights, true);
		assert.equal(acts.prepend_bos, false);
	}
	assert.deepEqual(there.rows, here.rows);
	near(await gather(there), here.data, 1e-5);
});

test("the same call again computes nothing and changes nothing", async () => {
	const before = filesOf(at("whole"));
	const idle = { ...model, run: () => assert.fail("the model ran") };
	await extract(idle, sentences, { hook_name, to: at("whole"), ...small });
	assert.deepEqual(filesOf(at("whole")), before);
});

function changed(texts: string[], at: number): string[] {
	return texts.map((text, i) => (i === at ? "another" : text));
}

test("a store made otherwise is refused, saying what differs, and nothing is touched", async () => {
	const before = filesOf(at("whole"));
	const other = await loadModel(writeRandomGpt2(at("other"), { seed: 2 }));
	const fewer = { ...sentences, text: changed(sentences.text, 7) };
	const relabelled = {
		...sentences,
		labels: { kind: changed(sentences.labels.kind, 0) },
	};
	const cases: [
		Model,
		Sentences,
		ExtractSettings & { hook?: HookName },
		RegExp,
	][] = [
		[other, sentences, {}, /the model ".*model", not ".*other"/],
		[
			model,
			sentences,
			{ hook: "blocks.0.hook_resid_pre" },
			/the hook blocks\.1\.hook_resid_post, not blocks\.0\.hook_resid_pre/,
		],
		[model, sentences, { dtype: "float16" }, /dtype "float32", not "float16"/],
		[model, sentences, { context_size: 16 }, /context_size not set, not 16/],
		[model, sentences, { prepend_bos: false }, /prepend_bos true, not false/],
		[model, sentences, { include_bos: true }, /include_bos false, not true/],
		[
			model,
			sentences,
			{ center_writing_weights: true },
			/center_writing_weights false, not true/,
		],
		[model, sentences, { shard_tokens: 99 }, /shard_tokens 100, not 99/],
		[model, sentences, { batch_tokens: 99 }, /batch_tokens 2048, not 99/],
		[model, fewer, {}, /other sentences \(40 of "made", not 40 of "made"\)/],
		[model, relabelled, {}, /other sentences/],
	];
	for (const [which, from, { hook = hook_name, ...settings }, message] of cases)
		await assert.rejects(
			extract(which, from, {
				hook_name: hook,
				to: at("whole"),
				...small,
				...settings,
			}),
			(error: Error) => {
				assert.match(error.message, message);
				assert.match(
					error.message,
					/^The store \S+ was made with [^.]*(\.\d+\.[^.]*)*: give another folder or the same arguments; nothing was changed\.$/,
				);
				return true;
			},
		);
	assert.deepEqual(filesOf(at("whole")), before);
	await other.dispose();
});

test("weights that differ in one number make another model, a copy of the folder does not", async () => {
	cpSync(at("model"), at("copy"), { recursive: true });
	const copy = await loadModel(at("copy"));
	await extract(copy, sentences, { hook_name, to: at("whole"), ...small });
	await copy.dispose();
	const bytes = readFileSync(at("copy", "model.safetensors"));
	bytes[bytes.length - 1] ^= 1;
	writeFileSync(at("copy", "model.safetensors"), bytes);
	const changed = await loadModel(at("copy"));
	await assert.rejects(
		extract(changed, sentences, { hook_name, to: at("whole"), ...small }),
		/was made with the model/,
	);
	await changed.dispose();
});

const again = (name: string) =>
	extract(model, sentences, { hook_name, to: at(name), ...small });

test("a signal ends the extraction between two batches; what is whole stays, and the next call goes on", async () => {
	const controller = new AbortController();
	setProgressSink(({ done }) => {
		if (done > memory.n_tokens / 2) controller.abort();
	});
	const options = { hook_name, to: at("ended"), ...small };
	await assert.rejects(
		extract(model, sentences, { ...options, signal: controller.signal }),
		{ name: "AbortError" },
	);
	setProgressSink(undefined);
	const kept = readdirSync(at("ended")).filter((name) => /shard-/.test(name));
	assert.ok(kept.length > 1);
	await assert.rejects(
		openActivations(at("ended")),
		/is not finished \(\d+ shards so far\): extract to it again/,
	);
	let first = 0;
	setProgressSink(({ done }) => {
		first ||= done;
	});
	await again("ended");
	setProgressSink(undefined);
	assert.ok(first > memory.n_tokens / 3, "it did not begin anew");
	assert.deepEqual(filesOf(at("ended")), filesOf(at("whole")));
});

test("progress is told in tokens, estimated until the end, and ends at their number", async () => {
	const told: Progress[] = [];
	setProgressSink((progress) => told.push(progress));
	await extract(model, sentences, { hook_name, to: at("told"), ...small });
	setProgressSink(undefined);
	const last = told[told.length - 1];
	assert.equal(last.done, memory.n_tokens);
	assert.equal(last.total, memory.n_tokens);
	for (const { done, total, unit, label } of told) {
		assert.equal(unit, "tokens");
		assert.equal(label, `extract ${hook_name}`);
		assert.ok(done <= total);
		assert.ok(total < 2 * memory.n_tokens && total > memory.n_tokens / 2);
	}
});

test("a place that cannot be a store is refused in one sentence, and stays as it is", async () => {
	writeFileSync(at("file"), "mine");
	mkdirSync(at("foreign"));
	writeFileSync(at("foreign", "thesis.txt"), "mine");
	mkdirSync(at("json"));
	writeFileSync(at("json", "index.json"), '{"mine":1}');
	mkdirSync(at("broken"));
	writeFileSync(at("broken", "index.json"), "{");
	mkdirSync(at("later"));
	const index = readFileSync(at("whole", "index.json"), "utf8");
	writeFileSync(
		at("later", "index.json"),
		index.replace('"version": 1', '"version": 2'),
	);
	mkdirSync(at("short"));
	writeFileSync(
		at("short", "index.json"),
		index.replace('"fingerprint"', '"other"'),
	);
	for (const [name, message] of [
		[
			"file",
			/^\S+file is a file, where a folder .* was expected; give another name\.$/,
		],
		[
			"foreign",
			/^The folder \S+foreign is not empty \("thesis\.txt"\) and holds no activation store: give an empty folder or a new one\.$/,
		],
		["json", /is no index of an activation store/],
		["broken", /cannot be read as JSON, so it is no index/],
		["later", /has version 2 of the format, where version 1 can be read/],
		["short", /is damaged: a field is missing or has the wrong type/],
		[
			"file/below",
			/a part of its path is a file, where a folder was expected\.$/,
		],
	] as const) {
		const before = existsSync(at(name)) && filesOf(at(name));
		await assert.rejects(again(name), { message });
		assert.deepEqual(existsSync(at(name)) && filesOf(at(name)), before);
	}
	await assert.rejects(
		openActivations(at("foreign")),
		/holds no activation store/,
	);
	await assert.rejects(
		openActivations(at("nowhere")),
		/There is no folder \S+nowhere\./,
	);
	mkdirSync(at("empty"));
	await again("empty");
	assert.deepEqual(filesOf(at("empty")), filesOf(at("whole")));
});

test("values that float16 cannot hold are refused, and so are sentences without a token", async () => {
	const huge = {
		...model,
		run: async (...given: Parameters<Model["run"]>) => {
			const out = await model.run(...given);
			out.cache[hook_name].data.fill(70_000);
			return out;
		},
	};
	await assert.rejects(
		extract(huge, sentences, { hook_name, to: at("huge"), dtype: "float16" }),
		/A value at "blocks\.1\.hook_resid_post" is 7\.000e\+4, where float16 goes no further than 65504: .*float32/,
	);
	await assert.rejects(
		extract(model, ["<|endoftext|>"], { hook_name, to: at("none") }),
		/no token besides special ones/,
	);
	await assert.rejects(
		extract(model, sentences, {
			hook_name,
			to: at("wrong"),
			dtype: "float64" as "float32",
		}),
		/dtype is "float64", where "float32" or "float16" was expected/,
	);
	assert.ok(!existsSync(at("wrong")));
});

test("texts that no encoding spoils and labels of any name come back from the folder", async () => {
	const odd: Sentences = {
		kind: "sentences",
		name: 'odd "name"',
		text: ["\ud83d lone", "line\nbreak\u2028 é 👩‍🚀", "", "<b>\0</b>"],
		labels: JSON.parse(
			'{"__proto__":["a","b","","d"],"text":["1","2","3","4"]}',
		),
		offsets: { at: Uint32Array.of(0, 1, 2, 4294967295) },
	};
	const acts = await extract(model, odd, { hook_name, to: at("odd") });
	assert.deepEqual(acts.sentences, odd);
	assert.deepEqual((await openActivations(at("odd"))).sentences, odd);
});

test("one text that is longer than a shard is spread over several", async () => {
	const text = Array.from({ length: 900 }, (_, i) =>
		String.fromCharCode(97 + ((i * i) % 26)),
	).join("");
	const here = await extract(model, [text], { hook_name });
	const there = await extract(model, [text], {
		hook_name,
		to: at("long"),
		...small,
	});
	assert.equal(filesOf(at("long")).size, 3 + 8);
	assert.deepEqual(there.rows, here.rows);
	near(await gather(there), here.data, 1e-5);
});

test("a notebook shows where activations are and how they are kept", async () => {
	const { text } = recordHtml(
		await openActivations(at("several"), { hook_name }),
	);
	assert.match(text, /folder\s+\S+several/);
	assert.match(text, /float32/);
	assert.match(text, /blocks\.0\.attn\.hook_q, blocks\.1\.hook_resid_post/);
	const kept = recordHtml(memory).text;
	assert.doesNotMatch(kept, /folder|float32|cut/);
});

test("a store of an older version, whose hook_normalized was after gain and shift, is refused by both names", async () => {
	const hook_name = "blocks.1.ln2.hook_normalized";
	const to = at("older norms");
	await extract(model, sentences, { hook_name, to, ...small });
	const { n_tokens } = await openActivations(to, {
		hook_name: "blocks.1.ln2.hook_normalized",
	});
	assert.ok(n_tokens > 0);
	const file = join(to, "index.json");
	const index = JSON.parse(readFileSync(file, "utf8"));
	assert.equal(index.hook_normalized, "before gain and shift");
	delete index.hook_normalized;
	writeFileSync(file, JSON.stringify(index));
	await assert.rejects(
		openActivations(to),
		/older version.* "blocks\.1\.ln2\.hook_out" now/,
	);
	await assert.rejects(
		extract(model, sentences, { hook_name, to, ...small }),
		/older version, whose/,
	);
});

test("a store's hook is found by its other names", async () => {
	const acts = await openActivations(at("whole"), {
		hook_name: "transformer.h.1",
	});
	assert.equal(acts.hook_name, hook_name);
});
