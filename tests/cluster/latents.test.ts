import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterLatents } from "../../src/cluster";
import { kMeans } from "../../src/cluster/kmeans";
import { random } from "../../src/random";
import { type Latents, randomSae } from "../../src/sae";
import { furthest } from "../matrices";
import { signalAtLook } from "../signals";
import { acts, latents, saeOf } from "./firing";

/** Three families of directions around the axes of three dimensions, of 5, 4 and 3 latents; the rest are mixed in. */
const draw = random(5);
const family = [2, 0, 1, 0, 2, 0, 1, 0, 2, 1, 0, 2].map((f) => [1, 0, 2][f]);
const families = family.map((f) =>
	[0, 1, 2].map((axis) => (axis === f ? 1 : 0.1 * draw.uniform())),
);

const sizesOf = (family: number[]) =>
	[0, 1, 2]
		.map((f) => family.filter((own) => own === f).length)
		.sort((a, b) => b - a);

for (const method of ["spherical", "agglomerative"] as const)
	test(`${method}: three orthogonal families of decoder rows are the clusters, whatever their lengths`, async () => {
		const lengths = families.map((row, i) => row.map((v) => v * (1 + i)));
		const found = await clusterLatents(saeOf(lengths), { k: 3, method });
		assert.deepEqual([...found.latents], [...families.keys()]);
		assert.deepEqual(found.sizes, sizesOf(family));
		for (const [i, own] of family.entries())
			for (const [j, other] of family.entries())
				assert.equal(
					found.assignment[i] === found.assignment[j],
					own === other,
				);
		assert.ok(found.tightness.every((t) => t > 0.98 && t <= 1));
		assert.equal(found.map.length, family.length);
		assert.equal(found.map_method, "pca");
		assert.equal(found.tokens, undefined);
		assert.equal(found.stopped, undefined);
		assert.equal(found.hook_name, "blocks.1.hook_mlp_out");
	});

test("families hold still in bootstrap samples; directions at random do not", async () => {
	const many = Array.from({ length: 60 }, (_, i) =>
		[0, 1, 2].map((axis) => (axis === i % 3 ? 1 : 0.2 * draw.uniform())),
	);
	const held = await clusterLatents(saeOf(many), { k: 3 });
	assert.equal(held.stability, 1);
	assert.deepEqual(held.found_again, [1, 1, 1]);
	const none = Array.from({ length: 60 }, () =>
		Array.from({ length: 8 }, () => draw.normal()),
	);
	const loose = await clusterLatents(saeOf(none), { k: 6 });
	assert.ok((loose.stability as number) < 0.6, `${loose.stability}`);
	assert.equal(loose.found_again?.length, 6);
	assert.ok(loose.found_again.some((v) => v < 0.6));
});

test("no stability where none is asked for, by agglomeration, for one cluster, and of too few different directions", async () => {
	const sae = saeOf(families);
	const without = [
		{ k: 3, repeats: 0 },
		{ k: 3, method: "agglomerative" as const },
		{ k: 1 },
		{ k: 7 },
	];
	for (const options of without) {
		const found = await clusterLatents(sae, options);
		assert.equal(found.stability, undefined);
		assert.equal(found.found_again, undefined);
	}
	await assert.rejects(
		clusterLatents(sae, { k: 3, repeats: 1 }),
		/repeats is 1; it must be a whole number of at least 2/,
	);
});

test("members are the nearest to the mean direction, with its cosine, and tightness is the mean of these", async () => {
	// Two rows at ± 30° of an axis, of whatever length: their mean direction is the axis. And one row alone.
	const rows = [
		[3 * Math.sqrt(3), 3, 0],
		[0, 0, 2],
		[Math.sqrt(3), -1, 0],
	];
	const found = await clusterLatents(saeOf(rows), { k: 2 });
	assert.deepEqual([...found.assignment], [0, 1, 0]);
	assert.deepEqual(found.sizes, [2, 1]);
	const cosine = Math.sqrt(3) / 2;
	assert.ok(furthest(found.tightness, [cosine, 1]) < 1e-6);
	const listed = found.members.map(({ cluster, latent }) => [cluster, latent]);
	assert.deepEqual(listed.slice(0, 2).sort(), [
		[0, 0],
		[0, 2],
	]);
	assert.deepEqual(listed[2], [1, 1]);
	const cosines = found.members.map((m) => m.cosine);
	assert.ok(furthest(cosines, [cosine, cosine, 1]) < 1e-6);
});

test("five members of a cluster are listed, nearest first", async () => {
	const { members } = await clusterLatents(saeOf(families), { k: 1 });
	assert.equal(members.length, 5);
	const cosines = members.map((m) => m.cosine);
	assert.deepEqual(
		cosines,
		cosines.slice().sort((a, b) => b - a),
	);
});

test("average linkage joins by the mean distance of all members: the textbook's four rows", async () => {
	// Angles 0, 20, 50 and 84 degrees. Joined: 0 and 20 first; then {0, 20}–50 is 0.245 on average, 50–84 is 0.171.
	const rows = [0, 20, 50, 84].map((degrees) => {
		const angle = (degrees / 180) * Math.PI;
		return [Math.cos(angle), Math.sin(angle)];
	});
	const by = async (k: number) =>
		(await clusterLatents(saeOf(rows), { k, method: "agglomerative" }))
			.assignment;
	assert.deepEqual([...(await by(3))].slice(0, 2), [0, 0]);
	const two = await by(2);
	assert.equal(two[0], two[1]);
	assert.equal(two[2], two[3]);
	assert.notEqual(two[0], two[2]);
});

test("spherical is k-means by cosine: the same groups as of the rows at length 1, numbered by size", async () => {
	const sae = randomSae({ d_in: 6, d_sae: 400, k: 4, seed: 5 });
	const x = { kind: "dense", rows: 400, columns: 6, data: sae.W_dec } as const;
	const { assignment } = await kMeans(x, {
		k: 7,
		seed: 0,
		metric: "spherical",
	});
	const found = await clusterLatents(sae, { k: 7 });
	const pairs = new Set(
		[...assignment].map((c, i) => `${c} ${found.assignment[i]}`),
	);
	assert.equal(pairs.size, 7);
});

test("average linkage is the one of its definition: on random rows the same groups as by the mean over all pairs", async () => {
	const r = random(9);
	const rows = Array.from({ length: 40 }, () => [
		r.normal(),
		r.normal(),
		r.normal(),
	]);
	const unit = rows.map((row) => row.map((v) => v / Math.hypot(...row)));
	const away = (i: number, j: number) =>
		1 - unit[i].reduce((sum, v, d) => sum + v * unit[j][d], 0);
	let groups = rows.map((_, i) => [i]);
	while (groups.length > 5) {
		let [least, a, b] = [Number.POSITIVE_INFINITY, 0, 0];
		for (let p = 0; p < groups.length; p++)
			for (let q = 0; q < p; q++) {
				const pairs = groups[p].flatMap((i) =>
					groups[q].map((j) => away(i, j)),
				);
				const mean = pairs.reduce((sum, v) => sum + v) / pairs.length;
				if (mean < least) [least, a, b] = [mean, p, q];
			}
		groups = [
			...groups.filter((_, g) => g !== a && g !== b),
			[...groups[a], ...groups[b]],
		];
	}
	const { assignment } = await clusterLatents(saeOf(rows), {
		k: 5,
		method: "agglomerative",
	});
	const found = Array.from({ length: 5 }, (_, c) =>
		[...assignment.keys()].filter((i) => assignment[i] === c).join(),
	);
	assert.deepEqual(
		found.sort(),
		groups.map((g) => g.sort((a, b) => a - b).join()).sort(),
	);
});

test("in two dimensions the plain map is the directions themselves, turned and moved", async () => {
	const r = random(6);
	const rows = Array.from({ length: 12 }, () => [r.normal(), r.normal()]);
	const unit = rows.map((row) => row.map((v) => v / Math.hypot(...row)));
	const { map } = await clusterLatents(saeOf(rows), { k: 2 });
	const apart = (places: number[][]) =>
		places.flatMap(([a, b]) =>
			places.map(([c, d]) => Math.hypot(a - c, b - d)),
		);
	assert.ok(furthest(apart(map), apart(unit)) < 1e-5);
});

test("UMAP stands rows that are all the same", async () => {
	const rows = Array.from({ length: 30 }, (_, i) => [1 + i, 0]);
	const { map } = await clusterLatents(saeOf(rows), { k: 1, map: "umap" });
	assert.ok(map.flat().every(Number.isFinite));
});

/** "a" and "b" fire together, at different strengths; "c" and "d" elsewhere, together but once; "never" nowhere. */
const many = randomSae({ d_in: 8, d_sae: 300, k: 4, seed: 2 });
for (const method of ["spherical", "agglomerative"] as const)
	for (const map of ["pca", "umap"] as const)
		test(`${method}, ${map}: the same seed gives the same result, and another sample by another seed`, async () => {
			const options = { method, map, k: 4, sample: 60, seed: 7 };
			const [a, b] = [
				await clusterLatents(many, options),
				await clusterLatents(many, options),
			];
			assert.deepEqual({ ...a, seconds: 0 }, { ...b, seconds: 0 });
			assert.equal(a.latents.length, 60);
			assert.deepEqual(a.latents, a.latents.slice().sort());
			assert.equal(new Set(a.latents).size, 60);
			assert.equal(a.map_method, map);
			assert.ok(a.map.flat().every(Number.isFinite));
			assert.equal(
				a.sizes.reduce((sum, n) => sum + n),
				60,
			);
			assert.deepEqual(
				a.sizes,
				a.sizes.slice().sort((x, y) => y - x),
			);
			const c = await clusterLatents(many, { ...options, seed: 8 });
			assert.notDeepEqual(a.latents, c.latents);
		});

test("UMAP lays latents of one direction together: each one's nearest on the map is of its own family", async () => {
	const r = random(3);
	const of = Array.from({ length: 90 }, (_, i) => i % 3);
	const rows = of.map((f) =>
		Array.from({ length: 10 }, (_, j) => Number(j === f) + 0.1 * r.normal()),
	);
	const { map } = await clusterLatents(saeOf(rows), { k: 3, map: "umap" });
	const right = map.filter(([x, y], i) => {
		const away = map.map(([a, b], j) =>
			j === i ? Number.POSITIVE_INFINITY : (a - x) ** 2 + (b - y) ** 2,
		);
		return of[away.indexOf(Math.min(...away))] === of[i];
	});
	assert.equal(right.length, 90);
});

test("sparse rows are laid out by UMAP as they are, three of them at least", async () => {
	const found = await clusterLatents(latents, {
		by: "coactivation",
		k: 2,
		map: "umap",
	});
	assert.ok(found.map.flat().every(Number.isFinite));
	await assert.rejects(
		clusterLatents(
			saeOf([
				[1, 0],
				[0, 1],
			]),
			{ k: 1, map: "umap" },
		),
		/UMAP was given 2 latents, and it needs at least 3; give map: "pca"/,
	);
});

test("a latent without a direction is left out", async () => {
	const found = await clusterLatents(
		saeOf([
			[1, 0],
			[0, 0],
			[0, 1],
		]),
		{ k: 2 },
	);
	assert.deepEqual([...found.latents], [0, 2]);
});

test("interrupted, it gives what k-means has, and the plain map", async () => {
	const { signal } = signalAtLook(4);
	const found = await clusterLatents(many, { k: 4, map: "umap", signal });
	assert.equal(found.stopped, "interrupted");
	assert.equal(found.map_method, "pca");
	assert.equal(found.latents.length, 300);
	assert.equal(
		found.sizes.reduce((sum, n) => sum + n),
		300,
	);
});

test("interrupted while UMAP lays out, it keeps the layout so far", async () => {
	const { signal, looks } = signalAtLook(Number.POSITIVE_INFINITY);
	const options = { k: 4, sample: 60, map: "umap" } as const;
	await clusterLatents(many, { ...options, signal });
	const late = signalAtLook(looks() - 20);
	const found = await clusterLatents(many, { ...options, signal: late.signal });
	assert.equal(found.stopped, "interrupted");
	assert.equal(found.map_method, "umap");
});

test("a signal that has come already is thrown", async () => {
	const signal = AbortSignal.abort(new Error("enough"));
	await assert.rejects(clusterLatents(many, { signal }), /enough/);
});

const silent: Latents = {
	...latents,
	indptr: new Float64Array(acts.n_tokens + 1),
	indices: new Uint32Array(0),
	values: new Float32Array(0),
};
const equal = saeOf([
	[1, 0],
	[2, 0],
	[0, 1],
	[0, 3],
]);
const bad: [string, () => Promise<unknown>, RegExp][] = [
	[
		"more clusters than latents that fire",
		() => clusterLatents(latents, { k: 5 }),
		/^k is 5, but there are only 4 latents to group; give a smaller k\.$/,
	],
	[
		"more clusters than are drawn",
		() => clusterLatents(many, { k: 9, sample: 8 }),
		/^k is 9, but only 8 latents are drawn; give a smaller k or a larger sample\.$/,
	],
	[
		"a k that is not whole",
		() => clusterLatents(many, { k: 2.5 }),
		/^k is 2\.5; it must be a whole number of at least 1\.$/,
	],
	[
		"a sample of none",
		() => clusterLatents(many, { sample: 0 }),
		/^sample is 0; it must be a whole number of at least 1\.$/,
	],
	[
		"too large a sample for the library",
		() => clusterLatents(many, { sample: 5000, method: "agglomerative" }),
		/takes 4000 latents at most; give a smaller sample/,
	],
	[
		"activations",
		() => clusterLatents(acts as unknown as Latents),
		/^clusterLatents groups an autoencoder's latents, and was given something else;/,
	],
	[
		"an unknown by",
		() => clusterLatents(many, { by: "encoder" as "decoder" }),
		/^by is "encoder", where "decoder" or "coactivation" was expected\.$/,
	],
	[
		"an unknown method",
		() => clusterLatents(many, { method: "ward" as "spherical" }),
		/^method is "ward", where "spherical" or "agglomerative" was expected\.$/,
	],
	[
		"an unknown map",
		() => clusterLatents(many, { map: "tsne" as "pca" }),
		/^map is "tsne", where "pca" or "umap" was expected\.$/,
	],
	[
		"co-activation without latents",
		() => clusterLatents(many, { by: "coactivation" }),
		/an autoencoder alone does not say where its latents fire; give the latents/,
	],
	[
		"latents that are all dead",
		() => clusterLatents(silent),
		/^No latent fires on any token, so there is nothing to group/,
	],
	[
		"a decoder with NaN",
		() =>
			clusterLatents(
				saeOf([
					[1, 0],
					[Number.NaN, 1],
				]),
			),
		/^The row of latent 1 in W_dec is not finite \(column \d is NaN\): /,
	],
	[
		"a decoder of zeros",
		() => clusterLatents(saeOf([[0, 0]])),
		/^Every latent's row of W_dec is zero/,
	],
	[
		"fewer directions than clusters, agglomerative",
		() => clusterLatents(equal, { k: 3, method: "agglomerative" }),
		/^k is 3, but the directions differ in 2 ways only; give a smaller k\.$/,
	],
	[
		"fewer directions than clusters, spherical",
		() => clusterLatents(equal, { k: 3 }),
		/k is 3, but only 2 of the rows are distinct; give a smaller k/,
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
