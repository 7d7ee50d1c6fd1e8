import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterLatents } from "../../src/cluster";
import { coactivation, firingLatents } from "../../src/cluster/coactivation";
import { unitsIn } from "../../src/cluster/units";
import { fakeActivations, fakeLatents } from "../fake-activations";
import { furthest } from "../matrices";
import { acts, latents, saeOf } from "./firing";

test("the cosine of two co-activation rows is n_ab / √(n_a n_b), and their length is 1", async () => {
	const firing = firingLatents(latents);
	assert.deepEqual([...firing], [0, 1, 2, 3]);
	const x = await coactivation(latents, firing, unitsIn(acts.sentences));
	assert.deepEqual([x.rows, x.columns], [4, 8]);
	const row = (i: number) => {
		const dense = new Float64Array(8);
		for (let p = x.indptr[i]; p < x.indptr[i + 1]; p++)
			dense[x.indices[p]] = x.values[p];
		return dense;
	};
	const dot = (i: number, j: number) =>
		row(i).reduce((sum, v, s) => sum + v * row(j)[s], 0);
	const dots = [dot(0, 0), dot(0, 1), dot(0, 2), dot(2, 3)];
	assert.ok(furthest(dots, [1, 1, 0, 3 / Math.sqrt(4 * 3)]) < 1e-6);
});

for (const method of ["spherical", "agglomerative"] as const)
	test(`${method}: two latents that always fire together are in one co-activation cluster, and one that never fires in none`, async () => {
		const found = await clusterLatents(latents, {
			by: "coactivation",
			k: 2,
			method,
		});
		assert.deepEqual([...found.latents], [0, 1, 2, 3]);
		const [a, b, c, d] = found.assignment;
		assert.equal(a, b);
		assert.equal(c, d);
		assert.notEqual(a, c);
		assert.deepEqual(found.sizes, [2, 2]);
		assert.ok(Math.abs(found.tightness[a] - 1) < 1e-6);
		assert.equal(found.by, "coactivation");
		assert.equal(found.hook_name, acts.hook_name);
	});

test("given latents, the decoder's clusters have only those that fire, each with the token it fires on", async () => {
	const found = await clusterLatents(latents, { k: 4 });
	assert.deepEqual([...found.latents], [0, 1, 2, 3]);
	assert.deepEqual(found.tokens, ["a", "b", "c", "d"]);
});

test("a latent's token is the one with the largest sum of activations / √occurrences", async () => {
	const strengths: Record<string, number> = { the: 1, odd: 3, sea: 2, no: 0 };
	const tokenOf = async (text: string) => {
		const one = fakeActivations([text], (w) => [strengths[w]]);
		const source = { ...fakeLatents(one), sae: saeOf([[1]]) };
		return (await clusterLatents(source, { k: 1 })).tokens;
	};
	// the: 4 / √4 = 2 or 16 / √16 = 4; odd: 3 / √1 = 3; sea: 8 / √4 = 4.
	assert.deepEqual(await tokenOf("the the no odd the the"), ["odd"]);
	assert.deepEqual(await tokenOf(`odd ${"the ".repeat(16)}`), ["the"]);
	assert.deepEqual(await tokenOf("the odd sea sea sea sea"), ["sea"]);
});

test("what fires on begin and end tokens only does not fire", async () => {
	const { model } = acts;
	const special = {
		...acts,
		model: { ...model, bos_token_id: acts.rows.token[0] },
	}; // "a"
	assert.deepEqual(
		[...firingLatents({ ...latents, acts: special })],
		[1, 2, 3],
	);
});
