import assert from "node:assert/strict";
import { test } from "node:test";
import { cluster, kMeansSteps } from "../../src/cluster";
import type { Clustering } from "../../src/cluster/result";
import { fakeActivations, fakeLatents } from "../fake-activations";

/** A clustering whose sentences lie there. */
function at(projection: [number, number][], k = 2): Clustering {
	const text = projection.map((_, i) => `sentence ${i}`);
	const sentences = {
		kind: "sentences",
		name: "by hand",
		text,
		labels: {},
		offsets: {},
	};
	return {
		kind: "clusters",
		k,
		projection,
		sentences,
	} as unknown as Clustering;
}

const line = at([0, 1, 10, 11].map((x) => [x, 0]));

test("on a line, every step is the one worked by hand", async () => {
	// Started on 0 and 1, which a seed does that is looked for here: it is one of the six pairs.
	let seed = 0;
	const started = async () =>
		(await kMeansSteps(line, { seed })).steps[0].centres.map(([x]) => x);
	while (`${await started()}` !== "0,1") seed++;
	const { steps, points, converged, k } = await kMeansSteps(line, { seed });
	assert.equal(k, 2);
	assert.deepEqual(points[2], { sentence: 2, x: 10, y: 0, text: "sentence 2" });
	assert.deepEqual(
		steps.map((s) => s.centres.map(([x]) => x)),
		[
			[0, 1],
			[0, 22 / 3],
			[0.5, 10.5],
		],
	);
	assert.deepEqual(
		steps.map((s) => s.assignment),
		[
			[0, 1, 1, 1],
			[0, 0, 1, 1],
			[0, 0, 1, 1],
		],
	);
	assert.deepEqual(
		steps.map((s) => s.moved),
		[4, 1, 0],
	);
	const inertia = [
		0 + 0 + 81 + 100,
		0 + 1 + (8 / 3) ** 2 + (11 / 3) ** 2,
		4 * 0.25,
	];
	steps.forEach((s, i) => {
		assert.ok(Math.abs(s.inertia - inertia[i]) < 1e-9);
	});
	assert.equal(converged, true);
});

const text = Array.from(
	{ length: 90 },
	(_, i) => `${["sea", "law", "art"][i % 3]} w${i % 7}`,
);
const acts = fakeActivations(text, (w) => [
	...["sea", "law", "art"].map((own) => (own === w ? 2 : 0)),
	w.startsWith("w") ? 0.2 + 0.1 * Number(w.slice(1)) : 0,
]);

for (const source of [acts, fakeLatents(acts)])
	for (const start of ["random", "k-means++"] as const)
		test(`${source.kind}, ${start}: inertia never rises, every centre is the mean of the step before, the last step moves nothing`, async () => {
			const { steps, points, converged } = await kMeansSteps(source, {
				k: 3,
				start,
				seed: 4,
			});
			assert.equal(points.length, 90);
			assert.equal(converged, true);
			assert.equal(steps[0].moved, 90);
			assert.equal(steps.at(-1)?.moved, 0);
			for (let s = 1; s < steps.length; s++) {
				assert.ok(steps[s].inertia <= steps[s - 1].inertia + 1e-9);
				steps[s].centres.forEach(([x, y], c) => {
					const own = points.filter((_, i) => steps[s - 1].assignment[i] === c);
					const mean = (of: "x" | "y") =>
						own.reduce((sum, p) => sum + p[of], 0) / own.length;
					assert.ok(Math.hypot(x - mean("x"), y - mean("y")) < 1e-9);
				});
			}
			const places = steps[0].centres.map(([x, y]) =>
				points.some((p) => p.x === x && p.y === y),
			);
			assert.deepEqual(places, [true, true, true]);
		});

test("k-means++ starts in every one of groups that lie far apart", async () => {
	const groups = at(
		[0, 0.1, 0.2, 1000, 1000.1, 2000, 2000.1].map((x) => [x, x]),
		3,
	);
	for (let seed = 0; seed < 20; seed++) {
		const { steps } = await kMeansSteps(groups, { start: "k-means++", seed });
		assert.deepEqual(
			steps[0].centres.map(([x]) => Math.round(x / 1000)).sort(),
			[0, 1, 2],
		);
	}
});

test("of many sentences a sample is drawn, the same for the same seed", async () => {
	const options = { k: 3, sample: 20, seed: 1 };
	const a = await kMeansSteps(acts, options);
	assert.equal(a.points.length, 20);
	assert.equal(new Set(a.points.map((p) => p.sentence)).size, 20);
	for (const p of a.points) assert.equal(p.text, text[p.sentence]);
	assert.deepEqual(a, await kMeansSteps(acts, options));
	assert.notDeepEqual(a, await kMeansSteps(acts, { ...options, seed: 2 }));
});

test("a clustering gives its own plane and its own k", async () => {
	const clustering = await cluster(acts, { k: 3 });
	const { points, k } = await kMeansSteps(clustering);
	assert.equal(k, 3);
	assert.deepEqual(
		points.map((p) => [p.x, p.y]),
		clustering.projection,
	);
});

const bad: [string, () => Promise<unknown>, RegExp][] = [
	[
		"more clusters than places",
		() =>
			kMeansSteps(
				at([
					[0, 0],
					[0, 0],
					[1, 1],
				]),
				{ k: 3 },
			),
		/^k is 3, but the 3 sentences lie in 2 places only; give a smaller k or more sentences\.$/,
	],
	[
		"a k that is not whole",
		() => kMeansSteps(line, { k: 1.5 }),
		/^k is 1\.5; it must be a whole number of at least 1\.$/,
	],
	["a sample of none", () => kMeansSteps(line, { sample: 0 }), /^sample is 0;/],
	[
		"an unknown start",
		() => kMeansSteps(line, { start: "far" as "random" }),
		/^start is "far", where "random" or "k-means\+\+" was expected\.$/,
	],
	[
		"a place that is no number",
		() =>
			kMeansSteps(
				at([
					[0, 0],
					[Number.NaN, 1],
				]),
			),
		/^Point 1 of the projection is not finite \(it lies at NaN, 1\): /,
	],
	[
		"a pool for a clustering",
		() => kMeansSteps(line, { pool: "max" }),
		/^pool and before were chosen when the clustering was made;/,
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

test("a signal that has come already is thrown", async () => {
	const signal = AbortSignal.abort(new Error("enough"));
	await assert.rejects(kMeansSteps(acts, { signal }), /enough/);
});
