import assert from "node:assert/strict";
import { test } from "node:test";
import { howManyClusters } from "../../src/cluster";
import { gapOf } from "../../src/cluster/gap";
import { recommend } from "../../src/cluster/recommend";
import { agreementOfPairs, foundAgain } from "../../src/cluster/stability";
import { random } from "../../src/random";
import { fakeActivations, fakeLatents } from "../fake-activations";

/** Sentences of one word each, at `groups` corners of a cube with a little noise; 0 groups: noise alone. */
function planted(groups: number, n = 240, d = 12) {
	const draw = random(groups + 1);
	const text = Array.from({ length: n }, (_, i) => `w${i}`);
	const rows = text.map((_, i) =>
		Array.from({ length: d }, (_, j) => {
			const noise = draw.normal();
			return groups && j % groups === i % groups ? 6 + noise : noise;
		}),
	);
	return fakeActivations(text, (w) => rows[Number(w.slice(1))]);
}

const quick = { ks: [2, 3, 4, 5, 6], repeats: 6, seed: 1 };

for (const groups of [3, 5])
	test(`${groups} planted groups are recommended, from activations and from latents`, async () => {
		const acts = planted(groups);
		for (const source of [acts, fakeLatents(acts)]) {
			const found = await howManyClusters(source, quick);
			assert.equal(found.recommended, groups, found.reason);
			assert.match(found.reason, new RegExp(`^${groups} is the largest`));
			assert.equal(found.choices.silhouette, groups);
			const own = found.rows.find(({ k }) => k === groups);
			assert.ok((own?.stability as number) > 0.95);
			assert.deepEqual(
				found.rows.map(({ k }) => k),
				[1, 2, 3, 4, 5, 6],
			);
		}
	});

test("noise has no clusters: 1 is recommended, with the reason", async () => {
	const acts = planted(0);
	for (const source of [acts, fakeLatents(acts)]) {
		const found = await howManyClusters(source, quick);
		assert.equal(found.recommended, 1, found.reason);
		assert.match(found.reason, /^No clusters/);
	}
});

test("the same seed gives the same table", async () => {
	const few = { ks: [2, 3], repeats: 3 };
	const [a, b] = [
		await howManyClusters(planted(3), few),
		await howManyClusters(planted(3), few),
	];
	assert.deepEqual({ ...a, seconds: 0 }, { ...b, seconds: 0 });
});

test("the gap is the mean log inertia of the references less our own, its error the deviation times √(1 + 1/B)", () => {
	const { gap, gap_error } = gapOf(1, [Math.E, Math.E ** 3]);
	assert.ok(Math.abs(gap - 2) < 1e-12);
	assert.ok(Math.abs(gap_error - Math.sqrt(1.5)) < 1e-12);
});

test("fits are compared on the rows that both saw", () => {
	const a = Int32Array.of(0, 0, 1, 1, -1, 0);
	const b = Int32Array.of(1, 1, 0, 0, 0, -1);
	assert.deepEqual(agreementOfPairs([a, b]), [1]);
});

test("how surely each cluster is found again: its Jaccard index, by hand", () => {
	// Cluster 0 is found again whole; of cluster 1 (rows 2, 3, 4) the fit has 2 of 3 in one group, and row 4 by itself.
	const fit = Int32Array.of(0, 0, 1, 1, 2);
	const own = Uint32Array.of(0, 0, 1, 1, 1);
	const [first, second, third] = foundAgain(own, [fit], 3);
	assert.deepEqual([first, second], [1, 2 / 3]);
	assert.ok(Number.isNaN(third)); // it has no rows
});

test("an interrupt gives the numbers that are done; before the first it ends with the signal's reason", async () => {
	const controller = new AbortController();
	const stop = { ...quick, signal: controller.signal };
	await assert.rejects(
		howManyClusters(planted(3), { ...stop, signal: AbortSignal.abort() }),
		/aborted/,
	);
	const found = howManyClusters(planted(3), stop);
	setTimeout(() => controller.abort(), 60);
	const { rows, stopped } = await found.catch(() => ({
		rows: [],
		stopped: "interrupted",
	}));
	if (rows.length < 6) assert.equal(stopped, "interrupted");
});

test("a criterion that is known of no number chooses none", () => {
	const row = (k: number) => ({
		...{ k, inertia: 1, gap: 0, gap_error: 1, silhouette: Number.NaN },
		stability: Number.NaN,
		stability_range: [Number.NaN, Number.NaN] as [number, number],
	});
	assert.deepEqual(recommend([row(1), row(2)]).choices, { gap: 1 });
	const one = recommend([row(1)]);
	assert.deepEqual([one.recommended, one.choices], [1, { gap: 1 }]);
	assert.match(one.reason, /^Nothing but one group was tried/);
});

test("numbers of clusters that cannot be tried are refused", async () => {
	const acts = planted(3, 20);
	await assert.rejects(howManyClusters(acts, { ks: [] }), /ks is empty/);
	await assert.rejects(
		howManyClusters(acts, { ks: [1, 2] }),
		/A number in ks is 1; it must be a whole number of at least 2/,
	);
	await assert.rejects(
		howManyClusters(acts, { ks: [11] }),
		/only 20 of the sentences are distinct/,
	);
	await assert.rejects(
		howManyClusters(acts, { repeats: 1 }),
		/repeats is 1; it must be a whole number of at least 2/,
	);
	const same = fakeActivations(["a", "a", "a", "a"], () => [1, 2]);
	await assert.rejects(howManyClusters(same), /Only 1 of the sentences/);
});
