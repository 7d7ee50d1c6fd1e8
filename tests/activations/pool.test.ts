import assert from "node:assert/strict";
import { test } from "node:test";
import type { DenseMatrix, SparseMatrix } from "../../src/activations/matrix";
import { poolSentences } from "../../src/activations/pool";
import { fakeActivations, fakeLatents } from "../fake-activations";

const vectors: Record<string, number[]> = {
	a: [2, 0, 0],
	b: [0, 4, 0],
	c: [0, 2, -6],
};
const text = ["a b", "c", "b c a a"];
const acts = fakeActivations(text, (word) => vectors[word]);

test("a sentence's activation is the mean over its tokens", async () => {
	const pooled = (await poolSentences(acts)) as DenseMatrix;
	assert.equal(pooled.kind, "dense");
	assert.deepEqual(
		[...pooled.data],
		[...[1, 2, 0], ...[0, 2, -6], ...[1, 1.5, -1.5]],
	);
});

test("latents are pooled as the mean of the latents, sparse, indices ascending", async () => {
	const pooled = (await poolSentences(fakeLatents(acts))) as SparseMatrix;
	assert.equal(pooled.kind, "sparse");
	assert.deepEqual([...pooled.indptr], [0, 2, 3, 5]);
	assert.deepEqual([...pooled.indices], [0, 1, 1, 0, 1]);
	assert.deepEqual([...pooled.values], [1, 2, 2, 1, 1.5]);
	assert.equal(pooled.columns, 3);
});

test("the model's begin and end tokens are left out of the mean", async () => {
	const special = fakeActivations(["b a", "c"], (word) => vectors[word]);
	special.model.eos_token_id = 0; // the id of "b"
	const pooled = (await poolSentences(special)) as DenseMatrix;
	assert.deepEqual([...pooled.data], [2, 0, 0, 0, 2, -6]);
});

test("`before` keeps the tokens that end at or before the offset", async () => {
	const cut = fakeActivations(text, (word) => vectors[word], {
		offsets: { prefix_end: Uint32Array.of(2, 1, 3) },
	});
	const dense = await poolSentences(cut, { before: "prefix_end" });
	assert.deepEqual(
		[...(dense as DenseMatrix).data],
		[...[2, 0, 0], ...[0, 2, -6], ...[0, 3, -3]],
	);
	const sparse = await poolSentences(fakeLatents(cut), {
		before: "prefix_end",
	});
	assert.deepEqual([...(sparse as SparseMatrix).values], [2, 2, 3]);
});

test("a sentence whose latents are all zero is an empty row", async () => {
	const silent = fakeActivations(
		["a", "z"],
		(word) => vectors[word] ?? [0, 0, 0],
	);
	const pooled = (await poolSentences(fakeLatents(silent))) as SparseMatrix;
	assert.deepEqual([...pooled.indptr], [0, 1, 1]);
});

test("rows of a sentence may stand apart", async () => {
	const apart = fakeActivations(text, (word) => vectors[word]);
	apart.rows.sentence.set([0, 1, 2, 0, 1, 0, 0]);
	const pooled = (await poolSentences(fakeLatents(apart))) as SparseMatrix;
	const dense = (await poolSentences(apart)) as DenseMatrix;
	for (let i = 0; i < 3; i++)
		for (let p = pooled.indptr[i]; p < pooled.indptr[i + 1]; p++)
			assert.equal(pooled.values[p], dense.data[i * 3 + pooled.indices[p]]);
});

test("an offsets column that is not there is refused with near names", async () => {
	const cut = fakeActivations(text, (word) => vectors[word], {
		offsets: { prefix_end: Uint32Array.of(2, 1, 3) },
	});
	await assert.rejects(
		poolSentences(cut, { before: "prefixend" }),
		/no offsets column "prefixend"; there is prefix_end/,
	);
	await assert.rejects(
		poolSentences(acts, { before: "prefix_end" }),
		/they have none at all/,
	);
});

test("a column that is kept from being one of offsets is refused with the row that keeps it", async () => {
	const note =
		'"answer_start" is no offsets column, as it has no place ("-1") in line 3 of "a.csv".';
	const told = {
		...acts,
		sentences: { ...acts.sentences, notes: ["Another.", note] },
	};
	await assert.rejects(
		poolSentences(told, { before: "answer_start" }),
		/no offsets column "answer_start"; they have none at all\. .*\("-1"\) in line 3/,
	);
});

test("a sentence without a token before the offset is refused", async () => {
	const cut = fakeActivations(text, (word) => vectors[word], {
		offsets: { prefix_end: Uint32Array.of(2, 0, 3) },
	});
	await assert.rejects(
		poolSentences(cut, { before: "prefix_end" }),
		/Sentence 1 has no token that ends by its prefix_end \(0\)/,
	);
});

test("pooled by its largest values, a sentence has each column's maximum over the tokens", async () => {
	const pooled = (await poolSentences(acts, { pool: "max" })) as DenseMatrix;
	assert.deepEqual(
		[...pooled.data],
		[...[2, 4, 0], ...[0, 2, -6], ...[2, 4, 0]],
	);
	const below = fakeActivations(["a a"], () => [-3, -1]);
	const max = (await poolSentences(below, { pool: "max" })) as DenseMatrix;
	assert.deepEqual([...max.data], [-3, -1]);
});

test("pooled by its last token, a sentence is the last one that counts", async () => {
	const last = (await poolSentences(acts, { pool: "last" })) as DenseMatrix;
	assert.deepEqual([...last.data], [...[0, 4, 0], ...[0, 2, -6], ...[2, 0, 0]]);
	const cut = fakeActivations(text, (word) => vectors[word], {
		offsets: { prefix_end: Uint32Array.of(2, 1, 3) },
	});
	const before = await poolSentences(cut, {
		pool: "last",
		before: "prefix_end",
	});
	assert.deepEqual(
		[...(before as DenseMatrix).data],
		[...[2, 0, 0], ...[0, 2, -6], ...[0, 2, -6]],
	);
	const special = fakeActivations(["a b", "c"], (word) => vectors[word]);
	special.model.eos_token_id = 1; // the id of "b"
	const real = await poolSentences(special, { pool: "last" });
	assert.deepEqual([...(real as DenseMatrix).data], [2, 0, 0, 0, 2, -6]);
});

test("latents are pooled by their largest values and by the last token as they would be with their zeros", async () => {
	const max = await poolSentences(fakeLatents(acts), { pool: "max" });
	assert.deepEqual([...(max as SparseMatrix).indptr], [0, 2, 3, 5]);
	assert.deepEqual([...(max as SparseMatrix).indices], [0, 1, 1, 0, 1]);
	assert.deepEqual([...(max as SparseMatrix).values], [2, 4, 2, 2, 4]);
	const last = await poolSentences(fakeLatents(acts), { pool: "last" });
	assert.deepEqual([...(last as SparseMatrix).indptr], [0, 1, 2, 3]);
	assert.deepEqual([...(last as SparseMatrix).indices], [1, 1, 0]);
	assert.deepEqual([...(last as SparseMatrix).values], [4, 2, 2]);
});

test("latents below zero count as such where they fire on every token, and as 0 where they do not", async () => {
	const two = fakeActivations(["a b", "a b"], () => [1, 1, 1]);
	const latents = fakeLatents(two);
	latents.indptr.set([0, 2, 3, 5, 7]);
	latents.indices = Uint32Array.of(0, 1, 0, 0, 2, 0, 2);
	latents.values = Float32Array.of(-3, -5, -2, 4, 6, -4, 2);
	const max = (await poolSentences(latents, { pool: "max" })) as SparseMatrix;
	assert.deepEqual([...max.indptr], [0, 1, 3]); // no zero is stored
	assert.deepEqual([...max.indices], [0, 0, 2]);
	assert.deepEqual([...max.values], [-2, 4, 6]);
	const mean = (await poolSentences(latents)) as SparseMatrix;
	assert.deepEqual([...mean.indptr], [0, 2, 3]); // 4 − 4 is no entry
	assert.deepEqual([...mean.indices], [0, 1, 2]);
	assert.deepEqual([...mean.values], [-2.5, -2.5, 4]);
});

test("a way to pool that does not exist is refused", async () => {
	const pool = "median" as "mean";
	await assert.rejects(
		poolSentences(acts, { pool }),
		/pool is "median", where "mean", "max" or "last" was expected/,
	);
});
