import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Activations } from "../../src/activations";
import { clusterTokens } from "../../src/cluster";
import { kMeans } from "../../src/cluster/kmeans";
import { random } from "../../src/random";
import { fakeActivations } from "../fake-activations";
import { dense } from "../matrices";
import { signalAtLook } from "../signals";

/** Six kinds of words, in unequal numbers, each around a place of its own. */
const draw = random(11);
const k = 6;
const places = Array.from({ length: k }, () =>
	Array.from({ length: 8 }, () => 4 * draw.normal()),
);
const kinds = ["sea", "law", "art", "war", "tea", "ice"];
const text = Array.from({ length: 600 }, () =>
	Array.from({ length: 5 }, () => kinds[draw.int(6 - draw.int(3))]).join(" "),
);
const noise = (word: string) =>
	places[kinds.indexOf(word)].map((v) => v + draw.normal());
const acts = fakeActivations(text, noise);
const rows = Array.from({ length: acts.n_tokens }, (_, i) => [
	...acts.data.subarray(8 * i, 8 * i + 8),
]);
const words = text.flatMap((line) => line.split(" "));

test("planted groups are found, and the inertia is within 5 % of Lloyd's on all rows", async () => {
	const found = await clusterTokens(acts, { k, batch_size: 128 });
	const full = await kMeans(dense(rows), { k, seed: 0 });
	assert.ok(found.inertia <= 1.05 * full.inertia);
	assert.ok(found.inertia >= full.inertia * (1 - 1e-6));
	assert.equal(found.assignment.length, 3000);
	assert.equal(
		found.sizes.reduce((sum, n) => sum + n),
		3000,
	);
	assert.deepEqual(
		found.sizes,
		found.sizes.slice().sort((a, b) => b - a),
	);
	assert.equal(found.batches, Math.ceil((3 * 3000) / 128));
	assert.equal(found.stopped, undefined);
	for (const [c, size] of found.sizes.entries())
		assert.equal(found.assignment.filter((own) => own === c).length, size);
});

const r = random(4);
const cloud = fakeActivations(text.slice(0, 400), () =>
	Array.from({ length: 6 }, () => r.normal()),
);

const cloudRows = {
	kind: "dense",
	rows: cloud.n_tokens,
	columns: 6,
	data: cloud.data,
} as const;

test("without any groups, too, it is within 5 % of Lloyd's", async () => {
	const full = await kMeans(cloudRows, { k: 10, seed: 0 });
	const found = await clusterTokens(cloud, { k: 10, batch_size: 200 });
	assert.ok(
		found.inertia <= 1.05 * full.inertia,
		`${found.inertia / full.inertia}`,
	);
});

test("every token has its nearest centre, and the inertia is the sum of the squared distances", async () => {
	const { assignment, centres, inertia } = await clusterTokens(acts, {
		k,
		batch_size: 100,
	});
	let sum = 0;
	for (const [i, row] of rows.entries()) {
		const away = Array.from({ length: k }, (_, c) =>
			row.reduce((total, v, j) => total + (v - centres[8 * c + j]) ** 2, 0),
		);
		const least = Math.min(...away);
		assert.ok(away[assignment[i]] <= least + 1e-3);
		sum += away[assignment[i]];
	}
	assert.ok(Math.abs(sum - inertia) < 1e-6 * sum);
});

test("the tokens that mark a cluster are those in it", async () => {
	const { tokens, assignment } = await clusterTokens(acts, { k });
	for (let c = 0; c < k; c++) {
		const own = new Map<string, number>();
		assignment.forEach((at, i) => {
			if (at === c) own.set(words[i], (own.get(words[i]) ?? 0) + 1);
		});
		const most = [...own].sort((a, b) => b[1] - a[1])[0][0];
		assert.equal(tokens.find((t) => t.cluster === c)?.token, most);
	}
});

test("by hand: batches of two pull their centres by 1 over the tokens they have had", async () => {
	// 0 and 8 start (k-means on the first 40 rows is on all of them, in a single batch); each epoch leaves them there.
	const line = fakeActivations(
		Array.from({ length: 20 }, () => "low high"),
		(w) => [w === "low" ? 0 : 8],
	);
	const found = await clusterTokens(line, { k: 2, batch_size: 2, epochs: 1 });
	assert.deepEqual([...found.centres].sort(), [0, 8]);
	assert.equal(found.inertia, 0);
	assert.deepEqual(found.sizes, [20, 20]);
});

/** Activations that are served in this order, in batches of two rows of one number, as if from disk. */
function served(values: number[], last: number[] = values): Activations {
	const fake = fakeActivations([last.map((_, i) => `w${i}`).join(" ")], () => [
		0,
	]);
	const { data: _, ...rest } = fake;
	return {
		...rest,
		async *shuffled() {
			for (let i = 0; i < values.length; i += 2)
				yield Float32Array.from(values.slice(i, i + 2));
		},
		async *batches() {
			for (let i = 0; i < last.length; i += 2)
				yield Float32Array.from(last.slice(i, i + 2));
		},
	};
}

test("one cluster's centre is the running mean of all that was served", async () => {
	const values = Array.from({ length: 60 }, (_, i) => (i * 37) % 23);
	const { centres } = await clusterTokens(served(values), {
		k: 1,
		batch_size: 2,
		epochs: 1,
	});
	const mean = values.reduce((sum, v) => sum + v, 0) / 60;
	assert.ok(Math.abs(centres[0] - mean) < 1e-5);
});

test("a centre that wins nothing any more is put where tokens are", async () => {
	// The first 40 rows, of which the start is made, lie around 0 and 1000; then 1000 never comes again, but 20 and 40 do.
	const first = Array.from({ length: 40 }, (_, i) => (i % 2 ? 1000 : 0));
	const then = Array.from({ length: 4200 }, (_, i) => (i % 2 ? 20 : 40));
	const found = await clusterTokens(served([...first, ...then], then), {
		...{ k: 2, batch_size: 2, epochs: 1 },
	});
	assert.deepEqual(found.sizes, [2100, 2100]);
	assert.ok([20, 40].some((place) => found.centres.includes(place)));
});

test("it never holds more than a few batches", async () => {
	setFlagsFromString("--expose-gc");
	const collect = runInNewContext("gc") as () => void;
	const held: WeakRef<Float32Array>[] = [];
	let most = 0;
	const { data, ...rest } = acts;
	async function* batchesOf(size: number) {
		for (let at = 0; at < data.length; at += 8 * size) {
			const batch = data.slice(at, at + 8 * size);
			held.push(new WeakRef(batch));
			yield batch;
			// What a WeakRef was asked for stays until the next turn.
			await new Promise(setImmediate);
			collect();
			most = Math.max(most, held.filter((ref) => ref.deref()).length);
		}
	}
	const streamed: Activations = {
		...rest,
		shuffled: ({ size }) => batchesOf(size),
		batches: (options) => batchesOf(options?.size ?? 4096),
	};
	await clusterTokens(streamed, { k, batch_size: 150, epochs: 1 });
	assert.equal(held.length, 40);
	assert.ok(most <= 5, `${most} of 40 batches were held at once`);
});

test("spherical: tokens of one direction are one cluster, however long, and centres have the length 1", async () => {
	const axes = { x: [1, 0], y: [0, 1] };
	const lengths = random(8);
	const two = fakeActivations(
		Array.from({ length: 100 }, () => "x y y"),
		(w) => axes[w as "x" | "y"].map((v) => v * 10 ** (4 * lengths.uniform())),
	);
	const found = await clusterTokens(two, {
		k: 2,
		metric: "spherical",
		batch_size: 50,
	});
	assert.equal(found.metric, "spherical");
	assert.deepEqual(found.sizes, [200, 100]);
	assert.deepEqual([...found.centres], [0, 1, 1, 0]);
	assert.ok(found.inertia < 1e-9);
	assert.deepEqual([...found.assignment.subarray(0, 3)], [1, 0, 0]);
});

test("spherical: the inertia is within 5 % of Lloyd's on rows at length 1", async () => {
	const full = await kMeans(cloudRows, {
		k: 10,
		seed: 0,
		metric: "spherical",
	});
	const found = await clusterTokens(cloud, {
		k: 10,
		batch_size: 200,
		metric: "spherical",
	});
	assert.ok(
		found.inertia <= 1.05 * full.inertia,
		`${found.inertia / full.inertia}`,
	);
	assert.ok(found.inertia >= 0.95 * full.inertia);
});

test("the same seed gives the same result, another seed another order", async () => {
	const [a, b] = [
		await clusterTokens(cloud, { k, batch_size: 64, seed: 3 }),
		await clusterTokens(cloud, { k, batch_size: 64, seed: 3 }),
	];
	assert.deepEqual({ ...a, seconds: 0 }, { ...b, seconds: 0 });
	const c = await clusterTokens(cloud, { k, batch_size: 64, seed: 4 });
	assert.notDeepEqual(a.centres, c.centres);
});

test("interrupted, the last pass is made with the centres so far", async () => {
	const { signal } = signalAtLook(30);
	const found = await clusterTokens(acts, { k, batch_size: 100, signal });
	assert.equal(found.stopped, "interrupted");
	assert.ok(found.batches < 90);
	assert.equal(
		found.sizes.reduce((sum, n) => sum + n),
		3000,
	);
	await assert.rejects(
		clusterTokens(acts, { signal: AbortSignal.abort(new Error("enough")) }),
		/enough/,
	);
});

const same = fakeActivations(["a a a", "a b b"], (w) => [w === "a" ? 1 : 2]);
const bad: [string, () => Promise<unknown>, RegExp][] = [
	[
		"more clusters than tokens",
		() => clusterTokens(same, { k: 7 }),
		/^k is 7, but there are only 6 tokens; give a smaller k or more sentences\.$/,
	],
	[
		"more clusters than tokens that differ",
		() => clusterTokens(same, { k: 3 }),
		/k is 3, but only 2 of the rows are distinct; give a smaller k/,
	],
	[
		"a k that is not whole",
		() => clusterTokens(acts, { k: 0.5 }),
		/^k is 0\.5; it must be a whole number of at least 1\.$/,
	],
	["no epochs", () => clusterTokens(acts, { epochs: 0 }), /^epochs is 0;/],
	[
		"a batch of no tokens",
		() => clusterTokens(acts, { batch_size: -1 }),
		/^batch_size is -1;/,
	],
	[
		"something else than activations",
		() => clusterTokens({ kind: "latents" } as unknown as Activations),
		/^clusterTokens groups activations, and was given something else; of latents give latents\.acts\.$/,
	],
	[
		"NaN",
		() =>
			clusterTokens(
				fakeActivations(["a b c"], (w) => [w === "b" ? Number.NaN : 1]),
				{ k: 2 },
			),
		/^Sentence 0 \("a b c"\) of the activations at "blocks.0.hook_resid_post" is not finite \(column 0 is NaN\): /,
	],
];
for (const [what, call, message] of bad)
	test(`${what}: one clear sentence`, async () => {
		await assert.rejects(
			call(),
			(error: Error) =>
				message.test(error.message) || assert.fail(error.message),
		);
	});
