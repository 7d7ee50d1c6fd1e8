import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import {
	assignSentences,
	cluster,
	loadClustering,
	saveClustering,
} from "../../src/cluster";
import {
	openSafetensors,
	readTensor,
	writeSafetensors,
} from "../../src/formats/safetensors";
import { random } from "../../src/random";
import { fakeActivations, fakeLatents } from "../fake-activations";
import { temporaryFolder } from "../tiny";

const { folder, remove } = temporaryFolder();
after(remove);

const draw = random(2);
const plan = Array.from({ length: 90 }, (_, i) => i % 3);
const say = (topic: number) =>
	`t${topic} w${draw.int(9)} | ${draw.int(2) ? "t0" : "t1"}`;
const vector = (w: string) => [
	...[0, 1, 2].map((c) => (w === `t${c}` ? 4 : 0.01)),
	Number(w.slice(1)) / 9 || 0,
];
const made = (topics: number[]) => {
	const text = topics.map(say);
	return fakeActivations(text, vector, {
		labels: { topic: topics.map((t) => `<${t}>`), "": topics.map(() => "") },
		offsets: { bar: Uint32Array.from(text, (t) => t.indexOf("|")) },
		split: text.map((_, i) => (i % 2 ? "train" : "test")),
	});
};
const acts = made(plan);
const fresh = made([2, 1, 0, 0, 1, 2, 2]);
const options = { k: 3, before: "bar" };
const file = join(folder, "clusters.safetensors");

for (const metric of ["euclidean", "spherical"] as const)
	for (const kind of ["latents", "activations"] as const)
		test(`${kind}, ${metric}: a clustering comes back as it was, and puts new sentences where it did before`, async () => {
			const of = (given: typeof acts) =>
				kind === "latents" ? fakeLatents(given) : given;
			const saved = await cluster(of(acts), { ...options, metric });
			saveClustering(saved, file);
			const loaded = loadClustering(file);
			const { projection, ...rest } = loaded;
			const { projection: before, ...all } = saved;
			assert.deepEqual(rest, all);
			for (const [i, [x, y]] of projection.entries())
				assert.ok(Math.hypot(x - before[i][0], y - before[i][1]) < 1e-5);
			const [a, b] = [
				await assignSentences(saved, of(fresh)),
				await assignSentences(loaded, of(fresh)),
			];
			assert.deepEqual(b, a);
			assert.equal(a.agreement.topic.ari, 1);
			assert.deepEqual(
				a.sizes.reduce((n, size) => n + size),
				7,
			);
		});

test("copies, groups and silent sentences come back as they were told", async () => {
	const twice = plan.slice(0, 30).map((topic, i) => `${say(topic)} n${i}`);
	const text = [...twice, ...twice, "mute"];
	const labels = { topic: text.map((_, i) => `${i % 7}`) };
	const group = text.map((_, i) => `g${i % 9}`);
	const vectors = (w: string) => vector(w).map((v) => (w[0] === "m" ? 0 : v));
	for (const [more, named] of [
		[{}, "topic"],
		[{ group }, undefined],
	] as const) {
		const plain = fakeActivations(text, vectors, { labels });
		const sentences = { ...plain.sentences, ...more };
		const source = fakeLatents({ ...plain, sentences });
		const saved = await cluster(source, {
			k: 3,
			...(named && { group: named }),
		});
		assert.deepEqual(
			[saved.copies, saved.silent, saved.unit],
			[30, 1, "text and group"],
		);
		saveClustering(saved, file);
		const { projection: _, ...loaded } = loadClustering(file);
		const { projection: __, ...all } = saved;
		assert.deepEqual(loaded, all);
	}
});

test("its own sentences go where they are, at the distances of the exemplars", async () => {
	const found = await cluster(acts, options);
	const { assignment, distance } = await assignSentences(found, acts);
	assert.deepEqual(assignment, found.assignment);
	for (const { sentence, distance: own } of found.exemplars)
		assert.ok(Math.abs(distance[sentence] - own) < 1e-3);
});

test("one cluster, which has no silhouette, comes back too", async () => {
	const saved = await cluster(acts, { k: 1 });
	saveClustering(saved, file);
	assert.ok(Number.isNaN(loadClustering(file).silhouette));
});

test("other rows than those of the clustering are refused", async () => {
	const found = await cluster(acts, options);
	await assert.rejects(
		assignSentences(found, fakeLatents(fresh)),
		/The clustering is of activations, and was given latents/,
	);
	const elsewhere = {
		...fresh,
		hook_name: "blocks.1.hook_resid_post" as const,
	};
	await assert.rejects(
		assignSentences(found, elsewhere),
		/was given blocks\.1\.hook_resid_post; extract the new sentences there/,
	);
	const wide = fakeActivations(["a | b"], () => [1, 2, 3, 4, 5]);
	await assert.rejects(
		assignSentences(found, wide),
		/has 4 columns, and the new rows have 5/,
	);
	const uncut = { ...fresh, sentences: { ...fresh.sentences, offsets: {} } };
	await assert.rejects(
		assignSentences(found, uncut),
		/no offsets column "bar"/,
	);
});

/** The saved file with its record or its tensors changed. */
async function damaged(
	change: (record: Record<string, unknown>) => void,
	tensors: Record<
		string,
		{ shape: number[]; data: Float32Array | Uint32Array }
	> = {},
): Promise<string> {
	saveClustering(await cluster(acts, options), file);
	const from = openSafetensors(file);
	const [key] = Object.keys(from.metadata);
	const record = JSON.parse(from.metadata[key]);
	change(record);
	const whole = loadClustering(file);
	const floats = Object.fromEntries(
		["centres", "offset", "factor", "projection"].map((name) => [
			name,
			{
				shape: from.tensors.get(name)?.shape as number[],
				data: readTensor(from, name),
			},
		]),
	);
	const assignment = { shape: [90], data: whole.assignment };
	const to = join(folder, "damaged.safetensors");
	writeSafetensors(
		to,
		{ ...floats, assignment, ...tensors },
		{ [key]: JSON.stringify(record) },
	);
	return to;
}

const damages: [string, Parameters<typeof damaged>, RegExp][] = [
	[
		"another kind",
		[(r) => (r.kind = "probe")],
		/kind is "probe", where "clusters"/,
	],
	[
		"a metric that there is not",
		[(r) => (r.metric = "cosine")],
		/metric is "cosine"/,
	],
	[
		"more clusters than sentences",
		[(r) => (r.k = 91)],
		/k is 91 for 90 sentences/,
	],
	[
		"more clusters than centres",
		[(r) => (r.k = 4)],
		/"centres" has the shape \[3,4\]/,
	],
	["no sentences", [(r) => delete r.sentences], /it has no sentences/],
	[
		"labels that do not fit",
		[(r) => ((r.sentences as { labels: object }).labels = { topic: ["a"] })],
		/the labels "topic" do not fit the 90 sentences/,
	],
	[
		"an exemplar that is no sentence",
		[(r) => (r.exemplars = [{ cluster: 0, sentence: 90, distance: 1 }])],
		/its exemplars are not in order/,
	],
	[
		"spans that are none",
		[(r) => (r.activating = [[]])],
		/its activating spans/,
	],
	["a seed that is text", [(r) => (r.seed = "0")], /seed is no number/],
	[
		"a sentence in no cluster",
		[
			() => {},
			{ assignment: { shape: [90], data: new Uint32Array(90).fill(3) } },
		],
		/a sentence is in a cluster that is not below 3/,
	],
	[
		"centres that are NaN",
		[
			() => {},
			{
				centres: { shape: [3, 4], data: new Float32Array(12).fill(Number.NaN) },
			},
		],
		/"centres" has numbers that are not finite/,
	],
	[
		"an assignment that is no whole numbers",
		[() => {}, { assignment: { shape: [90], data: new Float32Array(90) } }],
		/holds "assignment" as F32, where U32 was expected/,
	],
];
for (const [name, given, message] of damages)
	test(`a file with ${name} is refused with what is wrong`, async () => {
		const path = await damaged(...given);
		assert.throws(() => loadClustering(path), message);
	});

test("a file that is cut off, of another sort, or not there is refused", async () => {
	saveClustering(await cluster(acts, options), file);
	const cut = join(folder, "cut.safetensors");
	writeFileSync(cut, readFileSync(file).subarray(0, -100));
	assert.throws(() => loadClustering(cut), /truncated/);
	writeSafetensors(cut, { W: { shape: [1], data: Float32Array.of(1) } });
	assert.throws(
		() => loadClustering(cut),
		/holds no clustering that can be used/,
	);
	assert.throws(() => loadClustering(join(folder, "none")), /does not exist/);
});

test("what is saved names no folder, and token ids come back as they were", async () => {
	const token_ids = acts.sentences.text.map((_, i) => Int32Array.of(i, 7));
	const saved = await cluster(acts, options);
	const sentences = { ...acts.sentences, name: "/home/me/a.csv", token_ids };
	saveClustering({ ...saved, model_name: "/home/me/m", sentences }, file);
	assert.ok(!readFileSync(file, "latin1").includes("/home"));
	const loaded = loadClustering(file);
	assert.equal(loaded.sentences.name, "a.csv");
	assert.deepEqual(loaded.sentences.token_ids, token_ids);
});

test("sentences that another model of the same name has read are refused", async () => {
	const of = (given: typeof acts, fingerprint: string) => ({
		...given,
		model: { ...given.model, fingerprint },
	});
	saveClustering(await cluster(of(acts, "a"), options), file);
	const loaded = loadClustering(file);
	await assert.rejects(
		assignSentences(loaded, of(fresh, "b")),
		/another of that name, whose weights differ: extract them with the same model/,
	);
	const { assignment } = await assignSentences(loaded, of(fresh, "a"));
	assert.equal(assignment.length, 7);
});
