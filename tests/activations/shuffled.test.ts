import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
	type Activations,
	extract,
	rowsOf,
	type ShuffleOptions,
} from "../../src/activations";
import { mix } from "../../src/activations/mixing";
import { type HookName, loadModel } from "../../src/model";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";
import { madeSentences } from "./made";

const { folder, remove } = temporaryFolder();
const hook_name: HookName = "blocks.0.hook_resid_post";
let memory: Activations;
let disk: Activations;
/** The number of the row that a vector is. */
let numberOf: (acts: Activations, vector: Float32Array) => number;
before(async () => {
	const model = await loadModel(writeRandomGpt2(join(folder, "model")));
	const sentences = madeSentences(60);
	memory = await extract(model, sentences, { hook_name });
	const to = join(folder, "store");
	disk = await extract(model, sentences, { hook_name, to, shard_tokens: 100 });
	await model.dispose();
	const known = new Map<Activations, Map<string, number>>();
	for (const acts of [memory, disk]) {
		const rows = new Map<string, number>();
		let row = 0;
		for await (const batch of acts.batches({ size: 1 }))
			rows.set(batch.join(), row++);
		// A token at the same place after the same ones has the same values: the first bytes of some sentences.
		known.set(acts, rows);
	}
	numberOf = (acts, vector) => known.get(acts)?.get(vector.join()) ?? -1;
});
after(remove);

/** The rows served, as numbers; equal vectors count as one row. */
async function served(
	acts: Activations,
	options: ShuffleOptions,
	batches = Number.POSITIVE_INFINITY,
): Promise<{ rows: number[]; sizes: number[] }> {
	const rows: number[] = [];
	const sizes: number[] = [];
	for await (const batch of acts.shuffled(options)) {
		sizes.push(batch.length / 16);
		for (let at = 0; at < batch.length; at += 16)
			rows.push(numberOf(acts, batch.subarray(at, at + 16)));
		if (sizes.length === batches) break;
	}
	return { rows, sizes };
}

const sorted = (rows: Iterable<number>) => [...rows].sort((a, b) => a - b);

/** What `served` calls each row of activations, or of a split. */
async function numbers(acts: Activations, split?: "train"): Promise<number[]> {
	const all: number[] = [];
	for await (const batch of acts.batches({ size: 1, split }))
		all.push(numberOf(acts, batch));
	return sorted(all);
}

for (const where of ["memory", "disk"] as const) {
	const get = () => (where === "memory" ? memory : disk);

	test(`from ${where}, every row comes once an epoch, and each epoch in another order`, async () => {
		const acts = get();
		const n = acts.n_tokens;
		for (const [size, buffer_tokens] of [
			[1, 2],
			[32, 64],
			[50, 333],
			[128, 100_000],
			[n + 10, 2 * n + 20],
		]) {
			const options = { size, buffer_tokens, seed: 4, epochs: 3 };
			const { rows, sizes } = await served(acts, options);
			assert.equal(rows.length, 3 * n);
			const all = await numbers(acts);
			const epochs = [0, 1, 2].map((e) => rows.slice(e * n, (e + 1) * n));
			for (const epoch of epochs) assert.deepEqual(sorted(epoch), all);
			assert.equal(new Set(epochs.map(String)).size, 3);
			assert.ok(sizes.slice(0, -1).every((one) => one === size));
			assert.ok(sizes[sizes.length - 1] <= size);
		}
	});

	test(`from ${where}, the same seed gives the same order, another seed another`, async () => {
		const of = async (seed: number) =>
			(await served(get(), { size: 20, buffer_tokens: 60, seed })).rows;
		assert.deepEqual(await of(1), await of(1));
		assert.notDeepEqual(await of(1), await of(2));
	});

	test(`from ${where}, only the rows of a split are served where one is given`, async () => {
		const acts = get();
		const options = { size: 16, seed: 0, split: "train" } as const;
		const { rows } = await served(acts, options);
		assert.equal(rows.length, rowsOf(acts, "train").length);
		assert.ok(rows.length < acts.n_tokens);
		assert.deepEqual(sorted(rows), await numbers(acts, "train"));
	});

	test(`from ${where}, batches go on for ever where it is asked for, each with memory of its own`, async () => {
		const acts = get();
		const size = 100;
		const options = { size, seed: 0, epochs: Number.POSITIVE_INFINITY };
		const { rows } = await served(acts, options, 50);
		assert.equal(rows.length, 5000);
		const kept: Float32Array[] = [];
		for await (const batch of acts.shuffled({ size, seed: 0 })) {
			kept.push(batch);
			if (kept.length === 3) break;
		}
		assert.equal(new Set(kept.map(({ buffer }) => buffer)).size, 3);
		for (const batch of kept) batch.fill(0);
		assert.deepEqual((await served(acts, options, 50)).rows, rows);
	});

	test(`from ${where}, options out of range are refused`, async () => {
		const cases: [Partial<ShuffleOptions>, RegExp][] = [
			[{ size: 0 }, /size is 0, where a whole number of at least 1/],
			[{ size: 1.5 }, /size is 1\.5/],
			[{ epochs: 0 }, /epochs is 0/],
			[
				{ buffer_tokens: 7 },
				/half of the buffer is served at a time.*at least 8/,
			],
			[{ seed: Number.NaN }, /seed is NaN, where a whole number was expected/],
		];
		for (const [options, message] of cases)
			await assert.rejects(
				served(get(), { size: 4, seed: 0, ...options }),
				message,
			);
	});
}

test("rows of one shard are spread far apart, though the buffer holds a quarter of all", async () => {
	const n = disk.n_tokens;
	const buffer_tokens = Math.floor(n / 4);
	const { rows } = await served(disk, { size: 10, buffer_tokens, seed: 3 });
	// In order, neighbours differ by 1; of a full shuffle by n / 3 on average.
	let apart = 0;
	for (let i = 1; i < n; i++) apart += Math.abs(rows[i] - rows[i - 1]) / n;
	assert.ok(apart / n > 0.15, `${apart / n}`);
});

test("the buffer takes in no more than it has room for, and is filled again when half of it is served", async () => {
	let taken = 0;
	async function* pieces() {
		for (let i = 0; i < 100; i++) {
			taken++;
			yield Float32Array.of(i);
		}
	}
	const seen: number[] = [];
	const settings = { size: 2, buffer_tokens: 10, epochs: 1, seed: 0 };
	for await (const batch of mix(pieces, 1, settings)) {
		assert.ok(taken - seen.length <= 10 + 1); // one row may wait in an unfinished batch
		if (seen.length > 0 && taken < 100)
			assert.ok(taken - seen.length >= 5, `${taken} of ${seen.length}`);
		seen.push(...batch);
	}
	assert.deepEqual(sorted(seen), [...Array(100).keys()]);
	// What comes late cannot be served early.
	assert.ok(Math.max(...seen.slice(0, 5)) < 10);
	assert.ok(seen.slice(0, 5).join() !== "0,1,2,3,4");
});

test("mixing nothing gives nothing, even for ever", async () => {
	async function* nothing() {}
	const settings = { size: 2, buffer_tokens: 4, epochs: Infinity, seed: 0 };
	for await (const _ of mix(nothing, 1, settings)) assert.fail();
});

test("a shard is read while the rows before it are served", async () => {
	const shards: string[] = readFileSync(
		join(folder, "store", "shards.jsonl"),
		"utf8",
	)
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line).file);
	const batches = disk.batches({ size: 10 })[Symbol.asyncIterator]();
	await batches.next();
	await new Promise((wake) => setTimeout(wake, 200)); // a trainer that takes its time
	// The second shard has been read already: it can go, the third cannot.
	const files = [1, 2].map((i) => join(folder, "store", shards[i]));
	const bytes = files.map((file) => readFileSync(file));
	for (const file of files) rmSync(file);
	try {
		let rows = 10;
		await assert.rejects(
			async () => {
				for (;;)
					rows += ((await batches.next()).value as Float32Array).length / 16;
			},
			new RegExp(`${shards[2]} is missing or damaged`),
		);
		assert.ok(rows > 130, `${rows} rows came before`);
	} finally {
		for (const [i, file] of files.entries()) writeFileSync(file, bytes[i]);
	}
});

test("whoever stops early is not told of a damaged shard that was read ahead", async () => {
	const file = join(folder, "store", "shard-000001.safetensors");
	const bytes = readFileSync(file);
	const rejections: unknown[] = [];
	const listen = (reason: unknown) => rejections.push(reason);
	process.on("unhandledRejection", listen);
	rmSync(file);
	try {
		for await (const _ of disk.batches({ size: 10 })) break;
		await new Promise((wake) => setTimeout(wake, 50));
	} finally {
		writeFileSync(file, bytes);
		process.off("unhandledRejection", listen);
	}
	assert.deepEqual(rejections, []);
});
